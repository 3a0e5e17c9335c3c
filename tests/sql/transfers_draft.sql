begin;
select plan(6);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select pg_temp.wallet(13, currency => 'EUR');
select pg_temp.wallet(14, 100);
do $$ begin perform remit_ops_v1.wallet_freeze(1, pg_temp.id(14), 'a test'); end; $$;
create function pg_temp.draft(may_spends boolean[], reachables boolean[], variadic requests remit_v1.transfer_request[])
    returns setof remit.transfer_draft language plpgsql as $$
declare
    admitted constant remit.admission := (requests, may_spends, reachables);
begin
    return query select d.* from unnest(remit.transfers_draft(1, admitted, remit.wallets_lock(1, admitted))) d;
end;
$$;
create function pg_temp.drafted(may_spends boolean[], reachables boolean[], variadic requests remit_v1.transfer_request[])
    returns text[] language sql as $$
    select array_agg(concat_ws(' ', coalesce(d.outcome::text, 'open'), d.field)) from pg_temp.draft(may_spends, reachables, variadic requests) d;
$$;

select is(
    pg_temp.drafted(null, null,
        pg_temp.request(101, 11, 12, 40), pg_temp.request(102, 11, 12, 1000), pg_temp.request(103, 11, 11, 1),
        pg_temp.request(104, 11, 99, 1), pg_temp.request(105, 99, 11, 1), pg_temp.request(106, 11, 12, 0),
        pg_temp.request(107, 11, 13, 1), pg_temp.request(108, 11, 12, 1, 'EUR'), pg_temp.request(109, 14, 12, 1)),
    '{open,open,"same_wallet target_id","wallet_not_found target_id","wallet_not_found source_id","invalid_field amount",'
    'currency_mismatch,currency_mismatch,wallet_frozen}', 'what follows from no balance is decided, the rest is left open');
select is(
    pg_temp.drafted('{t,f,null}', '{f,f,f}', pg_temp.request(101, 11, 12, 1), pg_temp.request(102, 11, 12, 1), pg_temp.request(103, 11, 12, 1)),
    '{"wallet_not_found source_id",forbidden,unauthenticated}', 'so is what the caller may not');
select results_eq(
    $$ select pg_temp.number(id), source, target, currency, metadata, replayed, (stored).id from pg_temp.draft(null, null,
           pg_temp.request(101, 12, 11, 1), pg_temp.request(102, 11, 13, 1, 'EUR')) $$,
    $$ values (101, 2, 1, 'USD', '{}'::jsonb, false, null::uuid), (102, 1, 3, 'EUR', '{}', false, null) $$,
    'a draft knows the places of its wallets, and what was omitted');
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 40)), '{posted}', 'a transfer is posted');
select results_eq(
    $$ select outcome, ((stored).amount)::bigint from pg_temp.draft(null, null, pg_temp.request(101, 11, 12, 41)) $$,
    $$ values (null::remit_v1.transfer_outcome, 40::bigint) $$, 'a draft has what the journal has for its id');
select results_eq(
    $$ select outcome::text, (stored).id from pg_temp.draft('{f}', '{f}', pg_temp.request(101, 11, 12, 41)) $$,
    $$ values ('forbidden', null::uuid) $$, 'unless its caller may not spend');

select * from finish();
rollback;
