begin;
select plan(7);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 40), pg_temp.request(102, 11, 12, 1, 'EUR')), '{posted,currency_mismatch}',
          'the journal has a transfer and a rejection');

-- A draft of request 101, 11 to 12, and what the journal or a twin has.
create function pg_temp.draft(amount bigint, stored_number integer, outcome remit_v1.transfer_outcome default null)
    returns remit.transfer_draft language sql as $$
    select (draft.outcome, 'amount', false, pg_temp.id(101), pg_temp.id(11), pg_temp.id(12), amount, 'USD', null, null, null, null,
            null, '{}', 'request-2', now() + interval '1 day', 1, 2,
            (select t from remit.transfers t where t.id = pg_temp.id(stored_number)),
            null, null, null, amount, amount, amount, null)::remit.transfer_draft;
$$;
create function pg_temp.told(replay remit.transfer_draft) returns text language sql as $$
    select concat_ws(' ', (replay).outcome, (replay).field, (replay).currency, (replay).source_balance, case when (replay).replayed then 'replayed' end);
$$;

select is(pg_temp.told(remit.transfer_replay(1, pg_temp.draft(40, 101), 'USD', null)), 'posted USD 60 replayed',
          'the same content is answered as it was');
select is(pg_temp.told(remit.transfer_replay(1, pg_temp.draft(41, 101), null, null)), 'idempotency_key_reused', 'other content is refused');
select is(pg_temp.told(remit.transfer_replay(1, pg_temp.draft(40, 101), 'EUR', null)), 'idempotency_key_reused EUR', 'so is another currency');
select is(pg_temp.told(remit.transfer_replay(1, pg_temp.draft(1, 102), null, null)), 'idempotency_key_reused',
          'an omitted currency is the source''s, not that of a mismatch');
select is(pg_temp.told(remit.transfer_replay(1, pg_temp.draft(40, null), null, pg_temp.draft(40, null, 'insufficient_funds'))),
          'insufficient_funds USD replayed', 'a twin of the same call is answered like one of the journal');
select is(pg_temp.told(remit.transfer_replay(1, pg_temp.draft(40, null, 'forbidden'), null, pg_temp.draft(40, null, 'posted'))),
          'forbidden amount USD', 'but not to a caller that may not spend');

select * from finish();
rollback;
