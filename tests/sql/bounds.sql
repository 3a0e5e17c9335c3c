begin;
select plan(137);
\ir fixture.psql

-- Every text, array and JSON that a caller can hand to a function has a bound, and a column that
-- keeps one has a constraint: so that nothing reaches Redis, the broker or a log that is too large.

-- ---- What functions take ------------------------------------------------------------------------

-- The arguments of the functions that a role may execute, and the attributes
-- of those that are composite. An array is named with [].
create temporary view leaves as
    with arguments as (
        select p.proname::text as function, p.proargnames[a.place] as name, a.type,
               case when t.typcategory = 'A' then t.typelem else t.oid end as element, t.typcategory = 'A' as is_array
          from pg_proc p,
               lateral unnest(p.proargtypes) with ordinality as a (type, place)
          join pg_type t on t.oid = a.type
         where p.pronamespace in ('remit_v1'::regnamespace, 'remit_worker_v1'::regnamespace, 'remit_ops_v1'::regnamespace)
    ),
    leaves as (
        select g.function, g.name || '[]' as leaf, g.type from arguments g where g.is_array
        union all
        select g.function, g.name, g.type from arguments g where not g.is_array
        union all
        select g.function, g.name || case when g.is_array then '[].' else '.' end || a.attname, a.atttypid
          from arguments g
          join pg_type t on t.oid = g.element and t.typtype = 'c'
          join pg_attribute a on a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
    )
    select l.function, l.leaf from leaves l join pg_type t on t.oid = l.type
     where t.typlen = -1 and t.typtype <> 'c';

create temporary table long as
    select repeat('é', 100000) as text, jsonb_build_object('k', repeat('x', 200000)) as json, sha256('x') || repeat('x', 100000)::bytea as key,
           array_fill(gen_random_uuid(), array[20000]) as ids, array_fill(1::bigint, array[20000]) as numbers,
           array_fill(sha256('x'), array[20000]) as keys;
select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
create function pg_temp.outcome(request remit_v1.transfer_request, key bytea default null) returns text language sql as $$
    select concat_ws(' ', r.outcome, r.field) from remit_v1.transfers_post(1, array[request], array[key]) r;
$$;
create function pg_temp.group(request remit_v1.transfer_request, terms remit_v1.transfer_terms[] default null, key bytea default null)
    returns setof remit_v1.transfer_result language sql as $$
    select * from remit_v1.group_create(1, gen_random_uuid(), array[pg_temp.request(100, 11, 12, 1), request], terms, key);
