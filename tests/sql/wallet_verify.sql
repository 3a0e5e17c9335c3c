begin;
select plan(6);
\ir fixture.psql

select pg_temp.wallet(11, 500);
create function pg_temp.found(wallet remit.wallets, entry_count bigint, entry_sum numeric, held_sum numeric default 0) returns text[] language sql as $$
    select array_agg(v.rule || ' ' || pg_temp.number(split_part(v.subject, ' ', 2)::uuid) order by v.rule)
      from remit.wallet_verify(wallet, entry_count, entry_sum, held_sum) v;
$$;
select is(pg_temp.found(w, 1, 500), null, 'a wallet that is its entries is right') from remit.wallets w where id = pg_temp.id(11);
select is(pg_temp.found(w, 2, 500), '{wallet_matches_its_last_entry 11}', 'one with an entry too many is not') from remit.wallets w where id = pg_temp.id(11);
select is(pg_temp.found(w, 1, 501), '{wallet_matches_its_last_entry 11}', 'nor one with another sum') from remit.wallets w where id = pg_temp.id(11);
select is(pg_temp.found(jsonb_populate_record(w, '{"held": 501}'), 1, 500, 501), '{balance_not_below_floor 11}', 'nor one below its floor of now')
  from remit.wallets w where id = pg_temp.id(11);
select is(pg_temp.found(w, 1, 500, 1), '{wallet_matches_its_last_entry 11}', 'nor one that holds another sum')
  from remit.wallets w where id = pg_temp.id(11);
select is(pg_temp.found(null, 1, 500), null, 'no wallet has no violation');

select * from finish();
rollback;
