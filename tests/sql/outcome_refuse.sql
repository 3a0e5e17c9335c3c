begin;
select plan(22);
\ir fixture.psql

select is(pg_temp.refusal(format('select remit.outcome_refuse(%L, %L)', outcome, 'target_id')), code || ' target_id',
          outcome || ' is ' || code)
  from (values ('invalid_field', 'WL001'), ('wallet_not_found', 'WL002'), ('idempotency_key_reused', 'WL005'),
               ('same_wallet', 'WL006'), ('wallet_busy', 'WL007'), ('balance_limit_exceeded', 'WL010'),
               ('insufficient_funds', 'WL012'), ('wallet_frozen', 'WL013'), ('currency_mismatch', 'WL014'),
               ('limit_exceeded', 'WL015'), ('unauthenticated', 'WL016'), ('forbidden', 'WL017'),
               ('transfer_not_found', 'WL004'), ('hold_not_found', 'WL019'), ('hold_closed', 'WL020'), ('hold_exceeded', 'WL021'),
               ('not_reversible', 'WL022'), ('reversal_exceeded', 'WL023'), ('condition_failed', 'WL024'), ('group_refused', 'WL025'))
       as o (outcome, code);
select is(pg_temp.refusal($$ select remit.outcome_refuse('idempotency_key_reused', null) $$), 'WL005 id',
          'without a field it is the id');
select set_eq(
    $$ select unnest(enum_range(null::remit_v1.transfer_outcome))::text $$,
    array['posted', 'insufficient_funds', 'wallet_frozen', 'currency_mismatch', 'limit_exceeded', 'balance_limit_exceeded',
          'hold_closed', 'hold_exceeded', 'not_reversible', 'reversal_exceeded', 'condition_failed', 'group_refused',
          'wallet_not_found', 'hold_not_found', 'transfer_not_found', 'same_wallet', 'invalid_field', 'idempotency_key_reused', 'wallet_busy', 'unauthenticated', 'forbidden'],
    'these are all outcomes: each but posted has its code above');

select * from finish();
rollback;
