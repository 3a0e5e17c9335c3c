begin;
select plan(4);
\ir fixture.psql

select pg_temp.wallet(11);
update remit.wallets set updated_at = now() + interval '1 day';
do $$ begin perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(11), 5, null, 'a test'); end; $$;
select is((select remit.state_of_limits(w) from remit.wallets w), jsonb_build_object('wallet_id', pg_temp.id(11), 'transfer_max', 5, 'daily_max', null), 'both limits');
select is((select w.data::jsonb from pg_temp.waiting w where w.type = 'wallet.limits_set'), (select remit.state_of_limits(w) from remit.wallets w), 'the event tells them');
select is((select w.created_at from pg_temp.waiting w where w.type = 'wallet.limits_set'), now() + interval '1 day', 'not before the wallet''s last change');
do $$ begin perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(11), null, 7, 'a test'); end; $$;
select is((select (array_agg(w.data ->> 'daily_max' order by w.number desc))[1] from pg_temp.waiting w where w.type = 'wallet.limits_set'), '7', 'each setting has its event');

select * from finish();
rollback;
