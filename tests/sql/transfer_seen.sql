begin;
select plan(19);
\ir fixture.psql
\ir terms.psql

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
select is((select s.effect is distinct from null or s.terms is distinct from null from made m, remit.transfer_seen(1, pg_temp.id(n), m.transfer) s where m.number = 101), false, 'of a transfer there are no terms and no effect to see by ' || n)
  from unnest(array[1, 2]) n;

-- ---- Terms --------------------------------------------------------------------------------------

select is((remit_v1.hold_create(1, pg_temp.id(201), pg_temp.id(11), 30, pg_temp.id(21))).outcome, 'posted', 'a hold');
insert into made select r, pg_temp.number((r).id) from pg_temp.post_items(array[
    pg_temp.item(202, null, null, 10, 'capture', pg_temp.id(201), false, source_version => 4, source_balance_min => 1, target_balance_max => 900)]) r;
create function pg_temp.told(number integer, user_number integer) returns text language sql as $$
    select format('%s %s %s, %s %s, %s', (s.terms).kind, (s.terms).source_version, (s.terms).source_balance_min, (s.effect).source_held, (s.effect).target_held, (s.effect).hold_remaining)
      from made m, remit.transfer_seen(1, pg_temp.id(user_number), m.transfer) s where m.number = told.number;
$$;
do $$ begin perform remit_v1.hold_create(1, pg_temp.id(203), pg_temp.id(21), 7); end; $$;
insert into made select r, pg_temp.number((r).id) from pg_temp.post_items(array[pg_temp.capture(204, 201, amount => 5, is_final => false)]) r;
select is(pg_temp.told(202, 1), 'capture 4 1, 20 , 20', 'what the source''s user sees of a capture');
select is(pg_temp.told(202, 2), 'capture  ,  , ', 'and the target''s: not what the source had, nor what is held of it');
select is(pg_temp.told(204, 1), 'capture  , 15 , 15', 'not what the target holds');
select is(pg_temp.told(204, 2), 'capture  ,  7, ', 'which is its own');
insert into made select r, pg_temp.number((r).id) from pg_temp.post_items(array[pg_temp.pay(205, 11, 21, 500, at_most => true)]) r;
select is((select (remit.transfer_seen(1, pg_temp.id(1), m.transfer)).amount_asked from made m where number = 205), 500::bigint, 'what the source''s user asked for, at most');
select is((select concat(s.amount_asked, s.terms) from made m, remit.transfer_seen(1, pg_temp.id(2), m.transfer) s where m.number = 205), '',
          'is not the target''s to know: that less came tells what the source had');

select * from finish();
rollback;
