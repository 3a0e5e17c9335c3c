begin;
select plan(368);
\ir fixture.psql

-- Every function that takes a caller, called by every kind of caller: who is let in, and what there
-- is for him.

do $$
begin
    perform remit_v1.user_create(1, (pg_temp.id(2), 'Grace', null, null, null)::remit_v1.user_request);
    perform pg_temp.ledger(900);
    -- The same ids as in ledger 1.
    perform remit_v1.user_create(900, (pg_temp.id(1), 'Ada', null, null, null)::remit_v1.user_request);
end;
$$;
select pg_temp.wallet(11, 100); -- Of user 1.
select pg_temp.wallet(12, 100);
select pg_temp.wallet(11, 500, ledger_id => 900);
do $$
begin
    perform remit_v1.wallet_create(1, (pg_temp.id(21), pg_temp.id(2), 'USD', 100, 0, null, null, null)::remit_v1.wallet_request);
    perform remit_v1.transfer_create(1, pg_temp.request(101, 11, 12, 1));
    perform remit_v1.hold_create(1, pg_temp.id(102), pg_temp.id(11), 20);
    perform remit_v1.hold_create(1, pg_temp.id(103), pg_temp.id(11), 20);
    perform remit_v1.group_create(1, pg_temp.id(104), array_fill(pg_temp.request(null, 11, 12, 1), array[2]));
    perform pg_temp.append();
end;
$$;
with made as (
    insert into remit.webhooks (ledger_id, id, place, url, created_at, updated_at)
    select l, pg_temp.id(600 + n), n, 'https://hooks.example', now(), now() from unnest(array[1, 900]) l, generate_series(1, 2) n
    returning *
), told as (
    select m.ledger_id, m.id, remit.webhook_event(m::text::remit.webhooks, 'webhook.created') from made m
)
insert into remit.cursors (ledger_id, channel, position) select ledger_id, remit.webhook_channel(id), 0 from told;
insert into remit.webhook_failures (ledger_id, webhook_id, position, event_id, type, subject_ids, attempts, is_aside)
values (1, pg_temp.id(601), 1, pg_temp.id(1), 'key.created', array[pg_temp.id(1)], 0, false);
select pg_temp.key(secret, scope::remit_v1.key_scope, user_number, ledger_id)
  from (values ('admin', 'admin', null, 1), ('service', 'service', null, 1), ('reader', 'reader', null, 1),
               ('own', 'user', 1, 1), ('foreign', 'user', 2, 1), ('elsewhere', 'admin', null, 900)) as k (secret, scope, user_number, ledger_id);

