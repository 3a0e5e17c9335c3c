begin;
select plan(2);
\ir fixture.psql

select pg_temp.wallet(11);
do $$ begin perform remit_ops_v1.wallet_freeze(1, pg_temp.id(11), 'a test'); end; $$;
select is((select remit.state_of_status(w) from remit.wallets w), jsonb_build_object('wallet_id', pg_temp.id(11), 'status', 'frozen', 'status_version', 1), 'a status and its version');
select is((select w.data::jsonb from pg_temp.waiting w where w.type = 'wallet.frozen'), (select remit.state_of_status(w) from remit.wallets w), 'the event tells it');

select * from finish();
rollback;
