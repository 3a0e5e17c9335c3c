create or replace function remit_v1.event_position_at(ledger_id bigint, moment timestamptz, key_sha256 bytea default null)
    returns bigint
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- The position at which to begin with a ledger's log so that no event of a moment or later is
-- missed; where there is none yet, that of the next one.
--
-- Raises: WL001, WL016, WL017. Locks: nothing.
begin
    perform remit.caller_admit(event_position_at.ledger_id, event_position_at.key_sha256, 'observe');
    if moment is null then
        perform remit.field_refuse('moment', 'not null');
    end if;
    return remit.log_position_at(event_position_at.ledger_id, moment);
end;
$$;

comment on function remit_v1.event_position_at(bigint, timestamptz, bytea) is
    'The position at which to begin with a ledger''s log so that no event of a moment or later is missed.';

grant execute on function remit_v1.event_position_at(bigint, timestamptz, bytea) to remit_server, remit_operator;