-- %s is the caller's key. The columns are what each hears: own has the user of wallets 11 and 12,
-- foreign another.
create temporary table calls (function, statement, admin, service, reader, own, "foreign") as values
    ('user_create', 'select remit_v1.user_create(1, (gen_random_uuid(), ''x'', null, null, null)::remit_v1.user_request, %s)',
        'accepted', 'accepted', 'WL017', 'WL017', 'WL017'),
    ('user_get', format('select remit_v1.user_get(1, %L, %%s)', pg_temp.id(1)),
        'accepted', 'accepted', 'accepted', 'accepted', 'WL003'),
    ('wallet_create', format('select remit_v1.wallet_create(1, (gen_random_uuid(), %L, ''USD'', 5, 0, null, null, null)::remit_v1.wallet_request, %%s)', pg_temp.id(1)),
        'accepted', 'accepted', 'WL017', 'WL017', 'WL017'),
    ('wallet_get', format('select remit_v1.wallet_get(1, %L, %%s)', pg_temp.id(11)),
        'accepted', 'accepted', 'accepted', 'accepted', 'WL002'),
    ('wallet_holds_get', format('select remit_v1.wallet_holds_get(1, %L, %%s)', pg_temp.id(11)),
        'accepted', 'accepted', 'accepted', 'accepted', 'WL002'),
    ('wallets_get', format('select 1 / count(w.id) from remit_v1.wallets_get(1, array[%L]::uuid[], array[%%s]) w', pg_temp.id(11)),
        'accepted', 'accepted', 'accepted', 'accepted', '22012'),
    ('wallet_list', format('select remit_v1.wallet_list(1, %L, null, null, 10, %%s)', pg_temp.id(1)),
        'accepted', 'accepted', 'accepted', 'accepted', 'WL003'),
    ('entry_list', format('select remit_v1.entry_list(1, %L, null, 10, %%s)', pg_temp.id(11)),
        'accepted', 'accepted', 'accepted', 'accepted', 'WL002'),
    ('transfer_get', format('select remit_v1.transfer_get(1, %L, %%s)', pg_temp.id(101)),
        'accepted', 'accepted', 'accepted', 'accepted', 'WL004'),
    ('transfer_proof', format('select remit_v1.transfer_proof(1, %L, null, %%s)', pg_temp.id(101)),
        'accepted', 'accepted', 'accepted', 'accepted', 'WL004'),
    ('transfer_create', format('select remit_v1.transfer_create(1, (gen_random_uuid(), %L, %L, 1, null, null, null, null)::remit_v1.transfer_request, %%s)', pg_temp.id(11), pg_temp.id(12)),
        'accepted', 'accepted', 'WL017', 'accepted', 'WL002'),
    ('transfers_post', format('select 1 / count(*) filter (where t.outcome = ''posted'') from remit_v1.transfers_post(1, array[(gen_random_uuid(), %L, %L, 1, null, null, null, null)]::remit_v1.transfer_request[], array[%%s]) t', pg_temp.id(11), pg_temp.id(12)),
        'accepted', 'accepted', '22012', 'accepted', '22012'),
    ('hold_create', format('select remit_v1.hold_create(1, gen_random_uuid(), %L, 1, key_sha256 => %%s)', pg_temp.id(11)),
        'accepted', 'accepted', 'WL017', 'accepted', 'WL002'),
    ('hold_capture', format('select remit_v1.hold_capture(1, gen_random_uuid(), %L, 1, %L, false, key_sha256 => %%s)', pg_temp.id(102), pg_temp.id(12)),
        'accepted', 'accepted', 'WL017', 'WL017', 'WL017'),
    ('hold_adjust', format('select remit_v1.hold_adjust(1, gen_random_uuid(), %L, 20, key_sha256 => %%s)', pg_temp.id(102)),
        'accepted', 'accepted', 'WL017', 'accepted', 'WL019'),
    ('hold_release', format('select remit_v1.hold_release(1, gen_random_uuid(), %L, key_sha256 => %%s)', pg_temp.id(103)),
        'accepted', 'accepted', 'WL017', 'WL017', 'WL017'),
    ('holds_get', format('select 1 / count(h.id) from remit_v1.holds_get(1, array[%L]::uuid[], %%s) h', pg_temp.id(102)),
        'accepted', 'accepted', 'accepted', 'accepted', '22012'),
    ('hold_list', format('select remit_v1.hold_list(1, %L, null, null, 10, %%s)', pg_temp.id(11)),
        'accepted', 'accepted', 'accepted', 'accepted', 'WL002'),
    ('transfer_reverse', format('select remit_v1.transfer_reverse(1, gen_random_uuid(), %L, 1, key_sha256 => %%s)', pg_temp.id(101)),
        'accepted', 'accepted', 'WL017', 'accepted', 'WL004'),
    ('group_create', format('select remit_v1.group_create(1, gen_random_uuid(), array_fill((null, %L, %L, 1, null, null, null, null)::remit_v1.transfer_request, array[2]), key_sha256 => %%s)', pg_temp.id(11), pg_temp.id(12)),
        'accepted', 'accepted', 'WL017', 'accepted', 'WL002'),
    ('group_get', format('select remit_v1.group_get(1, %L, %%s)', pg_temp.id(104)),
        'accepted', 'accepted', 'accepted', 'accepted', 'WL004'),
    ('webhook_create', 'select remit_v1.webhook_create(1, (''https://h'', null, null)::remit_v1.webhook_request, null, %s)',
        'accepted', 'WL017', 'WL017', 'WL017', 'WL017'),
    ('webhook_list', 'select remit_v1.webhook_list(1, %s)',
        'accepted', 'WL017', 'WL017', 'WL017', 'WL017'),
    ('webhook_get', format('select remit_v1.webhook_get(1, %L, %%s)', pg_temp.id(601)),
        'accepted', 'WL017', 'WL017', 'WL017', 'WL017'),
    ('webhook_update', format('select remit_v1.webhook_update(1, %L, (null, null, null)::remit_v1.webhook_request, ''{types}'', null, %%s)', pg_temp.id(601)),
        'accepted', 'WL017', 'WL017', 'WL017', 'WL017'),
    ('webhook_rotate', format('select remit_v1.webhook_rotate(1, %L, null, %%s)', pg_temp.id(601)),
        'accepted', 'WL017', 'WL017', 'WL017', 'WL017'),
    ('webhook_ping', format('select remit_v1.webhook_ping(1, %L, null, %%s)', pg_temp.id(601)),
        'accepted', 'WL017', 'WL017', 'WL017', 'WL017'),
    ('webhook_enable', format('select remit_v1.webhook_enable(1, %L, null, %%s)', pg_temp.id(601)),
        'accepted', 'WL017', 'WL017', 'WL017', 'WL017'),
    ('webhook_failure_retry', format('select remit_v1.webhook_failure_retry(1, %L, 1, null, %%s)', pg_temp.id(601)),
        'accepted', 'WL017', 'WL017', 'WL017', 'WL017'),
    ('webhook_replay', format('select remit_v1.webhook_replay(1, %L, now(), null, null, null, %%s)', pg_temp.id(601)),
        'accepted', 'WL017', 'WL017', 'WL017', 'WL017'),
    ('webhook_failure_list', format('select remit_v1.webhook_failure_list(1, %L, null, 10, %%s)', pg_temp.id(601)),
        'accepted', 'WL017', 'WL017', 'WL017', 'WL017'),
    ('webhook_delete', format('select remit_v1.webhook_delete(1, %L, null, %%s)', pg_temp.id(602)),
        'accepted', 'WL017', 'WL017', 'WL017', 'WL017'),
    ('wallet_limits_get', format('select remit_v1.wallet_limits_get(1, %L, %%s)', pg_temp.id(11)),
        'accepted', 'accepted', 'accepted', 'accepted', 'WL002'),
    ('wallet_limits_set', format('select remit_ops_v1.wallet_limits_set(1, %L, null, null, null, %%s)', pg_temp.id(11)),
        'accepted', 'WL017', 'WL017', 'WL017', 'WL017'),
    ('wallet_freeze', format('select remit_ops_v1.wallet_freeze(1, %L, null, %%s)', pg_temp.id(21)),
        'accepted', 'WL017', 'WL017', 'WL017', 'WL017'),
    ('wallet_unfreeze', format('select remit_ops_v1.wallet_unfreeze(1, %L, null, %%s)', pg_temp.id(21)),
        'accepted', 'WL017', 'WL017', 'WL017', 'WL017'),
    ('key_create', 'select remit_v1.key_create(1, (''x'', ''reader'', null, null)::remit_v1.key_request, null, %s)',
        'accepted', 'WL017', 'WL017', 'WL017', 'WL017'),
    ('key_list', 'select remit_v1.key_list(1, null, null, 10, %s)',
        'accepted', 'WL017', 'WL017', 'WL017', 'WL017'),
    ('key_revoke', 'select remit_v1.key_revoke(1, (select id from remit_v1.key_list(1, null, null, 1000, sha256(''admin'')) where name = ''unused''), null, %s)',
        'accepted', 'WL017', 'WL017', 'WL017', 'WL017'),
    ('ledger_create', 'select remit_v1.ledger_create(1, ''x'', null, %s)',
        'accepted', 'WL017', 'WL017', 'WL017', 'WL017'),
    ('event_position_at', 'select remit_v1.event_position_at(1, now(), %s)',
        'accepted', 'accepted', 'accepted', 'WL017', 'WL017'),
    ('events_get', 'select remit_v1.events_get(1, 0, 10, null, %s)',
        'accepted', 'accepted', 'accepted', 'WL017', 'WL017'),
    ('ledger_get', 'select remit_v1.ledger_get(1, %s)',
        'accepted', 'accepted', 'accepted', 'accepted', 'accepted');
