begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select is(pg_temp.told(pg_temp.pay(101, 11, 12, 50), pg_temp.reverse(102, 101, 20), pg_temp.reverse(103, 101, 5)),
          '{posted,posted,posted}', 'a transfer and two reversals');
select results_eq(
    $$ select pg_temp.number(r.id), r.outcome::text, r.field, r.replayed, r.amount, r.source_balance, r.reversed, r.reversal_ids
         from remit.transfers t cross join lateral remit.transfer_told(t) r where t.id in (pg_temp.id(101), pg_temp.id(102)) order by 1 $$,
    $$ values (101, 'posted', null, false, 50::bigint, 50::bigint, 25::bigint, array[pg_temp.id(102), pg_temp.id(103)]),
              (102, 'posted', null, false, 20, 30, 0, '{}') $$,
    'a row is told with what was reversed of it');
select results_eq(
    $$ select to_jsonb(r) - array['field', 'replayed', 'reversed', 'reversal_ids'] || '{"ledger_id": 1}' from remit.transfers t cross join lateral remit.transfer_told(t) r $$,
    $$ select to_jsonb(t) from remit.transfers t $$,
    'and otherwise as it is');

select * from finish();
rollback;
