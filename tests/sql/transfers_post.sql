begin;
select plan(91);
\ir fixture.psql

-- 11 and 12 hold money, 13 and 14 may go below zero, 15 must keep 400, 16 is in another currency.
select pg_temp.wallet(11, 1000);
select pg_temp.wallet(12);
select pg_temp.wallet(13, floor => null);
select pg_temp.wallet(14, floor => -500);
select pg_temp.wallet(15, 1000, floor => 400);
select pg_temp.wallet(16, 1000, currency => 'EUR');

-- ---- The number of requests ---------------------------------------------------------------------

select is(pg_temp.refusal('select remit_v1.transfers_post(1, null)'), 'WL001 requests', 'null is no batch');
select is(pg_temp.refusal('select remit_v1.transfers_post(1, ''{}'')'), 'WL001 requests', 'an empty batch is refused');
select is(
    pg_temp.refusal('select remit_v1.transfers_post(1, array_fill(pg_temp.request(1, 11, 12, 1), array[1001]))'),
    'WL001 requests', '1001 requests are refused');
select is(
    pg_temp.refusal('select remit_v1.transfers_post(1, array_fill(pg_temp.request(1, 11, 12, 1), array[1], array[0]))'),
    'WL001 requests', 'and an array that begins elsewhere than at 1');
select is(
    pg_temp.refusal(format('select remit_v1.transfers_post(1, array[pg_temp.request(1, 11, 12, 1)], %s)', keys)),
    'WL001 key_sha256s', 'as are keys of another shape: ' || keys)
  from unnest(array['array[[null]]::bytea[]', 'array_fill(null::bytea, array[1], array[0])', '''{}''']) keys;
select is(pg_temp.journal_count(), 3::bigint, 'a refused batch stores nothing');
select results_eq(
    $$ select pg_temp.number(r.id), r.outcome::text, r.source_version, r.source_balance, r.target_version, r.target_balance
         from remit_v1.transfers_post(1, (select array_agg(pg_temp.request(10000 + n, 13, 14, 2) order by n)
                                            from generate_series(1, 1000) n)) r $$,
    $$ select 10000 + n, 'posted', n::bigint, -2::bigint * n, n::bigint, 2::bigint * n from generate_series(1, 1000) n $$,
    '1000 requests give 1000 results in order, each on top of the one before');

-- ---- What a batch costs -------------------------------------------------------------------------

create temporary table costs_before as
    select pg_stat_get_xact_tuples_updated('remit.wallets'::regclass) as wallets_updated,
           pg_stat_get_xact_numscans('remit.wallets'::regclass) as wallets_scans,
           pg_stat_get_xact_numscans('remit.transfers'::regclass) as journal_scans;
select is(
    (select count(*) from remit_v1.transfers_post(1, (
        select array_agg(pg_temp.request(11000 + n, 14, 13, 2) order by n) from generate_series(1, 1000) n))
      where outcome = 'posted'),
    1000::bigint, '1000 transfers back are posted');
select is(
    pg_stat_get_xact_tuples_updated('remit.wallets'::regclass), c.wallets_updated + 2,
    'a thousand transfers between two wallets update two rows') from costs_before c;
select is(
    pg_stat_get_xact_numscans('remit.wallets'::regclass), c.wallets_scans,
    'no sequential scan of the wallets, however small the table') from costs_before c;
select is(
    pg_stat_get_xact_numscans('remit.transfers'::regclass), c.journal_scans,
    'no sequential scan of the journal, however small the table') from costs_before c;

-- ---- A posted transfer --------------------------------------------------------------------------

create temporary table events_before as select coalesce(max(id), 0) as id from remit.outbox;
create temporary table first_posted as
    select * from pg_temp.post(pg_temp.request(101, 11, 12, 300, 'USD', 'rent', '{"b": "2", "a": "1"}', 'request-1'));