select pg_temp.key('unused', 'reader');

select set_eq(
    'select function from calls',
    $$ select p.proname::text from pg_proc p
        where p.pronamespace in ('remit_v1'::regnamespace, 'remit_ops_v1'::regnamespace)
          and p.proargnames && array['key_sha256', 'key_sha256s'] and p.proname <> 'keys_get' $$,
    'this is every function that takes a caller');
select set_eq(
    $$ select p.proname::text from pg_proc p
        where has_function_privilege('remit_server', p.oid, 'execute') and p.pronamespace::regnamespace::text like 'remit%' $$,
    $$ select function from calls union values ('cache_close'), ('cache_open'), ('cache_state'), ('keys_get'), ('leg_id'), ('log_positions'), ('outbox_lag'), ('standstill'), ('transfer_id') $$,
    'and the server may call hardly any other');

-- As the server calls them.
select is(pg_temp.refusal_of('remit_server', format(c.statement, format('sha256(%L)', k.secret))), k.expected, c.function || ' by ' || k.secret)
  from calls c,
       lateral (values ('admin', c.admin), ('service', c.service), ('reader', c.reader), ('own', c.own), ('foreign', c."foreign"))
           as k (secret, expected);
-- What nobody is let in for. transfers_post and wallets_get: see below.
select is(pg_temp.refusal_of('remit_server', format(c.statement, k.key)),
          case c.function when 'transfers_post' then '22012' else 'WL016' end, c.function || ' ' || k.description)
  from calls c,
       lateral (values ('sha256(''nobody'')', 'by nobody'), ('sha256(''elsewhere'')', 'by another ledger''s admin'),
                       ('null::bytea', 'without a key')) as k (key, description)
 where c.function <> 'key_revoke';

