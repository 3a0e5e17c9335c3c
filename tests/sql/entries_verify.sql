begin;
select plan(5);
\ir fixture.psql

select pg_temp.wallet(11, 100000);
select pg_temp.wallet(12);
select pg_temp.wallet(13);
create function pg_temp.post(first integer, last integer) returns bigint language sql as $$
    select count(*) from remit_v1.transfers_post(1, array(
        select pg_temp.request(n, 11, 12, 1, metadata => jsonb_build_object('k', repeat('x', 500))) from generate_series(first, last) n));
$$;
select sum(pg_temp.post(1000 * n, 1000 * n + 999)) from generate_series(1, 5) n \g /dev/null
select is_empty('select * from remit.entries_verify(1)', 'right books have no violation');

-- Neither memory nor a disk is there to sort in.
set local work_mem = '64kB';
set local temp_file_limit = 0;
select is_empty('select * from remit.entries_verify(1)', 'and need no temporary file to be found right');
select is_empty('select * from remit_ops_v1.verify()', 'nor do all rules together');
update remit.wallets set version = 1 where id = pg_temp.id(13);
select results_eq('select rule, subject, detail from remit.entries_verify(1)',
    $$ select 'wallet_matches_its_last_entry', 'wallet ' || pg_temp.id(13),
              '{"balance": 0, "held": 0, "version": 1, "expected_balance": 0, "expected_held": 0, "expected_version": 0}'::jsonb $$, 'a wallet without entries is looked at');
alter table remit.transfers disable trigger all;
update remit.transfers set currency = 'EUR' where id = pg_temp.id(1000);
select results_eq($$ select rule, pg_temp.number(split_part(subject, ' ', 2)::uuid) from remit.entries_verify(1) where rule like 'entry%' order by 2 $$,
    $$ values ('entry_belongs_to_a_wallet_of_its_currency', 11), ('entry_belongs_to_a_wallet_of_its_currency', 12) $$, 'each entry with its wallet');

select * from finish();
rollback;