select results_eq(
    $$ select pg_temp.number(id), outcome::text, field, replayed, pg_temp.number(source_id), pg_temp.number(target_id),
              amount, currency, source_version, source_balance, target_version, target_balance,
              reference, metadata, request_id
         from first_posted $$,
    $$ values (101, 'posted', null, false, 11, 12, 300::bigint, 'USD', 2::bigint, 700::bigint, 1::bigint, 300::bigint,
               'rent', '{"a": "1", "b": "2"}'::jsonb, 'request-1') $$,
    'the result of a posted transfer tells all of it');
select results_eq(
    $$ select to_jsonb(f) - '{field,replayed,reversed,reversal_ids}'::text[] || '{"ledger_id": 1}' from first_posted f $$,
    $$ select to_jsonb(t) from remit.transfers t where t.id = pg_temp.id(101) $$,
    'the journal row is what the result says');
select is(pg_temp.state(11), '700 at 2', 'the source has paid');
select is(pg_temp.state(12), '300 at 1', 'the target has received');
select is(
    (select count(*) from remit.wallets w, first_posted f
      where w.id in (f.source_id, f.target_id) and w.updated_at = f.created_at),
    2::bigint, 'both wallets were updated at the moment of the transfer');
select isnt((select w.updated_at from remit.wallets w where w.id = pg_temp.id(15)), f.created_at,
            'another wallet was not') from first_posted f;
select results_eq(
    $$ select ledger_id, type, pg_temp.number(subject_id), data::jsonb, created_at
         from pg_temp.waiting where number > (select id from events_before) and type <> 'operator.acted' $$,
    $$ select 1::bigint, 'transfer.posted', 101, null::jsonb, created_at from first_posted $$,
    'one event tells of it, without data');
select is(pg_temp.outcomes(pg_temp.request(102, 11, 12, 100)), '{posted}', 'currency may be omitted');
select results_eq(
    $$ select currency::text, reference::text, metadata::jsonb, request_id::text from remit.transfers where id = pg_temp.id(102) $$,
    $$ values ('USD', null::text, '{}'::jsonb, null::text) $$,
    'an omitted currency is the source''s, omitted metadata is empty');

-- ---- Replay -------------------------------------------------------------------------------------

create temporary table counts_before_replay as
    select pg_temp.journal_count() as journal, pg_temp.event_count() as events, pg_temp.state(11) as wallet;
select results_eq(
    $$ select to_jsonb(r) from pg_temp.post(
           pg_temp.request(101, 11, 12, 300, 'USD', 'rent', '{"a": "1", "b": "2"}', 'request-2')) r $$,
    $$ select to_jsonb(f) || '{"replayed": true}' from first_posted f $$,
    'a retry gets the stored result, with the request id of the first');
select is(
    pg_temp.outcomes(pg_temp.request(101, 11, 12, 300, null, 'rent', '{"a": "1", "b": "2"}')),
    '{posted replayed}', 'a retry may omit the currency that the first named');
select is(pg_temp.outcomes(pg_temp.request(102, 11, 12, 100, 'USD', metadata => '{}')), '{posted replayed}',
          'a retry may name what the first left to its default');
select is((select r.request_id from pg_temp.post(pg_temp.request(102, 11, 12, 100, request_id => 'request-2')) r), null,
          'a retry of what had no request id has none either');
select is(
    pg_temp.outcomes(
        pg_temp.request(101, 12, 11, 300, 'USD', 'rent', '{"a": "1", "b": "2"}'),
        pg_temp.request(101, 15, 12, 300, 'USD', 'rent', '{"a": "1", "b": "2"}'),
        pg_temp.request(101, 11, 15, 300, 'USD', 'rent', '{"a": "1", "b": "2"}'),
        pg_temp.request(101, 11, 12, 301, 'USD', 'rent', '{"a": "1", "b": "2"}'),
        pg_temp.request(101, 11, 12, 300, 'EUR', 'rent', '{"a": "1", "b": "2"}'),
        pg_temp.request(101, 11, 12, 300, 'USD', 'Rent', '{"a": "1", "b": "2"}'),
        pg_temp.request(101, 11, 12, 300, 'USD', null, '{"a": "1", "b": "2"}'),
        pg_temp.request(101, 11, 12, 300, 'USD', 'rent', '{"a": "1"}'),
        pg_temp.request(101, 11, 12, 300, 'USD', 'rent'),
        pg_temp.request(101, 11, 12, 0, 'USD', 'rent', '{"a": "1", "b": "2"}'),
        pg_temp.request(101, 11, 99, 300, 'USD', 'rent', '{"a": "1", "b": "2"}'),
        pg_temp.request(101, null, null, null)),
    array_fill('idempotency_key_reused'::text, array[12]), 'other content under the same id is refused, whatever differs');
