begin;
select plan(9);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select pg_temp.append() \g /dev/null
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 40, null, 'rent', '{"a": "b"}', 'request-1'), pg_temp.request(102, 11, 12, 1000)),
    '{posted,insufficient_funds}', 'two transfers');
select pg_temp.append() \g /dev/null
select lives_ok($$ select remit_ops_v1.wallet_freeze(1, pg_temp.id(12), 'a test') $$, 'a freeze');
select pg_temp.append() \g /dev/null
create temporary table all_events as select e.* from remit.log_slice(1, 0, 1000) e;
select results_eq('select position from all_events', $$ select n from generate_series(1, remit.log_position(1)) n $$, 'all events, in order');
select results_eq(
    'select type, pg_temp.number(subject_id), request_id, traceparent, data::jsonb from all_events where subject_id in (pg_temp.id(12), pg_temp.id(101), pg_temp.id(102)) offset 1',
    $$ values ('transfer.posted', 101, 'request-1', null::text, null::jsonb), ('transfer.rejected', 102, null, null, null),
              ('wallet.frozen', 12, null, null, jsonb_build_object('wallet_id', pg_temp.id(12), 'status', 'frozen', 'status_version', 1)) $$, 'with data where the journal does not tell');
select results_eq(
    'select to_jsonb(e.transfer) from all_events e where (e.transfer).id in (pg_temp.id(101), pg_temp.id(102))',
    $$ select to_jsonb(r) || '{"replayed": false, "reversed": null, "reversal_ids": null}'
         from unnest(array[101, 102]) n, remit_v1.transfer_get(1, pg_temp.id(n)) r $$, 'and with the transfer where it does');
select is_empty('select e.id from all_events e where (e.transfer).created_at <> e.created_at', 'at its moment');
select is_empty(
    $$ select after, until from generate_series(0, 12) after, generate_series(0, 12) until
        where array(select e.position from remit.log_slice(1, after, until) e)
              is distinct from array(select e.position from all_events e where e.position > after and e.position <= until) $$,
    'any window of them, wherever blocks end');
select is_empty('select * from remit.log_slice(900, 0, 1000)', 'another ledger has others');
alter table remit.log_details disable trigger all;
delete from remit.log_details;
select is((select count(*) from remit.log_slice(1, 0, 1000) e where e.data is not null), 0::bigint, 'what was pruned is null');

select * from finish();
rollback;
