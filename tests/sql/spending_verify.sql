begin;
select plan(24);
\ir fixture.psql

select pg_temp.wallet(11, 1000);
select pg_temp.wallet(12);
select pg_temp.wallet(13);
-- Time goes on: all that was written is older then.
create function pg_temp.pass(hours integer) returns void language plpgsql as $$
begin
    alter table remit.transfers disable trigger journal_refuses_update_and_delete;
    update remit.transfers set created_at = created_at - make_interval(hours => hours);
    alter table remit.transfers enable always trigger journal_refuses_update_and_delete;
    update remit.wallets set updated_at = updated_at - make_interval(hours => hours);
    update remit.spending s set hour = s.hour - 1000000; -- So that no two meet on their way.
    update remit.spending s set hour = s.hour + 1000000 - hours;
end;
$$;
do $$
begin
    perform pg_temp.outcomes(pg_temp.request(101, 11, 12, 1), pg_temp.request(102, 11, 12, 20));
    perform pg_temp.pass(40);
    perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(11), null, 500, 'a test');
    perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(12), null, 500, 'a test');
    perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(13), null, 500, 'a test');
    perform pg_temp.outcomes(pg_temp.request(103, 11, 12, 300), pg_temp.request(104, 12, 11, 4));
    perform pg_temp.pass(9);
    perform pg_temp.outcomes(pg_temp.request(105, 11, 12, 50));
end;
$$;
select is_empty('select * from remit.spending_verify(1)', 'what was counted is what left');
select is((select array_agg(amount::bigint order by wallet_id, hour) from remit.spending), '{21,300,50,4}', 'by the hour');
select is((select array_agg(counted_from::bigint order by id) from remit.wallets where user_id is not null), '{2,3,1}',
    'from the oldest that counts, or from what leaves next');

-- What is found after a superuser's change, which is then undone. Amounts name the hours.
create function pg_temp.found_after(damage text) returns text[] language plpgsql as $$
declare
    violations text[];
begin
    begin
        execute damage;
        select array_agg(concat_ws(' ', v.rule, pg_temp.number(split_part(v.subject, ' ', 2)::uuid),
                                   v.detail ->> 'amount', 'is ' || (v.detail ->> 'expected')) order by v.rule, v.detail ->> 'hour')
          into violations from remit.spending_verify(1) v;
        raise exception using errcode = 'DAMAG';
    exception
        when sqlstate 'DAMAG' then
            return violations;
    end;
end;
$$;
create function pg_temp.expect(damage text, expected text[], description text) returns text language sql as $$
    select is(pg_temp.found_after(damage), expected, description);
$$;
select pg_temp.expect('select 1', null, 'without damage nothing is found');
select pg_temp.expect('update remit.spending set amount = amount - 1 where amount = 21',
    '{spending_is_what_left 11 20 is 21}', 'an amount that was changed');
select pg_temp.expect('delete from remit.spending where amount = 50',
    '{spending_has_the_hour_of_what_left 11,spending_is_what_left 11 300 is 350}', 'an hour that was removed');
select pg_temp.expect('delete from remit.spending where amount = 21',
    '{spending_is_what_left 11 300 is 321}', 'the oldest one');
select pg_temp.expect('delete from remit.spending where amount in (21, 300)',
    '{spending_is_what_left 11 50 is 371}', 'the oldest ones');
select pg_temp.expect('delete from remit.spending where wallet_id = pg_temp.id(11)',
    '{limited_wallet_counts_what_leaves 11}', 'all of them');
select pg_temp.expect('delete from remit.spending where wallet_id = pg_temp.id(12)',
    '{limited_wallet_counts_what_leaves 12}', 'also where a limit began before anything left');
select pg_temp.expect('delete from remit.spending where amount = 21;
                       update remit.wallets set counted_from = 4 where id = pg_temp.id(11)',
    '{limited_wallet_counts_what_leaves 11}', 'the oldest one, with where the wallet begins to count');
select pg_temp.expect('delete from remit.spending where wallet_id = pg_temp.id(11);
                       update remit.wallets set counted_from = version + 1 where id = pg_temp.id(11)',
    '{limited_wallet_counts_what_leaves 11}', 'all of them, with that');
select pg_temp.expect('update remit.wallets set counted_from = null where id = pg_temp.id(13)',
    '{limited_wallet_counts_what_leaves 13}', 'a wallet that does not say from where it counts');
select pg_temp.expect('update remit.spending set hour = hour - 30 where wallet_id = pg_temp.id(11)',
    array_fill('spending_has_the_hour_of_what_left 11'::text, '{3}'), 'hours that were moved into the past');
select pg_temp.expect('update remit.spending set hour = hour - 5 where amount = 50',
    '{spending_has_the_hour_of_what_left 11}', 'one of them alone');
select pg_temp.expect('update remit.spending set hour = hour + 1 where amount = 50',
    '{spending_has_the_hour_of_what_left 11}', 'or to come');
select pg_temp.expect('update remit.spending set hour = hour + 1, was_behind = true where amount = 50',
    '{spending_has_the_hour_of_what_left 11}', 'which it never is');
select pg_temp.expect('delete from remit.spending where amount = 50; update remit.spending set amount = 350 where amount = 300',
    '{spending_has_the_hour_of_what_left 11}', 'an hour that was added to an earlier one');
select pg_temp.expect('insert into remit.spending select 1, wallet_id, hour + 100, 0, 99 from remit.spending where amount = 50',
    '{spending_has_the_hour_of_what_left 11}', 'an hour in which nothing left');
update remit.spending set amount = 20 where amount = 21;
select is((select count(*) from remit_ops_v1.verify(1) where rule like 'spending%'), 1::bigint, 'verify finds it too');
update remit.spending set amount = 21 where amount = 20;

-- ---- What is right ------------------------------------------------------------------------------

do $$
begin
    perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(11), null, null, 'a test');
    perform pg_temp.outcomes(pg_temp.request(106, 11, 12, 6));
end;
$$;
select is_empty('select * from remit.spending_verify(1)', 'a limit that is lifted');
do $$
begin
    perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(11), null, 500, 'a test');
    perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(11), null, 501, 'a test');
    perform pg_temp.pass(1);
    perform pg_temp.outcomes(pg_temp.request(107, 11, 12, 7));
end;
$$;
select is_empty('select * from remit.spending_verify(1)', 'and set again');
do $$
begin
    for hour in 1 .. 120 loop
        perform pg_temp.pass(1);
        perform pg_temp.outcomes(pg_temp.request(200 + hour, 11, 12, 1));
    end loop;
end;
$$;
select is((select count(*) from remit.spending where wallet_id = pg_temp.id(11)), 100::bigint, 'and of more hours than are kept');
select is_empty('select * from remit.spending_verify(1)', 'the oldest of which has what left before');

select * from finish();
rollback;