$$;
select pg_temp.append() \g /dev/null
create temporary table calls (function, leaf, expected, statement) as values
    ('cache_open', 'redis_id', 'WL001 redis_id', 'remit_ops_v1.cache_open(1, l.text)'),
    ('cursors_behind', 'channel', 'WL001 channel', 'remit_worker_v1.cursors_behind(l.text)'),
    ('event_set_aside', 'reason', 'WL001 reason', 'remit_worker_v1.event_set_aside(1, 1, l.text)'),
    ('entry_list', 'key_sha256', 'WL016', 'remit_v1.entry_list(1, pg_temp.id(11), null, 1, l.key)'),
    ('group_create', 'requests[]', 'WL001 requests', 'remit_v1.group_create(1, l.ids[1], array_fill(pg_temp.request(101, 11, 12, 1), array[1001]))'),
    ('group_create', 'requests[].currency', 'WL001 currency', 'pg_temp.group(pg_temp.request(101, 11, 12, 1, l.text))'),
    ('group_create', 'requests[].reference', 'WL001 reference', 'pg_temp.group(pg_temp.request(101, 11, 12, 1, reference => l.text))'),
    ('group_create', 'requests[].metadata', 'WL001 metadata', 'pg_temp.group(pg_temp.request(101, 11, 12, 1, metadata => l.json))'),
    ('group_create', 'requests[].request_id', 'WL001 request_id', 'pg_temp.group(pg_temp.request(101, 11, 12, 1, request_id => l.text))'),
    ('group_create', 'terms[]', 'WL001 terms', 'pg_temp.group(pg_temp.request(101, 11, 12, 1), array_fill(null::remit_v1.transfer_terms, array[20000]))'),
    ('group_create', 'key_sha256', 'WL016', 'pg_temp.group(pg_temp.request(101, 11, 12, 1), key => l.key)'),
    ('group_get', 'key_sha256', 'WL016', 'remit_v1.group_get(1, l.ids[1], l.key)'),
    ('hold_adjust', 'reference', 'WL001 reference', 'remit_v1.hold_adjust(1, l.ids[1], l.ids[2], 1, reference => l.text)'),
    ('hold_adjust', 'key_sha256', 'WL016', 'remit_v1.hold_adjust(1, l.ids[1], l.ids[2], 1, key_sha256 => l.key)'),
    ('hold_capture', 'reference', 'WL001 reference', 'remit_v1.hold_capture(1, l.ids[1], l.ids[2], 1, reference => l.text)'),
    ('hold_capture', 'metadata', 'WL001 metadata', 'remit_v1.hold_capture(1, l.ids[1], l.ids[2], 1, metadata => l.json)'),
    ('hold_capture', 'key_sha256', 'WL016', 'remit_v1.hold_capture(1, l.ids[1], l.ids[2], 1, key_sha256 => l.key)'),
    ('hold_create', 'currency', 'WL001 currency', 'remit_v1.hold_create(1, l.ids[1], pg_temp.id(11), 1, currency => l.text)'),
    ('hold_create', 'reference', 'WL001 reference', 'remit_v1.hold_create(1, l.ids[1], pg_temp.id(11), 1, reference => l.text)'),
    ('hold_create', 'metadata', 'WL001 metadata', 'remit_v1.hold_create(1, l.ids[1], pg_temp.id(11), 1, metadata => l.json)'),
    ('hold_create', 'key_sha256', 'WL016', 'remit_v1.hold_create(1, l.ids[1], pg_temp.id(11), 1, key_sha256 => l.key)'),
    ('hold_list', 'key_sha256', 'WL016', 'remit_v1.hold_list(1, pg_temp.id(11), null, null, 1, l.key)'),
    ('hold_release', 'reference', 'WL001 reference', 'remit_v1.hold_release(1, l.ids[1], l.ids[2], l.text)'),
    ('hold_release', 'key_sha256', 'WL016', 'remit_v1.hold_release(1, l.ids[1], l.ids[2], key_sha256 => l.key)'),
    ('holds_get', 'hold_ids[]', 'WL001 hold_ids', 'remit_v1.holds_get(1, l.ids)'),
    ('holds_get', 'key_sha256', 'WL016', 'remit_v1.holds_get(1, l.ids[1:1], l.key)'),
    ('key_create', 'request.name', 'WL001 name', 'remit_v1.key_create(1, (l.text, ''reader'', null, null)::remit_v1.key_request, ''a test'')'),
    ('key_create', 'reason', 'WL001 reason', 'remit_v1.key_create(1, (''x'', ''reader'', null, null)::remit_v1.key_request, l.text)'),
    ('key_create', 'key_sha256', 'WL016', 'remit_v1.key_create(1, (''x'', ''reader'', null, null)::remit_v1.key_request, ''a test'', l.key)'),
    ('key_list', 'key_sha256', 'WL016', 'remit_v1.key_list(1, null, null, 1, l.key)'),
    ('key_revoke', 'reason', 'WL001 reason', 'remit_v1.key_revoke(1, pg_temp.id(1), l.text)'),
    ('key_revoke', 'key_sha256', 'WL016', 'remit_v1.key_revoke(1, pg_temp.id(1), ''a test'', l.key)'),
    ('keys_get', 'ledger_ids[]', 'WL001 key_sha256s', 'remit_v1.keys_get(l.numbers, l.keys[1:10])'),
    ('keys_get', 'key_sha256s[]', 'WL001 key_sha256s', 'remit_v1.keys_get(l.numbers[1:10], l.keys)'),
    ('ledger_create', 'name', 'WL001 name', 'remit_v1.ledger_create(1, l.text, ''a test'')'),
    ('ledger_create', 'reason', 'WL001 reason', 'remit_v1.ledger_create(1, ''x'', l.text)'),
    ('ledger_create', 'key_sha256', 'WL016', 'remit_v1.ledger_create(1, ''x'', ''a test'', l.key)'),
    ('ledger_get', 'key_sha256', 'WL016', 'remit_v1.ledger_get(1, l.key)'),
    ('cursors_confirm', 'confirmed[]', 'WL001 confirmed', 'remit_worker_v1.cursors_confirm(array_fill((1, ''x'', 1)::remit_worker_v1.cursor, array[20000]))'),
    ('cursors_confirm', 'confirmed[].channel', '23514', 'remit_worker_v1.cursors_confirm(array[(1, l.text, 1)::remit_worker_v1.cursor])'),
    ('event_position_at', 'key_sha256', 'WL016', 'remit_v1.event_position_at(1, now(), l.key)'),
    ('events_get', 'types[]', 'WL001 types', 'remit_v1.events_get(1, 0, 1, array_fill(''x''::text, array[20000]))'),
    ('events_get', 'key_sha256', 'WL016', 'remit_v1.events_get(1, 0, 1, null, l.key)'),
    ('log_check', 'hash', 'WL001 hash', 'remit_ops_v1.log_check(1, 1, l.key)'),
    ('log_positions', 'ledger_ids[]', 'WL001 ledger_ids', 'remit_v1.log_positions(l.numbers)'),
    ('notifications_record', 'notifications[]', 'WL001 notifications',
        'remit_worker_v1.notifications_record(1, array_fill((l.ids[1], ''log'', ''x'', l.ids[1], 1)::remit_worker_v1.notification, array[20000]))'),
    ('notifications_record', 'notifications[].channel', '23514',
        'remit_worker_v1.notifications_record(1, array[(l.ids[1], l.text, ''x'', l.ids[1], 1)::remit_worker_v1.notification])'),
    ('notifications_record', 'notifications[].type', '23514',
        'remit_worker_v1.notifications_record(1, array[(l.ids[1], ''log'', l.text, l.ids[1], 1)::remit_worker_v1.notification])'),
    ('notifications_unsent', 'event_ids[]', 'WL001 event_ids', 'remit_worker_v1.notifications_unsent(1, l.ids)'),
    ('outbox_append', 'confirmed[]', 'WL001 confirmed',
        'remit_worker_v1.outbox_append(1, 0, array_fill((1, ''x'', 1)::remit_worker_v1.cursor, array[20000]))'),
    ('outbox_append', 'confirmed[].channel', '23514', 'remit_worker_v1.outbox_append(1, 0, array[(1, l.text, 1)::remit_worker_v1.cursor])'),
    ('prune', 'reason', 'WL001 reason', 'remit_ops_v1.prune(1, now(), 1, l.text)'),
    ('events_aside_remove', 'positions[]', 'WL001 positions', 'remit_ops_v1.events_aside_remove(1, array_fill(1::bigint, array[cardinality(l.ids)]), ''a test'')'),
    ('events_aside_remove', 'reason', 'WL001 reason', 'remit_ops_v1.events_aside_remove(1, ''{1}'', l.text)'),
    ('replay_begin', 'types[]', 'WL001 types', 'remit_ops_v1.replay_begin(1, ''2020-01-01'', ''2021-01-01'', array_fill(''transfer.posted''::text, array[cardinality(l.ids)]), ''a test'')'),
    ('replay_begin', 'reason', 'WL001 reason', 'remit_ops_v1.replay_begin(1, ''2020-01-01'', ''2021-01-01'', null, l.text)'),
    ('replay_record', 'event_ids[]', 'WL001 event_ids', 'remit_ops_v1.replay_record(1, l.ids, ''a test'')'),
    ('replay_record', 'reason', 'WL001 reason', 'remit_ops_v1.replay_record(1, l.ids[1:1], l.text)'),
    ('transfer_create', 'request.currency', 'WL001 currency', 'remit_v1.transfer_create(1, pg_temp.request(101, 11, 12, 1, l.text))'),
    ('transfer_create', 'request.reference', 'WL001 reference', 'remit_v1.transfer_create(1, pg_temp.request(101, 11, 12, 1, reference => l.text))'),
    ('transfer_create', 'request.metadata', 'WL001 metadata', 'remit_v1.transfer_create(1, pg_temp.request(101, 11, 12, 1, metadata => l.json))'),
    ('transfer_create', 'request.request_id', 'WL001 request_id', 'remit_v1.transfer_create(1, pg_temp.request(101, 11, 12, 1, request_id => l.text))'),
    ('transfer_create', 'key_sha256', 'WL016', 'remit_v1.transfer_create(1, pg_temp.request(101, 11, 12, 1), l.key)'),
    ('transfer_get', 'key_sha256', 'WL016', 'remit_v1.transfer_get(1, pg_temp.id(101), l.key)'),
    ('transfer_proof', 'key_sha256', 'WL016', 'remit_v1.transfer_proof(1, pg_temp.id(101), null, l.key)'),
    ('transfer_id', 'idempotency_key', 'WL001 idempotency_key', 'remit_v1.transfer_id(l.text)'),
    ('transfer_reverse', 'reference', 'WL001 reference', 'remit_v1.transfer_reverse(1, l.ids[1], l.ids[2], reference => l.text)'),
    ('transfer_reverse', 'metadata', 'WL001 metadata', 'remit_v1.transfer_reverse(1, l.ids[1], l.ids[2], metadata => l.json)'),
    ('transfer_reverse', 'key_sha256', 'WL016', 'remit_v1.transfer_reverse(1, l.ids[1], l.ids[2], key_sha256 => l.key)'),
    ('transfers_post', 'terms[]', 'WL001 terms',
        'remit_v1.transfers_post(1, array[pg_temp.request(101, 11, 12, 1)], null, array_fill(null::remit_v1.transfer_terms, array[20000]))'),
    ('transfers_post', 'requests[]', 'WL001 requests', 'remit_v1.transfers_post(1, array_fill(pg_temp.request(101, 11, 12, 1), array[1001]))'),
    ('transfers_post', 'requests[].currency', 'invalid_field currency', 'pg_temp.outcome(pg_temp.request(101, 11, 12, 1, l.text))'),
    ('transfers_post', 'requests[].reference', 'invalid_field reference', 'pg_temp.outcome(pg_temp.request(101, 11, 12, 1, reference => l.text))'),
    ('transfers_post', 'requests[].metadata', 'invalid_field metadata', 'pg_temp.outcome(pg_temp.request(101, 11, 12, 1, metadata => l.json))'),
    ('transfers_post', 'requests[].request_id', 'invalid_field request_id', 'pg_temp.outcome(pg_temp.request(101, 11, 12, 1, request_id => l.text))'),
    ('transfers_post', 'traceparents[]', 'WL001 traceparents',
        'remit_v1.transfers_post(1, array[pg_temp.request(101, 11, 12, 1)], traceparents => array[l.text])'),
    ('transfers_post', 'key_sha256s[]', 'WL001 key_sha256s', 'remit_v1.transfers_post(1, array[pg_temp.request(101, 11, 12, 1)], l.keys)'),
    ('user_create', 'request.name', 'WL001 name', 'remit_v1.user_create(1, (null, l.text, null, null, null)::remit_v1.user_request)'),
    ('user_create', 'request.email', 'WL001 email', 'remit_v1.user_create(1, (null, ''x'', ''a@'' || l.text, null, null)::remit_v1.user_request)'),
    ('user_create', 'request.reference', 'WL001 reference', 'remit_v1.user_create(1, (null, ''x'', null, l.text, null)::remit_v1.user_request)'),
    ('user_create', 'request.metadata', 'WL001 metadata', 'remit_v1.user_create(1, (null, ''x'', null, null, l.json)::remit_v1.user_request)'),
    ('user_create', 'key_sha256', 'WL016', 'remit_v1.user_create(1, (null, ''x'', null, null, null)::remit_v1.user_request, l.key)'),
    ('user_get', 'key_sha256', 'WL016', 'remit_v1.user_get(1, pg_temp.id(1), l.key)'),
    ('wallet_create', 'request.currency', 'WL008 currency', 'remit_v1.wallet_create(1, (null, pg_temp.id(1), l.text, 1, 0, null, null, null)::remit_v1.wallet_request)'),
    ('wallet_create', 'request.reference', 'WL001 reference', 'remit_v1.wallet_create(1, (null, pg_temp.id(1), ''USD'', 1, 0, l.text, null, null)::remit_v1.wallet_request)'),
    ('wallet_create', 'request.metadata', 'WL001 metadata', 'remit_v1.wallet_create(1, (null, pg_temp.id(1), ''USD'', 1, 0, null, l.json, null)::remit_v1.wallet_request)'),
    ('wallet_create', 'request.request_id', 'WL001 request_id', 'remit_v1.wallet_create(1, (null, pg_temp.id(1), ''USD'', 1, 0, null, null, l.text)::remit_v1.wallet_request)'),
    ('wallet_create', 'key_sha256', 'WL016', 'remit_v1.wallet_create(1, (null, pg_temp.id(1), ''USD'', 1, 0, null, null, null)::remit_v1.wallet_request, l.key)'),
    ('wallet_freeze', 'reason', 'WL001 reason', 'remit_ops_v1.wallet_freeze(1, pg_temp.id(11), l.text)'),
    ('wallet_freeze', 'key_sha256', 'WL016', 'remit_ops_v1.wallet_freeze(1, pg_temp.id(11), ''a test'', l.key)'),
    ('wallet_get', 'key_sha256', 'WL016', 'remit_v1.wallet_get(1, pg_temp.id(11), l.key)'),
    ('wallet_largest', 'currency', 'WL008 currency', 'remit_ops_v1.wallet_largest(1, l.text, 1)'),
    ('wallet_limits_get', 'key_sha256', 'WL016', 'remit_v1.wallet_limits_get(1, pg_temp.id(11), l.key)'),
    ('wallet_limits_set', 'reason', 'WL001 reason', 'remit_ops_v1.wallet_limits_set(1, pg_temp.id(11), null, null, l.text)'),
    ('wallet_limits_set', 'key_sha256', 'WL016', 'remit_ops_v1.wallet_limits_set(1, pg_temp.id(11), null, null, ''a test'', l.key)'),
    ('wallet_holds_get', 'key_sha256', 'WL016', 'remit_v1.wallet_holds_get(1, pg_temp.id(11), l.key)'),
    ('wallet_list', 'key_sha256', 'WL016', 'remit_v1.wallet_list(1, pg_temp.id(1), null, null, 1, l.key)'),
    ('wallet_unfreeze', 'reason', 'WL001 reason', 'remit_ops_v1.wallet_unfreeze(1, pg_temp.id(11), l.text)'),
    ('wallet_unfreeze', 'key_sha256', 'WL016', 'remit_ops_v1.wallet_unfreeze(1, pg_temp.id(11), ''a test'', l.key)'),
    ('webhook_create', 'request.url', 'WL001 url', 'remit_v1.webhook_create(1, (''https://h/'' || l.text, null, null)::remit_v1.webhook_request, ''a test'')'),
    ('webhook_create', 'request.types', 'WL001 types', 'remit_v1.webhook_create(1, (''https://h'', array_fill(''key.created''::text, array[20000]), null)::remit_v1.webhook_request, ''a test'')'),
    ('webhook_create', 'request.description', 'WL001 description', 'remit_v1.webhook_create(1, (''https://h'', null, l.text)::remit_v1.webhook_request, ''a test'')'),
    ('webhook_create', 'reason', 'WL001 reason', 'remit_v1.webhook_create(1, (''https://h'', null, null)::remit_v1.webhook_request, l.text)'),
    ('webhook_create', 'key_sha256', 'WL016', 'remit_v1.webhook_create(1, (''https://h'', null, null)::remit_v1.webhook_request, ''a test'', l.key)'),
    ('webhook_update', 'request.url', 'WL001 url', 'remit_v1.webhook_update(1, l.ids[1], (''https://h/'' || l.text, null, null)::remit_v1.webhook_request, ''{url}'', ''a test'')'),
    ('webhook_update', 'request.types', 'WL001 types', 'remit_v1.webhook_update(1, l.ids[1], (''https://h'', array_fill(''key.created''::text, array[20000]), null)::remit_v1.webhook_request, ''{types}'', ''a test'')'),
    ('webhook_update', 'request.description', 'WL001 description', 'remit_v1.webhook_update(1, l.ids[1], (''https://h'', null, l.text)::remit_v1.webhook_request, ''{description}'', ''a test'')'),
    ('webhook_update', 'members[]', 'WL001 members', 'remit_v1.webhook_update(1, l.ids[1], (''https://h'', null, null)::remit_v1.webhook_request, array_fill(''url''::remit_v1.webhook_member, array[20000]), ''a test'')'),
    ('webhook_update', 'reason', 'WL001 reason', 'remit_v1.webhook_update(1, l.ids[1], (''https://h'', null, null)::remit_v1.webhook_request, ''{url}'', l.text)'),
    ('webhook_update', 'key_sha256', 'WL016', 'remit_v1.webhook_update(1, l.ids[1], (''https://h'', null, null)::remit_v1.webhook_request, ''{url}'', ''a test'', l.key)'),
    ('webhook_replay', 'types[]', 'WL001 types', 'remit_v1.webhook_replay(1, l.ids[1], now(), null, array_fill(''key.created''::text, array[20000]), ''a test'')'),
    ('webhook_replay', 'reason', 'WL001 reason', 'remit_v1.webhook_replay(1, l.ids[1], now(), null, null, l.text)'),
    ('webhook_replay', 'key_sha256', 'WL016', 'remit_v1.webhook_replay(1, l.ids[1], now(), null, null, ''a test'', l.key)'),
    ('webhook_delete', 'reason', 'WL001 reason', 'remit_v1.webhook_delete(1, l.ids[1], l.text)'),
    ('webhook_delete', 'key_sha256', 'WL016', 'remit_v1.webhook_delete(1, l.ids[1], ''a test'', l.key)'),
    ('webhook_rotate', 'reason', 'WL001 reason', 'remit_v1.webhook_rotate(1, l.ids[1], l.text)'),
    ('webhook_rotate', 'key_sha256', 'WL016', 'remit_v1.webhook_rotate(1, l.ids[1], ''a test'', l.key)'),
    ('webhook_ping', 'reason', 'WL001 reason', 'remit_v1.webhook_ping(1, l.ids[1], l.text)'),
    ('webhook_ping', 'key_sha256', 'WL016', 'remit_v1.webhook_ping(1, l.ids[1], ''a test'', l.key)'),
    ('webhook_enable', 'reason', 'WL001 reason', 'remit_v1.webhook_enable(1, l.ids[1], l.text)'),
    ('webhook_enable', 'key_sha256', 'WL016', 'remit_v1.webhook_enable(1, l.ids[1], ''a test'', l.key)'),
    ('webhook_failure_retry', 'reason', 'WL001 reason', 'remit_v1.webhook_failure_retry(1, l.ids[1], 1, l.text)'),
    ('webhook_failure_retry', 'key_sha256', 'WL016', 'remit_v1.webhook_failure_retry(1, l.ids[1], 1, ''a test'', l.key)'),
    ('webhook_failure_list', 'key_sha256', 'WL016', 'remit_v1.webhook_failure_list(1, l.ids[1], null, 1, l.key)'),
    ('webhook_get', 'key_sha256', 'WL016', 'remit_v1.webhook_get(1, l.ids[1], l.key)'),
    ('webhook_list', 'key_sha256', 'WL016', 'remit_v1.webhook_list(1, l.key)'),
    ('webhooks_record', 'reports[]', 'WL001 reports', 'remit_worker_v1.webhooks_record(array_fill(null::remit_worker_v1.webhook_report, array[20000]))'),
    ('webhooks_record', 'reports[].settled', 'WL001 reports', 'remit_worker_v1.webhooks_record(array[(1, l.ids[1], 1, 1, null, null, null, false, null, null, null, null, array_fill(1::bigint, array[20001]), null)::remit_worker_v1.webhook_report])'),
    ('webhooks_record', 'reports[].failures', 'WL001 reports', 'remit_worker_v1.webhooks_record(array[(1, l.ids[1], 1, 1, null, null, null, false, null, null, null, null, null, array_fill(null::remit_worker_v1.webhook_failure, array[20000]))::remit_worker_v1.webhook_report])'),
    ('wallets_get', 'wallet_ids[]', 'WL001 wallet_ids', 'remit_v1.wallets_get(1, l.ids)'),
    ('wallets_get', 'key_sha256s[]', 'WL001 key_sha256s', 'remit_v1.wallets_get(1, l.ids[1:1], l.keys)');
