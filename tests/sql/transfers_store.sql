begin;
select plan(8);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
create temporary table before as select pg_temp.journal_count() as journal, pg_temp.event_count() as events, max(id) as id from remit.outbox;
create function pg_temp.store(variadic requests remit_v1.transfer_request[])
    returns setof remit.transfer_draft language plpgsql as $$
declare
    admitted constant remit.admission := (requests, null, null);
    locked constant remit.locked_wallets := remit.wallets_lock(1, admitted);
    decided constant remit.decision :=
        remit.transfers_decide(1, admitted, locked, remit.transfers_draft(1, admitted, locked));
begin
    perform remit.transfers_store(1, locked, decided);
    return query select d.* from unnest(decided.drafts) d;
end;
$$;

create temporary table drafts as
    select * from pg_temp.store(pg_temp.request(101, 11, 12, 60), pg_temp.request(102, 11, 12, 60, reference => 'by hand'),
        pg_temp.request(101, 11, 12, 60), pg_temp.request(103, 11, 12, 0)) with ordinality;
select is((select array_agg(outcome::text order by ordinality) from drafts), '{posted,insufficient_funds,posted,invalid_field}',
          'what was decided');
select is(array[pg_temp.state(11), pg_temp.state(12)], '{40 at 2,60 at 1}', 'the wallets are written');
select results_eq(
    $$ select pg_temp.number(t.id), t.outcome::text from remit.transfers t, drafts d where t.created_at = d.created_at and d.ordinality = 1 order by 1 $$,
    $$ values (101, 'posted'), (102, 'insufficient_funds') $$, 'the journal has what is stored, once');
select results_eq(
    $$ select o.types::text[], array(select pg_temp.number(i) from unnest(o.subject_ids) i), o.created_at = d.created_at
         from remit.outbox o, before b, drafts d where o.id > b.id and o.data is null and d.ordinality = 1 $$,
    $$ values ('{transfer.posted,transfer.rejected}'::text[], '{101,102}'::integer[], true) $$,
    'one row tells of all of it, in order');
select results_eq(
    $$ select subject_ids, reason from remit.audit where action = 'transfers_post' order by id desc limit 1 $$,
    $$ values (array[pg_temp.id(101), pg_temp.id(102)], 'a test') $$, 'the audit log has what a person did');
create temporary table after as select last_value from remit.outbox_id_seq;
select is((select count(*) from pg_temp.store(pg_temp.request(101, 11, 12, 60), pg_temp.request(104, 11, 12, 0))), 2::bigint,
          'a replay and what is not stored');
select is((select s.last_value from remit.outbox_id_seq s), a.last_value, 'take no number') from after a;
select results_eq(
    $$ select pg_temp.journal_count() - journal, pg_temp.event_count() - events from before $$, 'values (2::bigint, 2::bigint)',
    'and add nothing');

select * from finish();
rollback;