-- ---- A batch of many callers --------------------------------------------------------------------

create temporary table many as
    select r.*
      from remit_v1.transfers_post(
               1,
               array[pg_temp.request(201, 11, 12, 1), pg_temp.request(201, 21, 11, 2), pg_temp.request(202, 11, 12, 3),
                     pg_temp.request(203, 11, 12, 4), pg_temp.request(204, 11, 12, 5), pg_temp.request(205, 99, 12, 6),
                     pg_temp.request(201, 11, 12, 1), pg_temp.request(206, 11, 12, 7)],
               array[sha256('own'), sha256('foreign'), sha256('foreign'), sha256('reader'), sha256('elsewhere'), sha256('foreign'),
                     sha256('own'), sha256('service')]) with ordinality r;
select results_eq(
    $$ select outcome::text, field, replayed from many order by ordinality $$,
    $$ values ('posted', null, false), ('posted', null, false), ('wallet_not_found', 'source_id', false), ('forbidden', null, false),
              ('unauthenticated', null, false), ('wallet_not_found', 'source_id', false), ('posted', null, true), ('posted', null, false) $$,
    'each request of a call is its own caller''s');
select results_eq(
    $$ select id from many where ordinality in (1, 2, 7, 8) order by ordinality $$,
    $$ values (remit.user_transfer_id(pg_temp.id(1), pg_temp.id(201))), (remit.user_transfer_id(pg_temp.id(2), pg_temp.id(201))),
              (remit.user_transfer_id(pg_temp.id(1), pg_temp.id(201))), (pg_temp.id(206)) $$,
    'two users'' equal keys are two transfers');
