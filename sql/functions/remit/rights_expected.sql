create or replace function remit.rights_expected()
    returns table (role text, privilege text, object text)
    language sql
    immutable
    set search_path = pg_catalog, pg_temp
as $$
-- What each role may do with what is Remit's, and no role else, nor public. One list: each
-- migration is refused unless the catalog agrees with it.
--
-- Raises: nothing. Locks: nothing.
    select r.role, 'EXECUTE', 'remit_' || f.signature
      from (values ('remit_server'), ('remit_operator')) as r (role),
           (values
            ('v1.entry_list(bigint,uuid,bigint,integer,bytea)'),
            ('v1.event_position_at(bigint,timestamp with time zone,bytea)'),
            ('v1.events_get(bigint,bigint,integer,text[],bytea)'),
            ('v1.group_create(bigint,uuid,remit_v1.transfer_request[],remit_v1.transfer_terms[],bytea)'),
            ('v1.group_get(bigint,uuid,bytea)'),
            ('v1.hold_adjust(bigint,uuid,uuid,bigint,timestamp with time zone,integer,text,bytea)'),
            ('v1.hold_capture(bigint,uuid,uuid,bigint,uuid,boolean,boolean,text,jsonb,bytea)'),
            ('v1.hold_create(bigint,uuid,uuid,bigint,uuid,text,timestamp with time zone,integer,text,jsonb,bytea)'),
            ('v1.hold_list(bigint,uuid,boolean,bigint,integer,bytea)'),
            ('v1.hold_release(bigint,uuid,uuid,text,bytea)'),
            ('v1.holds_get(bigint,uuid[],bytea)'),
            ('v1.key_create(bigint,remit_v1.key_request,text,bytea)'),
            ('v1.key_list(bigint,timestamp with time zone,uuid,integer,bytea)'),
            ('v1.key_revoke(bigint,uuid,text,bytea)'),
            ('v1.ledger_create(bigint,text,text,bytea)'),
            ('v1.ledger_get(bigint,bytea)'),
            ('v1.leg_id(uuid,integer)'),
            ('v1.outbox_lag()'),
            ('v1.transfer_create(bigint,remit_v1.transfer_request,bytea,remit_v1.transfer_terms)'),
            ('v1.transfer_get(bigint,uuid,bytea)'),
            ('v1.transfer_proof(bigint,uuid,bigint,bytea)'),
            ('v1.transfer_id(text)'),
            ('v1.transfer_reverse(bigint,uuid,uuid,bigint,boolean,text,jsonb,bytea)'),
            ('v1.transfers_post(bigint,remit_v1.transfer_request[],bytea[],remit_v1.transfer_terms[],boolean,text[])'),
            ('v1.user_create(bigint,remit_v1.user_request,bytea)'),
            ('v1.user_get(bigint,uuid,bytea)'),
            ('v1.wallet_create(bigint,remit_v1.wallet_request,bytea)'),
            ('v1.wallet_get(bigint,uuid,bytea)'),
            ('v1.wallet_holds_get(bigint,uuid,bytea)'),
            ('v1.wallet_limits_get(bigint,uuid,bytea)'),
            ('v1.wallet_list(bigint,uuid,timestamp with time zone,uuid,integer,bytea)'),
            ('v1.wallets_get(bigint,uuid[],bytea[])'),
            ('v1.webhook_create(bigint,remit_v1.webhook_request,text,bytea)'),
            ('v1.webhook_delete(bigint,uuid,text,bytea)'),
            ('v1.webhook_enable(bigint,uuid,text,bytea)'),
            ('v1.webhook_failure_list(bigint,uuid,bigint,integer,bytea)'),
            ('v1.webhook_failure_retry(bigint,uuid,bigint,text,bytea)'),
            ('v1.webhook_get(bigint,uuid,bytea)'),
            ('v1.webhook_list(bigint,bytea)'),
            ('v1.webhook_ping(bigint,uuid,text,bytea)'),
            ('v1.webhook_replay(bigint,uuid,timestamp with time zone,timestamp with time zone,text[],text,bytea)'),
            ('v1.webhook_rotate(bigint,uuid,text,bytea)'),
            ('v1.webhook_update(bigint,uuid,remit_v1.webhook_request,remit_v1.webhook_member[],text,bytea)'),
            ('ops_v1.wallet_freeze(bigint,uuid,text,bytea)'),
            ('ops_v1.wallet_limits_set(bigint,uuid,bigint,bigint,text,bytea)'),
            ('ops_v1.wallet_unfreeze(bigint,uuid,text,bytea)')) as f (signature)
    union all
    select f.role, 'EXECUTE', f.signature
      from (values
            ('remit_server', 'remit_v1.keys_get(bigint[],bytea[])'),
            ('remit_server', 'remit_v1.log_positions(bigint[])'),
            ('remit_server', 'remit_ops_v1.cache_close()'),
            ('remit_server', 'remit_ops_v1.cache_open(bigint,text)'),
            ('remit_server', 'remit_ops_v1.cache_state()'),
            ('remit_server', 'remit_ops_v1.standstill()'),
            ('remit_worker', 'remit_ops_v1.cache_close()'),
            ('remit_worker', 'remit_ops_v1.cache_state()'),
            ('remit_worker', 'remit_ops_v1.log_head(bigint)'),
            ('remit_worker', 'remit_ops_v1.standstill()'),
            ('remit_worker', 'remit_worker_v1.webhook_failures_read(bigint,uuid)'),
            ('remit_worker', 'remit_worker_v1.webhooks_lead()'),
            ('remit_worker', 'remit_worker_v1.webhooks_read()'),
            ('remit_worker', 'remit_worker_v1.webhooks_record(remit_worker_v1.webhook_report[])'),
            ('remit_operator', 'remit_ops_v1.cache_close()'),
            ('remit_operator', 'remit_ops_v1.cache_state()'),
            ('remit_operator', 'remit_ops_v1.events_aside()'),
            ('remit_operator', 'remit_ops_v1.events_aside_remove(bigint,bigint[],text)'),
            ('remit_operator', 'remit_ops_v1.replay_begin(bigint,timestamp with time zone,timestamp with time zone,text[],text,boolean)'),
            ('remit_operator', 'remit_ops_v1.replay_read(bigint,bigint,bigint,integer)'),
            ('remit_operator', 'remit_ops_v1.standstill()'),
            ('remit_operator', 'remit_ops_v1.log_check(bigint,bigint,bytea)'),
            ('remit_operator', 'remit_ops_v1.log_head(bigint)'),
            ('remit_operator', 'remit_ops_v1.prune(bigint,timestamp with time zone,integer,text)'),
            ('remit_operator', 'remit_ops_v1.replay_record(bigint,uuid[],text)'),
            ('remit_operator', 'remit_ops_v1.verify(bigint)'),
            ('remit_operator', 'remit_ops_v1.wallet_largest(bigint,text,integer)'),
            ('remit_auditor', 'remit_ops_v1.log_check(bigint,bigint,bytea)'),
            ('remit_auditor', 'remit_ops_v1.log_head(bigint)'),
            ('remit_auditor', 'remit_ops_v1.verify(bigint)'),
            ('remit_auditor', 'remit_ops_v1.wallet_largest(bigint,text,integer)'),
            ('remit_worker', 'remit_worker_v1.holds_expire(integer)'),
            ('remit_worker', 'remit_worker_v1.notifications_record(bigint,remit_worker_v1.notification[])'),
            ('remit_worker', 'remit_worker_v1.notifications_unsent(bigint,uuid[])'),
            ('remit_worker', 'remit_worker_v1.outbox_mark()'),
            ('remit_worker', 'remit_worker_v1.outbox_append(integer,bigint,remit_worker_v1.cursor[])'),
            ('remit_worker', 'remit_worker_v1.log_read(bigint,bigint,integer)'),
            ('remit_worker', 'remit_worker_v1.cursors_behind(text)'),
            ('remit_worker', 'remit_worker_v1.cursors_lag(integer)'),
            ('remit_worker', 'remit_worker_v1.cursors_confirm(remit_worker_v1.cursor[])'),
            ('remit_worker', 'remit_worker_v1.event_set_aside(bigint,bigint,text)'),
            ('remit_worker', 'remit_worker_v1.outbox_rise(bigint,remit_worker_v1.outbox_mark)'),
            ('remit_worker', 'remit_worker_v1.relay_is_active()'),
            ('remit_worker', 'remit_worker_v1.relay_lead()'),
            ('remit_worker', 'remit_worker_v1.relay_report(boolean)')) as f (role, signature)
    union all
    values
        ('remit_server', 'USAGE', 'remit_v1'), ('remit_server', 'USAGE', 'remit_ops_v1'),
        ('remit_worker', 'USAGE', 'remit_worker_v1'), ('remit_worker', 'USAGE', 'remit_ops_v1'),
        ('remit_operator', 'USAGE', 'remit_v1'), ('remit_operator', 'USAGE', 'remit_ops_v1'),
        ('remit_auditor', 'USAGE', 'remit'), ('remit_auditor', 'USAGE', 'remit_ops_v1'),
        ('remit_auditor', 'SELECT', 'remit.entries'), ('remit_auditor', 'SELECT', 'remit.audit_log');
$$;

comment on function remit.rights_expected() is
    'What each role may do with what is Remit''s, and no role else.';
