begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

select pg_temp.wallet(11, 100);
select is(pg_temp.told(pg_temp.hold(101, 11, 10), pg_temp.hold(102, 11, 20, expires_in => 600), pg_temp.hold(103, 11, 30, expires_in => 900)), '{posted,posted,posted}', 'three holds');
create function pg_temp.told_now() returns text language sql as $$
    select format('%s %s %s %s', t.held, t.version, (select pg_temp.number(h.id) from remit.holds h where h.expires_at = t.held_until), t.balance)
      from remit.wallets w, remit.wallet_told(w) t where w.id = pg_temp.id(11);
$$;
select is(pg_temp.told_now(), '60 4 102 100', 'a wallet as its row is');
select pg_temp.end_hold(102);
select is(pg_temp.told_now(), '40 4 103 100', 'without what has expired, at the same version');
select pg_temp.end_hold(103);
select is(pg_temp.told_now(), '10 4  100', 'until none ends any more');
select is(remit.wallet_told(null), null, 'none is none');
select results_eq($$ select to_jsonb(t) from remit.wallets w, remit.wallet_told(w) t where w.id = pg_temp.id(11) $$,
                  $$ select to_jsonb(g) from remit_v1.wallet_get(1, pg_temp.id(11)) g $$, 'it is what wallet_get tells');

select * from finish();
rollback;