select results_eq(
    $$ select outcome::text, field, replayed, amount, currency, num_nulls(source_version, source_balance, target_version,
              target_balance, created_at), reference, metadata, request_id
         from pg_temp.post(pg_temp.request(101, 11, 12, 5, request_id => 'request-3')) $$,
    $$ values ('idempotency_key_reused', null, false, 5::bigint, null::text, 5, null::text, '{}'::jsonb, 'request-3') $$,
    'a reused id reveals nothing of the first');
select results_eq(
    $$ select pg_temp.journal_count(), pg_temp.event_count(), pg_temp.state(11) $$,
    $$ select * from counts_before_replay $$,
    'neither a replay nor a reuse stores, tells or moves anything');

-- ---- Business rejections: stored, told, replayed for ever ---------------------------------------

create temporary table events_before_rejections as select max(id) as id from remit.outbox;
select is(
    pg_temp.outcomes(
        pg_temp.request(201, 11, 12, 601),
        pg_temp.request(202, 11, 16, 1),
        pg_temp.request(203, 11, 12, 1, 'EUR'),
        pg_temp.request(204, 11, 12, 1, 'QQQ')),
    '{insufficient_funds,currency_mismatch,currency_mismatch,currency_mismatch}',
    'too much, another currency of the target, of the request, and an unknown one');
select is(pg_temp.state(11), '600 at 3', 'a rejection moves nothing');
select results_eq(
    $$ select pg_temp.number(id), outcome::text, amount::bigint, currency::text,
              num_nulls(source_version, source_balance, target_version, target_balance)
         from remit.transfers where id between pg_temp.id(201) and pg_temp.id(204) order by id $$,
    $$ values (201, 'insufficient_funds', 601::bigint, 'USD', 4), (202, 'currency_mismatch', 1, 'USD', 4),
              (203, 'currency_mismatch', 1, 'EUR', 4), (204, 'currency_mismatch', 1, 'QQQ', 4) $$,
    'rejections are journal rows without versions');
select results_eq(
    $$ select type, pg_temp.number(subject_id) from pg_temp.waiting
        where number > (select id from events_before_rejections) and type <> 'operator.acted' order by number $$,
    $$ values ('transfer.rejected', 201), ('transfer.rejected', 202), ('transfer.rejected', 203), ('transfer.rejected', 204) $$,
    'one event tells of each, in the order of the requests');
select is(pg_temp.outcomes(pg_temp.request(211, 12, 11, 400)), '{posted}', 'funds arrive');
select is(
    pg_temp.outcomes(pg_temp.request(201, 11, 12, 601), pg_temp.request(202, 11, 16, 1)),
    '{"insufficient_funds replayed","currency_mismatch replayed"}',
    'a rejection is replayed even when it would be posted now');
select is(
    pg_temp.outcomes(pg_temp.request(202, 11, 16, 1, 'USD'), pg_temp.request(203, 11, 12, 1, 'EUR'),
                     pg_temp.request(203, 11, 12, 1), pg_temp.request(203, 11, 12, 1, 'USD')),
    '{"currency_mismatch replayed","currency_mismatch replayed",idempotency_key_reused,idempotency_key_reused}',
    'an omitted currency is the source''s, not the wrong one that a rejection named');
select results_eq(
    $$ select num_nulls(source_version, source_balance, target_version, target_balance), created_at
         from pg_temp.post(pg_temp.request(201, 11, 12, 601)) $$,
    $$ select 4, created_at from remit.transfers where id = pg_temp.id(201) $$,
    'a replayed rejection carries no versions and its own moment');
