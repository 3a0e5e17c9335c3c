create or replace function remit.webhook_failure_told(failure remit.webhook_failures)
    returns remit_v1.webhook_failure
    language sql
    immutable
    set search_path = pg_catalog, pg_temp
as $$
-- What a caller is told of an event that failed.
--
-- Raises: nothing. Locks: nothing.
    select failure.position, failure.event_id, failure.type::text, failure.attempts, failure.is_aside, failure.next_at,
           failure.outcome, failure.answer_status, failure.failed_at;
$$;

comment on function remit.webhook_failure_told(remit.webhook_failures) is
    'What a caller is told of an event that failed.';