select results_eq(
    $$ select to_jsonb(m) - array['id', 'ordinality', 'source_id', 'amount', 'request_id'] from many m where ordinality = 3 $$,
    $$ select to_jsonb(m) - array['id', 'ordinality', 'source_id', 'amount', 'request_id'] from many m where ordinality = 6 $$,
    'a source that is another''s is like one that does not exist');
select is(pg_temp.refusal($$ select remit_v1.transfers_post(1, array[pg_temp.request(301, 11, 12, 1)], '{}') $$), 'WL001 key_sha256s',
    'each request has its key');
select is(pg_temp.refusal(format('select remit_v1.transfers_post(1, array[pg_temp.request(301, 11, 12, 1)], array[%L]::bytea[])', '')),
    'WL001 key_sha256s', 'no bytes are nobody''s key');
select is((select array_agg((r).outcome::text) from (select remit_v1.transfers_post(1,
               array[pg_temp.request(302, 11, 12, 1), pg_temp.request(302, 21, 12, 2)], array[sha256('own'), sha256('reader')]) r) t),
    array['posted', 'forbidden'], 'who may not spend hears nothing of another''s id');
select is((select array_agg((r).outcome::text) from (select remit_v1.transfers_post(1,
               array[pg_temp.request(101, 11, 12, 1), pg_temp.request(101, 11, 12, 2)], array[sha256('own'), sha256('service')]) r) t),
    array['posted', 'idempotency_key_reused'], 'a user''s key is never the ledger''s');

-- ---- What a user sees of transfers --------------------------------------------------------------

select results_eq(
    format($$ select id, source_version is null, source_balance is null from remit_v1.transfer_get(1, %L, sha256(%L)) $$, id, secret),
    format('values (%L::uuid, %L::boolean, %L::boolean)', found, is_masked, is_masked), description)
  from (select remit.user_transfer_id(pg_temp.id(1), pg_temp.id(201)) as sent, remit.user_transfer_id(pg_temp.id(2), pg_temp.id(201)) as received) t,
       lateral (values (t.sent, 'own', t.sent, false, 'what a user sent is found by its id'),
                       (pg_temp.id(201), 'own', t.sent, false, 'and by the id that he gave it'),
                       (t.received, 'own', t.received, true, 'of what he received, the source''s balance stays hidden'),
                       (pg_temp.id(201), 'foreign', t.received, false, 'whose owner sees it'),
                       (t.sent, 'reader', t.sent, false, 'a reader sees all')) as c (id, secret, found, is_masked, description);
select results_eq(
    $$ select t.target_balance is null, t.target_version is null, t.source_balance is null
         from remit_v1.transfer_create(1, pg_temp.request(601, 11, 21, 1), sha256('own')) t $$,
    'values (true, true, false)', 'who pays another does not learn what he has');
select results_eq(
    $$ select t.target_balance is null, t.target_version is null, t.source_balance is null
         from remit_v1.transfer_get(1, pg_temp.id(601), sha256('own')) t $$,
    'values (true, true, false)', 'nor later');
select results_eq(
    $$ select t.target_balance is null, t.source_balance is null
         from remit_v1.transfer_get(1, remit.user_transfer_id(pg_temp.id(1), pg_temp.id(601)), sha256('foreign')) t $$,
    'values (false, true)', 'who is paid sees what he has then');
