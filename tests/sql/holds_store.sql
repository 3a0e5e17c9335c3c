begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

select pg_temp.wallet(11, 100);
select is(pg_temp.told(pg_temp.hold(101, 11, 10), pg_temp.hold(102, 11, 20)), '{posted,posted}', 'two holds');
-- A draft about a hold, which it leaves with so much captured.
create function pg_temp.draft(number integer, outcome remit_v1.transfer_outcome, replayed boolean, captured bigint, version bigint, kind remit_v1.transfer_kind default 'capture', moved bigint default 5)
    returns remit.transfer_draft language sql as $$
    select (outcome, null, replayed, gen_random_uuid(), pg_temp.id(11), null, moved, 'USD', version, 1, null, null, null, '{}', null, now(), 1, 2, null,
            (pg_temp.item(1, null, null, 1, kind, pg_temp.id(number))).terms, 1, null, moved, 1, 1,
            case when kind = 'capture' then (1, h.id, h.source_id, h.target_id, h.currency, h.amount, draft.captured, true, null, null, null, '{}', h.created_version, draft.version, h.created_at, now())::remit.holds end
           )::remit.transfer_draft
      from remit.holds h where h.id = pg_temp.id(number);
$$;
create function pg_temp.store(drafts remit.transfer_draft[]) returns void language sql as $$
    select remit.holds_store(1, l, (drafts, l.balances, l.versions, l.helds, l.held_untils)::remit.decision)
      from remit.wallets_lock(1, (array[pg_temp.request(1, 11, 11, 1)], null, null, null, null, null)::remit.admission) l;
$$;
create function pg_temp.captured() returns text language sql as $$ select string_agg(captured || ' at ' || version, ', ' order by id) from remit.holds; $$;
select pg_temp.store(array[pg_temp.draft(101, 'posted', false, 3, 9), pg_temp.draft(101, 'posted', false, 7, 10)]);
select is(pg_temp.captured(), '7 at 10, 0 at 3', 'a hold is what its last draft left');
select pg_temp.store(array[pg_temp.draft(102, 'insufficient_funds', false, 3, 9), pg_temp.draft(102, 'posted', true, 7, 10), pg_temp.draft(102, 'group_refused', false, 7, 10)]);
select is(pg_temp.captured(), '7 at 10, 0 at 3', 'not what was refused or replayed');
select pg_temp.store('{}'::remit.transfer_draft[]);
select is(pg_temp.captured(), '7 at 10, 0 at 3', 'nor what nobody has posted');
select pg_temp.store(array[pg_temp.draft(101, 'posted', false, 0, 0, 'reversal', 4), pg_temp.draft(101, 'posted', false, 0, 0, 'reversal', 5), pg_temp.draft(101, 'reversal_exceeded', false, 0, 0, 'reversal', 9)]);
select results_eq('select pg_temp.number(transfer_id), amount::bigint, cardinality(reversal_ids) from remit.reversed_transfers', 'values (101, 9::bigint, 2)', 'reversals are summed by what they reverse');
select pg_temp.store(array[pg_temp.draft(101, 'posted', false, 0, 0, 'reversal', 1)]);
select results_eq('select pg_temp.number(transfer_id), amount::bigint, cardinality(reversal_ids) from remit.reversed_transfers', 'values (101, 10::bigint, 3)', 'also with those before');

select * from finish();
rollback;
