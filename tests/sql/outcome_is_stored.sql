begin;
select plan(3);
\ir fixture.psql

select set_eq(
    $$ select o::text from unnest(enum_range(null::remit_v1.transfer_outcome)) o where remit.outcome_is_stored(o) $$,
    array['posted', 'insufficient_funds', 'wallet_frozen', 'currency_mismatch', 'limit_exceeded', 'balance_limit_exceeded',
          'hold_closed', 'hold_exceeded', 'not_reversible', 'reversal_exceeded', 'condition_failed', 'group_refused'],
    'these outcomes are stored');
select is(remit.outcome_is_stored(null), null, 'none is neither');

-- A row of the journal with an outcome.
select pg_temp.wallet(11, 100);
create function pg_temp.store(outcome remit_v1.transfer_outcome) returns text language sql as $$
    select pg_temp.refusal(format(
        'insert into remit.transfers select ledger_id, gen_random_uuid(), %L, source_id, target_id, amount, currency, %s,
                reference, metadata, request_id, created_at from remit.transfers limit 1', outcome,
        case outcome when 'posted' then '7, 1, 7, 1' else 'null, null, null, null' end));
$$;
select set_eq(
    $$ select o from unnest(enum_range(null::remit_v1.transfer_outcome)) o where pg_temp.store(o) = 'accepted' $$,
    $$ select o from unnest(enum_range(null::remit_v1.transfer_outcome)) o where remit.outcome_is_stored(o) $$,
    'the journal takes these and no others');

select * from finish();
rollback;