select is(pg_temp.refusal(format($$ select remit_v1.transfer_get(1, %L, sha256(%L)) $$, id, secret)), 'WL004 transfer_id', description)
  from (select remit.user_transfer_id(pg_temp.id(1), pg_temp.id(201)) as sent) t,
       lateral (values (t.sent, 'foreign', 'what is another''s is not found'), (pg_temp.id(206), 'foreign', 'nor is the ledger''s'),
                       (remit.initial_transfer_id(pg_temp.id(11)), 'foreign', 'nor where the money came from')) as c (id, secret, description);
do $$ begin perform remit_v1.transfer_create(1, pg_temp.request(401, 21, 11, 999999)); end; $$;
select is(pg_temp.refusal(format($$ select remit_v1.transfer_get(1, %L, sha256('own')) $$, pg_temp.id(401))), 'WL004 transfer_id',
    'nor what he was to receive and did not');

-- ---- Two ledgers --------------------------------------------------------------------------------

select is((remit_v1.wallet_get(900, pg_temp.id(11), sha256('elsewhere'))).balance, 500::bigint, 'each ledger has its own wallet 11');
do $$ begin perform remit_v1.transfers_post(900, array[pg_temp.request(101, 11, 12, 1)], array[sha256('elsewhere')]); end; $$;
select results_eq(
    $$ select outcome::text, field from remit_v1.transfers_post(900, array[pg_temp.request(101, 11, 12, 1)], array[sha256('elsewhere')]) $$,
    $$ values ('wallet_not_found', 'target_id') $$, 'a wallet or a key of ledger 1 is unknown in another');
select is(pg_temp.refusal(format('select remit_v1.transfer_get(900, %L, sha256(''elsewhere''))', pg_temp.id(101))), 'WL004 transfer_id', 'so is a transfer');

-- ---- What operators do by hand ------------------------------------------------------------------

do $$
begin
    perform remit_v1.user_create(1, (pg_temp.id(3), 'Alan', null, 'by hand', null)::remit_v1.user_request);
    perform remit_v1.user_create(1, (pg_temp.id(3), 'Alan', null, 'by hand', null)::remit_v1.user_request);
    perform remit_v1.wallet_create(1, (pg_temp.id(31), pg_temp.id(3), 'USD', 0, null, 'by hand', null, null)::remit_v1.wallet_request);
    perform remit_v1.user_create(1, (pg_temp.id(4), 'Kurt', null, 'by hand', null)::remit_v1.user_request, sha256('service'));
end;
$$;
select results_eq(
    $$ select action, subject_ids, detail from remit.audit where reason = 'by hand' order by id $$,
    $$ values ('user_create', array[pg_temp.id(3)], '{}'::jsonb), ('wallet_create', array[pg_temp.id(31)], '{"floor": null}'),
              ('user_create', array[pg_temp.id(4)], '{}') $$,
    'the audit log has the users and wallets that a person made, also with a key');
create temporary table audit_before as select coalesce(max(id), 0) as id from remit.audit;
do $$
begin
    perform remit_v1.transfers_post(1, array[pg_temp.request(501, 11, 12, 1, reference => 'refund 7'), pg_temp.request(502, 11, 12, 1)]);
    perform remit_v1.transfers_post(1, array[pg_temp.request(501, 11, 12, 1, reference => 'refund 7')]);
    perform remit_v1.transfers_post(1, array[pg_temp.request(503, 11, 99, 1)]);
    perform remit_v1.transfers_post(1, array[pg_temp.request(504, 11, 12, 1)], array[sha256('service')]);
end;
$$;
select results_eq(
    $$ select a.action, a.actor, a.subject_ids, a.reason from remit.audit a, audit_before b where a.id > b.id $$,
    $$ values ('transfers_post', session_user::text collate "default", array[pg_temp.id(501), pg_temp.id(502)], 'a test'),
              ('transfers_post', session_user::text, array[pg_temp.id(504)], 'a test') $$,
    'the audit log has the transfers that a person made, also with a key, and why');

select is_empty('select * from remit_ops_v1.verify()', 'the books are right');

select * from finish();
rollback;