select set_eq('select function, leaf from leaves', 'select function, leaf from calls', 'these are all that can be long');
-- transfers_post answers: its outcome is raised here as well.
create function pg_temp.answer(statement text) returns text language plpgsql as $$
declare
    answer text;
    field text;
begin
    execute format('select (select x::text from %s x limit 1) from pg_temp.long l', statement) into answer;
    return answer;
exception when others then
    get stacked diagnostics field = column_name;
    return concat_ws(' ', sqlstate, nullif(field, ''));
end;
$$;
select is(pg_temp.answer(statement), expected, function || ': ' || leaf) from calls;

select is(pg_temp.answer($$ remit_v1.transfers_post(1, array[pg_temp.request(101, 11, 12, 1, reference => repeat('x', 17000000))]) $$),
    'WL001 requests', 'what is very long is refused before a wallet is locked');

-- What has the longest allowed length is taken, in characters of four bytes where characters count.
select is(pg_temp.outcome(pg_temp.request(102, 11, 12, 1, reference => repeat('😀', 200), metadata => pg_temp.metadata_of(4096), request_id => repeat('x', 255))),
    'posted', 'the longest is posted');
select is((select count(*) from remit_v1.transfers_post(1, array(
        select pg_temp.request(n, 11, 12, 1, reference => repeat('😀', 200), metadata => pg_temp.metadata_of(4096), request_id => repeat('x', 255))
          from generate_series(1000, 1999) n)) where outcome in ('posted', 'insufficient_funds')),
    1000::bigint, 'also a thousand of them');