select is(pg_temp.outcomes(pg_temp.request(201, 11, 12, 602)), '{idempotency_key_reused}',
          'other content under the id of a rejection is refused');

-- ---- Floors -------------------------------------------------------------------------------------

select is(pg_temp.outcomes(pg_temp.request(301, 11, 12, 1001), pg_temp.request(302, 11, 12, 1000)),
          '{insufficient_funds,posted}', 'floor zero: all of the balance, not one more');
select is(pg_temp.outcomes(pg_temp.request(303, 14, 12, 501), pg_temp.request(304, 14, 12, 500)),
          '{insufficient_funds,posted}', 'a negative floor can be reached, not passed');
select is(pg_temp.outcomes(pg_temp.request(305, 15, 12, 601), pg_temp.request(306, 15, 12, 600)),
          '{insufficient_funds,posted}', 'a positive floor can be reached, not passed');
select is(pg_temp.outcomes(pg_temp.request(307, 13, 12, 1000000)), '{posted}', 'a null floor is no limit');
select is(pg_temp.state(13), '-1000000 at 2001', 'and lets the balance go below zero');
select is(pg_temp.outcomes(pg_temp.request(308, 13, 12, 1)), '{posted}', 'twice');
select is((select r.outcome::text from remit_v1.hold_create(1, pg_temp.id(300), pg_temp.id(16), 400) r), 'posted', 'money is held');
select pg_temp.wallet(17, currency => 'EUR');
select is(pg_temp.outcomes(pg_temp.request(309, 16, 17, 601), pg_temp.request(310, 16, 17, 600)),
          '{insufficient_funds,posted}', 'held money is not available');

-- ---- Frozen wallets -----------------------------------------------------------------------------

select pg_temp.wallet(21, 100);
select pg_temp.wallet(22, 100);
select lives_ok($$ select remit_ops_v1.wallet_freeze(1, pg_temp.id(21), 'a test') $$, 'a wallet is frozen');
select is(
    pg_temp.outcomes(pg_temp.request(401, 21, 22, 1), pg_temp.request(402, 22, 21, 1), pg_temp.request(403, 22, 12, 1)),
    '{wallet_frozen,wallet_frozen,posted}', 'a frozen wallet neither pays nor receives; its neighbours do');
select is(pg_temp.outcomes(pg_temp.request(404, 21, 17, 1), pg_temp.request(405, 21, 22, 101)),
          '{currency_mismatch,wallet_frozen}', 'a mismatch of currencies is told before the freeze, the freeze before the funds');
select lives_ok($$ select remit_ops_v1.wallet_unfreeze(1, pg_temp.id(21), 'a test') $$, 'it is unfrozen');
select is(pg_temp.outcomes(pg_temp.request(401, 21, 22, 1), pg_temp.request(406, 21, 22, 1)),
          '{"wallet_frozen replayed",posted}', 'the rejection stays, a new transfer is posted');

-- ---- Amounts and the limits of a balance --------------------------------------------------------

select pg_temp.wallet(31, floor => null);
select pg_temp.wallet(32);
select pg_temp.wallet(33, 1);
select is(
    pg_temp.outcomes(
        pg_temp.request(501, 31, 32, null), pg_temp.request(502, 31, 32, -1), pg_temp.request(503, 31, 32, 0),
        pg_temp.request(504, 31, 32, 9007199254740992), pg_temp.request(505, 31, 32, 9223372036854775807)),
    array_fill('invalid_field amount'::text, array[5]), 'null, -1, 0, 2^53 and beyond are no amounts');
select is(pg_temp.outcomes(pg_temp.request(506, 31, 32, 9007199254740991)), '{posted}', '2^53 - 1 is an amount');
select is(pg_temp.state(31), '-9007199254740991 at 1', 'the source is at the lowest balance');
select is(pg_temp.state(32), '9007199254740991 at 1', 'the target is at the highest');
select is(pg_temp.outcomes(pg_temp.request(507, 31, 33, 1)), '{balance_limit_exceeded}', 'the source cannot go lower');
select is(pg_temp.outcomes(pg_temp.request(508, 33, 32, 1)), '{balance_limit_exceeded}', 'the target cannot go higher');
select is(pg_temp.outcomes(pg_temp.request(509, 32, 33, 1), pg_temp.request(508, 33, 32, 1)),
          '{posted,"balance_limit_exceeded replayed"}', 'that rejection is stored, too');
