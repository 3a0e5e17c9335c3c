begin;
select plan(10);
\ir fixture.psql

do $$ begin perform remit_v1.user_create(1, (pg_temp.id(2), 'Grace', null, null, null)::remit_v1.user_request); end; $$;
select pg_temp.wallet(11, 100); -- Of user 1.
select pg_temp.wallet(12);
do $$ begin perform remit_v1.wallet_create(1, (pg_temp.id(21), pg_temp.id(2), 'USD', 0, 0, null, null, null)::remit_v1.wallet_request); end; $$;
create temporary table made as
    select r as transfer, pg_temp.number((r).id) as number
      from pg_temp.post(pg_temp.request(101, 11, 21, 40), pg_temp.request(102, 11, 12, 10), pg_temp.request(103, 11, 21, 1000)) r;
-- What a caller that is bound to a user sees of a transfer: versions and balances of source and
-- target.
create function pg_temp.seen(number integer, user_number integer) returns text language sql as $$
    select coalesce(s.id::text, 'nothing') || format(': %s %s %s %s', s.source_version, s.source_balance, s.target_version, s.target_balance)
      from made m, remit.transfer_seen(1, pg_temp.id(user_number), m.transfer) s where m.number = seen.number;
$$;

select is(pg_temp.seen(101, null), pg_temp.id(101) || ': 2 60 1 40', 'a caller that is bound to no user sees all');
select is(pg_temp.seen(101, 1), pg_temp.id(101) || ': 2 60  ', 'one that sees the source alone, not what the target has');
select is(pg_temp.seen(101, 2), pg_temp.id(101) || ':   1 40', 'one that sees the target alone, not what the source has');
select is(pg_temp.seen(102, 1), pg_temp.id(102) || ': 3 50 1 10', 'one that sees both, what both have');
select is(pg_temp.seen(102, 2), 'nothing:    ', 'one that sees neither, nothing');
select is(pg_temp.seen(103, 1), pg_temp.id(103) || ':    ', 'a rejection is the source''s');
select is(pg_temp.seen(103, 2), 'nothing:    ', 'and not the target''s, which it did not reach');
select is((select (remit.transfer_seen(1, pg_temp.id(1), m.transfer)).amount from made m where number = 101), 40::bigint, 'the rest stays as it is');
select is((remit.transfer_seen(1, pg_temp.id(1), null)).id, null, 'of none there is nothing to see');
select is((remit.transfer_seen(1, null, null)).id, null, 'for any caller');

select * from finish();
rollback;
