begin;
select plan(7);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select remit_v1.hold_create(1, pg_temp.id(21), pg_temp.id(11), 10);
select remit_v1.hold_create(1, pg_temp.id(22), pg_temp.id(11), 20, expires_in => 3600);
select remit_v1.hold_create(1, pg_temp.id(23), pg_temp.id(11), 30, expires_in => 60);
select remit_v1.hold_create(1, pg_temp.id(24), pg_temp.id(11), 5);
select remit_v1.hold_release(1, pg_temp.id(31), pg_temp.id(24));

-- What is held, and the numbers of the holds in their order.
create function pg_temp.told() returns text language sql as $$
    select (r.wallet).held || ': ' || (
               select string_agg(pg_temp.number(h.id)::text, ' ' order by h.place)
                 from unnest(r.holds) with ordinality
                      as h (id, status, source_id, target_id, currency, amount, captured, remaining, expires_at,
                            reference, metadata, created_version, version, created_at, updated_at, place))
      from remit_v1.wallet_holds_get(1, pg_temp.id(11)) r;
$$;

select is(pg_temp.told(), '60: 23 22 21', 'the wallet and its open holds, newest first');
select is(
    (select (r.wallet)::text from remit_v1.wallet_holds_get(1, pg_temp.id(11)) r),
    (select w::text from remit_v1.wallet_get(1, pg_temp.id(11)) w),
    'the wallet is what wallet_get gives');
select is((select r.holds from remit_v1.wallet_holds_get(1, pg_temp.id(12)) r), '{}', 'none is none');

-- What has expired is gone from both before that is written.
update remit.holds set expires_at = clock_timestamp() where id = pg_temp.id(23);
update remit.wallets set held_until = clock_timestamp() where id = pg_temp.id(11);
select is(pg_temp.told(), '30: 22 21', 'a hold that has expired is neither told nor held');
update remit.holds set expires_at = clock_timestamp() where id = pg_temp.id(22);
select is(pg_temp.told(), '10: 21', 'and what never expires stays, also where nothing else does');

select is(pg_temp.refusal($$ select remit_v1.wallet_holds_get(1, pg_temp.id(13)) $$), 'WL002 wallet_id', 'an unknown wallet is refused');
select is(pg_temp.refusal($$ select remit_v1.wallet_holds_get(1, pg_temp.id(11), '\x00') $$), 'WL016', 'and a key that is none');

select * from finish();
rollback;