select is(pg_temp.outcomes(pg_temp.request(510, 33, 32, 1)), '{posted}', 'an amount of 1 reaches the limit');
select is(pg_temp.outcomes(pg_temp.request(511, 32, 31, 9007199254740991)), '{posted}', '2^53 - 1 goes back');

-- ---- What does not fit is not stored ------------------------------------------------------------

create temporary table counts_before_invalid as
    select pg_temp.journal_count() as journal, pg_temp.event_count() as events;
select is(
    pg_temp.outcomes(
        null::remit_v1.transfer_request,
        pg_temp.request(null, 12, 11, 1),
        pg_temp.request(601, null, 11, 1),
        pg_temp.request(602, 12, null, 1),
        pg_temp.request(null, null, null, null)),
    '{"invalid_field id","invalid_field id","invalid_field source_id","invalid_field target_id","invalid_field id"}',
    'a null element and missing members are invalid fields');
select is(
    pg_temp.outcomes(
        pg_temp.request(603, 12, 11, 1, ''), pg_temp.request(604, 12, 11, 1, 'usd'), pg_temp.request(605, 12, 11, 1, 'US'),
        pg_temp.request(606, 12, 11, 1, 'USDX'), pg_temp.request(607, 12, 11, 1, 'US1'),
        pg_temp.request(608, 12, 11, 1, E'USD\n')),
    array_fill('invalid_field currency'::text, array[6]), 'a malformed currency is an invalid field');
select is(pg_temp.outcomes(pg_temp.request(609, 12, 11, 1, reference => repeat('é', 201))),
          '{invalid_field reference}', 'a reference of 201 characters is an invalid field');
select is(
    pg_temp.outcomes(
        pg_temp.request(610, 12, 11, 1, metadata => 'null'), pg_temp.request(611, 12, 11, 1, metadata => '[]'),
        pg_temp.request(612, 12, 11, 1, metadata => '"text"'), pg_temp.request(613, 12, 11, 1, metadata => '{"a": 1}'),
        pg_temp.request(614, 12, 11, 1, metadata => '{"a": null}'), pg_temp.request(615, 12, 11, 1, metadata => '{"a": {}}'),
        pg_temp.request(616, 12, 11, 1, metadata => '{"a": ["b"]}'),
        pg_temp.request(617, 12, 11, 1, metadata => '{"a": "b", "c": true}'),
        pg_temp.request(618, 12, 11, 1, metadata => pg_temp.metadata_of(4097))),
    array_fill('invalid_field metadata'::text, array[9]), 'metadata is a flat object of strings of at most 4096 bytes');
select is(pg_temp.outcomes(pg_temp.request(619, 12, 12, 1)), '{same_wallet target_id}',
          'a wallet does not transact with itself');
select is(pg_temp.outcomes(pg_temp.request(620, 99, 98, 1), pg_temp.request(621, 12, 98, 1)),
          '{"wallet_not_found source_id","wallet_not_found target_id"}', 'unknown wallets are named by field');
select is(
    (select array_agg(r.outcome::text) from remit_v1.transfers_post(77, array[pg_temp.request(622, 12, 11, 1)]) r),
    '{wallet_not_found}', 'an unknown ledger has no wallets');
select results_eq(
    $$ select outcome::text, num_nulls(source_version, source_balance, target_version, target_balance, created_at), metadata
         from pg_temp.post(pg_temp.request(619, 12, 12, 1)) $$,
    $$ values ('same_wallet', 5, '{}'::jsonb) $$,
    'what is not stored has no versions and no moment');
select results_eq(
    $$ select pg_temp.journal_count(), pg_temp.event_count() $$, $$ select * from counts_before_invalid $$,
    'none of it is stored or told');
