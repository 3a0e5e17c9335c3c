begin;
select plan(4);
\ir fixture.psql

select pg_temp.wallet(number) from generate_series(11, 30) number \g /dev/null
create function pg_temp.found(slice integer) returns bigint language sql as $$
    select count(*) from remit.states_slice_verify(1, 'wallet.created', slice, 3);
$$;
select is(pg_temp.found(0) + pg_temp.found(1) + pg_temp.found(2), 0::bigint, 'what is right');
update remit.wallets set floor = -5;
select is(pg_temp.found(0) + pg_temp.found(1) + pg_temp.found(2), 20::bigint, 'each wallet is in one slice');
select ok(pg_temp.found(0) < 20, 'and not all in one');
select is_empty($$ select * from remit.states_slice_verify(1, 'wallet.limits_set', 0, 1) $$, 'another state is as it was');

select * from finish();
rollback;
