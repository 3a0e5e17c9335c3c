create or replace function remit_v1.hold_list(
    ledger_id bigint, wallet_id uuid, is_open boolean, before_version bigint, request_limit integer,
    key_sha256 bytea default null)
    returns setof remit_v1.hold
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
    -- Compiled for an estimate that is large, a call would cost more than it saves.
    set jit = off
as $$
-- A page of a wallet's holds, newest first: those that were authorised before a version of the
-- wallet, or the newest where it is null. is_open chooses those that are open or closed now; null
-- is all of them.
--
-- Versions of a wallet come in the order of commits: no hold appears behind a reader's cursor.
--
-- Raises: WL001, WL002, WL016. Locks: nothing.
declare
    before_bound constant bigint := coalesce(before_version, 9223372036854775807);
    moment constant timestamptz := clock_timestamp();
begin
    if request_limit is null or request_limit not between 1 and 1000 then
        perform remit.field_refuse('request_limit', '1 to 1000');
    end if;
    perform remit_v1.wallet_get(hold_list.ledger_id, hold_list.wallet_id, hold_list.key_sha256);

    if hold_list.is_open then -- By an index of the open ones alone.
        return query
        select t.*
          from remit.holds h
         cross join lateral remit.hold_told(h, moment) t
         where h.ledger_id = hold_list.ledger_id and h.source_id = hold_list.wallet_id
           and h.created_version < before_bound
           and h.is_open and not coalesce(h.expires_at <= moment, false)
         order by h.created_version desc
         limit request_limit;
    else
        return query
        select t.*
          from remit.holds h
         cross join lateral remit.hold_told(h, moment) t
         where h.ledger_id = hold_list.ledger_id and h.source_id = hold_list.wallet_id
           and h.created_version < before_bound
           and (hold_list.is_open is null or not h.is_open or h.expires_at <= moment)
         order by h.created_version desc
         limit request_limit;
    end if;
end;
$$;

comment on function remit_v1.hold_list(bigint, uuid, boolean, bigint, integer, bytea) is
    'A page of a wallet''s holds, newest first, before a version.';

grant execute on function remit_v1.hold_list(bigint, uuid, boolean, bigint, integer, bytea) to remit_server, remit_operator;