select is(
    pg_temp.outcomes(
        pg_temp.request(603, 12, 11, 1, 'USD'), pg_temp.request(609, 12, 11, 1, reference => repeat('é', 200)),
        pg_temp.request(618, 12, 11, 1, metadata => pg_temp.metadata_of(4096)),
        pg_temp.request(610, 12, 11, 1, reference => ''), pg_temp.request(620, 12, 11, 1)),
    array_fill('posted'::text, array[5]), 'their ids are still free, and the largest allowed values are posted');

-- ---- Requests of one batch that depend on each other --------------------------------------------

select pg_temp.wallet(41, 1000);
select pg_temp.wallet(42);
select pg_temp.wallet(43);
select results_eq(
    $$ select outcome::text, source_version, source_balance, target_version, target_balance
         from pg_temp.post(
             pg_temp.request(701, 42, 41, 1),
             pg_temp.request(702, 41, 42, 1000),
             pg_temp.request(703, 42, 43, 600),
             pg_temp.request(704, 42, 99, 1),
             pg_temp.request(705, 42, 41, 401),
             pg_temp.request(706, 43, 41, 600),
             pg_temp.request(707, 42, 41, 400)) $$,
    $$ values ('insufficient_funds', null::bigint, null::bigint, null::bigint, null::bigint),
              ('posted', 2, 0, 1, 1000), ('posted', 2, 400, 1, 600), ('wallet_not_found', null, null, null, null),
              ('insufficient_funds', null, null, null, null), ('posted', 2, 0, 3, 600), ('posted', 3, 0, 4, 1000) $$,
    'each request is decided upon what the ones before left, and refused ones leave nothing');
select is(array[pg_temp.state(41), pg_temp.state(42), pg_temp.state(43)], '{1000 at 4,0 at 3,0 at 2}',
          'the wallets end where the last request left them');
select results_eq(
    $$ select pg_temp.number(subject_id), type from pg_temp.waiting
        where subject_id between pg_temp.id(701) and pg_temp.id(707) order by number $$,
    $$ values (701, 'transfer.rejected'), (702, 'transfer.posted'), (703, 'transfer.posted'),
              (705, 'transfer.rejected'), (706, 'transfer.posted'), (707, 'transfer.posted') $$,
    'the events stand in the order of the requests');
select is((select count(distinct created_at) from remit.transfers where id between pg_temp.id(701) and pg_temp.id(707)),
          1::bigint, 'one batch has one moment');

-- ---- The same id twice in one batch -------------------------------------------------------------

create temporary table counts_before_twins as select pg_temp.journal_count() as journal, pg_temp.event_count() as events;
create temporary table twins as
    select * from pg_temp.post(
        pg_temp.request(801, 41, 42, 10, request_id => 'a'), pg_temp.request(801, 41, 42, 10, 'USD', request_id => 'b'),
        pg_temp.request(801, 41, 42, 11), pg_temp.request(801, 41, 42, 10), pg_temp.request(802, 41, 42, 10)) with ordinality;
select results_eq(
    $$ select outcome::text, replayed, source_version, source_balance, request_id from twins order by ordinality $$,
    $$ values ('posted', false, 5::bigint, 990::bigint, 'a'), ('posted', true, 5, 990, 'a'),
              ('idempotency_key_reused', false, null, null, null), ('posted', true, 5, 990, 'a'), ('posted', false, 6, 980, null) $$,
    'a twin in the batch gets the first one''s result, other content is refused');
select is((select count(distinct to_jsonb(t) - 'ordinality' - 'replayed') from twins t where t.ordinality in (1, 2, 4)),
          1::bigint, 'the twins'' results differ in nothing else');
select is(pg_temp.outcomes(pg_temp.request(803, 41, 42, 5000), pg_temp.request(804, 13, 41, 5000), pg_temp.request(803, 41, 42, 5000)),
          '{insufficient_funds,posted,"insufficient_funds replayed"}', 'a rejection is replayed within its batch');
select is(pg_temp.outcomes(pg_temp.request(801, 41, 42, 10), pg_temp.request(801, 41, 42, 10), pg_temp.request(801, 41, 42, 12)),
          '{"posted replayed","posted replayed",idempotency_key_reused}', 'twins of a stored transfer are replays');
