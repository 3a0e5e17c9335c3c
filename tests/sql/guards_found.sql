begin;
select plan(5);

create function pg_temp.found(name text) returns bigint language sql as $$
    select count(*) from remit.guards_found() g where g.owner || ' ' || g.guard = name;
$$;
select is(pg_temp.found(name), 1::bigint, name)
  from unnest(array['wallets balance_not_below_floor', 'exact_amount amount_is_positive_and_exact_in_json',
                    'transfers one_source_entry_per_version', 'transfers amount exact_amount']) name;
create table remit.new (a integer);
alter table remit.new add constraint a_is_one check (a = 1) not valid;
select is(pg_temp.found('new a_is_one'), 0::bigint, 'what is not valid is not there');

select * from finish();
rollback;