select is(pg_temp.outcome(pg_temp.request(103, 11, 12, 1, request_id => repeat('é', 128))), 'invalid_field request_id', 'a byte more is not');

-- ---- What tables keep ---------------------------------------------------------------------------

select is_empty(
    $$ select c.relname, a.attname
         from pg_attribute a
         join pg_class c on c.oid = a.attrelid and c.relkind = 'r' and c.relnamespace = 'remit'::regnamespace
         join pg_type t on t.oid = a.atttypid
        where a.attnum > 0 and t.typlen = -1
          -- A composite type none of whose attributes can be long.
          and not (t.typtype = 'c' and not exists (
                  select from pg_attribute x where x.attrelid = t.typrelid and x.attnum > 0 and x.attlen = -1))
          and not exists (
                  select from pg_constraint k
                   where (k.contypid = t.oid or (k.conrelid = c.oid and a.attnum = any (k.conkey)))
                     and (k.contype = 'f'
                          or pg_get_constraintdef(k.oid) ~ ('(length|octet_length|cardinality|pg_column_size)\(\(*(VALUE|' || a.attname || ')\M')
                          or pg_get_constraintdef(k.oid) like '%' || a.attname || ' ~ ''^[A-Z]{3}$''%')) $$,
    'a constraint bounds each column that can be long');

select * from finish();
rollback;