select results_eq(
    $$ select pg_temp.journal_count() - journal, pg_temp.event_count() - events from counts_before_twins $$,
    $$ values (4::bigint, 4::bigint) $$,
    'one row and one event for each id');
select is(pg_temp.outcomes(pg_temp.request(805, 41, 42, 0), pg_temp.request(805, 41, 42, 1), pg_temp.request(805, 41, 42, 1)),
          '{"invalid_field amount",posted,"posted replayed"}', 'what is not stored does not take the id from its twins');
select is(
    pg_temp.outcomes(
        pg_temp.request(806, 41, 99, 1), pg_temp.request(806, 41, 41, 1), pg_temp.request(806, 41, 42, 1),
        pg_temp.request(806, 41, 42, 2), pg_temp.request(806, 41, 42, 1)),
    '{"wallet_not_found target_id","same_wallet target_id",posted,idempotency_key_reused,"posted replayed"}',
    'nor after several of them');
select is(pg_temp.outcomes(pg_temp.request(null, 41, 42, 1), pg_temp.request(807, 41, 42, 1), pg_temp.request(null, 41, 42, 1),
                           pg_temp.request(807, 41, 42, 1)),
          '{"invalid_field id",posted,"invalid_field id","posted replayed"}', 'missing ids are no twins');
select is(pg_temp.outcomes(pg_temp.request(808, 41, 42, 0), pg_temp.request(808, 41, 42, 1), pg_temp.request(null, 41, 42, 0)),
          '{"invalid_field amount",posted,"invalid_field id"}', 'nor twins of what is not stored');

-- ---- Ledgers never meet -------------------------------------------------------------------------

select pg_temp.ledger(900);
select lives_ok($$ select remit_v1.user_create(900, (pg_temp.id(1), 'Ada', null, null, null)::remit_v1.user_request) $$,
                'another ledger has its own users');
select pg_temp.wallet(51, 100, ledger_id => 900);
select pg_temp.wallet(52, ledger_id => 900);
select is(pg_temp.outcomes(pg_temp.request(901, 11, 51, 1)), '{wallet_not_found target_id}',
          'a wallet of another ledger is unknown');
select is(
    (select array_agg(concat_ws(' ', r.outcome, r.replayed))
       from remit_v1.transfers_post(900, array[pg_temp.request(101, 51, 52, 1)]) r),
    '{posted f}', 'the same id in another ledger is another transfer');

-- ---- The books ----------------------------------------------------------------------------------

select is_empty($$ select ledger_id, currency, sum(balance) from remit.wallets group by 1, 2 having sum(balance) <> 0 $$,
                'balances sum to zero in each ledger and currency');
select is_empty($$ select * from remit_ops_v1.verify() $$, 'the books are right');

-- ---- Traces -------------------------------------------------------------------------------------

select pg_temp.wallet(91, 100);
select pg_temp.wallet(92);
create temporary table traced as
    select '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'::text as p;
select outcome from remit_v1.transfers_post(
    1, array[pg_temp.request(9101, 91, 92, 1), pg_temp.request(9102, 91, 92, 1), pg_temp.request(9103, 91, 92, 0)],
    traceparents => array[null, (select p from traced), (select p from traced)]) \g /dev/null
select results_eq(
    $$ select o.traceparents::text[] from remit.outbox o where o.subject_ids = array[pg_temp.id(9101), pg_temp.id(9102)] $$,
    $$ select array[null, p] from traced $$, 'the event of a request belongs to its trace');
select pg_temp.post(pg_temp.request(9104, 91, 92, 1)) \g /dev/null
select is((select o.traceparents from remit.outbox o where o.subject_ids = array[pg_temp.id(9104)]), null, 'that of another to none');
select is(pg_temp.refusal($$ select remit_v1.transfers_post(1, array[pg_temp.request(9105, 91, 92, 1)], traceparents => '{x}') $$),
          'WL001 traceparents', 'a trace has one form');

select * from finish();
rollback;
