begin;
select plan(6);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
create function pg_temp.decide(variadic requests remit_v1.transfer_request[]) returns remit.decision language plpgsql as $$
declare
    admitted constant remit.admission := (requests, null, null);
    locked constant remit.locked_wallets := remit.wallets_lock(1, admitted);
begin
    return remit.transfers_decide(1, admitted, locked, remit.transfers_draft(1, admitted, locked));
end;
$$;
create function pg_temp.decided(variadic requests remit_v1.transfer_request[]) returns text language sql as $$
    select string_agg(concat_ws(' ', d.outcome, d.source_version, d.source_balance, case when d.replayed then 'replayed' end), ', ')
      from unnest((pg_temp.decide(variadic requests)).drafts) d;
$$;

select is(
    pg_temp.decided(pg_temp.request(101, 11, 12, 60), pg_temp.request(102, 11, 12, 60), pg_temp.request(103, 12, 11, 20), pg_temp.request(104, 11, 12, 60)),
    'posted 2 40, insufficient_funds, posted 2 40, posted 4 0', 'each goes by what the ones before it left');
select results_eq(
    $$ select d.balances, d.versions from pg_temp.decide(pg_temp.request(101, 11, 12, 60), pg_temp.request(103, 12, 11, 20)) d $$,
    $$ values ('{60,40}'::bigint[], '{3,2}'::bigint[]) $$, 'the balances are those after the last');
select is(
    pg_temp.decided(pg_temp.request(101, 11, 12, 60), pg_temp.request(101, 11, 12, 60), pg_temp.request(101, 11, 12, 50)),
    'posted 2 40, posted 2 40 replayed, idempotency_key_reused', 'an id that an earlier one has is taken');
select is(
    pg_temp.decided(pg_temp.request(101, 11, 12, 0), pg_temp.request(101, 11, 12, 50)),
    'invalid_field, posted 2 50', 'unless that is not stored');
update remit.wallets set transfer_max = 50, daily_max = 70 where id = pg_temp.id(11);
select is(
    pg_temp.decided(pg_temp.request(101, 11, 12, 51), pg_temp.request(102, 11, 12, 50), pg_temp.request(103, 11, 12, 21), pg_temp.request(104, 11, 12, 20)),
    'limit_exceeded, posted 2 50, limit_exceeded, posted 3 30', 'limits count what the call itself spends');
select is(pg_temp.state(11), '100 at 1', 'nothing is written');

select * from finish();
rollback;
