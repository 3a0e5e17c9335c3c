begin;
select plan(3);
\ir fixture.psql

select pg_temp.wallet(11);
select results_eq(
    $$ select s.state::text, s.is_initial from remit.states_found(1) s order by s.state $$,
    $$ values ('user.created', false), ('wallet.created', false), ('wallet.frozen', true), ('wallet.limits_set', true), ('ledger.created', true), ('operator.acted', false) $$,
    'each row''s states; what is initial needs no event');
select is((select digest from remit.states_found(1) where state = 'wallet.created'), (select remit.event_digest(remit.state_of_wallet(w)) from remit.wallets w), 'as digests of what the events tell');
select is_empty('select * from remit.states_found(900)', 'none of a ledger that is not there');

select * from finish();
rollback;
