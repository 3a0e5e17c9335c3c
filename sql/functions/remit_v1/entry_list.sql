create or replace function remit_v1.entry_list(
    ledger_id bigint, wallet_id uuid, before_version bigint, request_limit integer, key_sha256 bytea default null)
    returns setof remit_v1.entry
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
    -- Compiled for an estimate that is large, a call would cost more than it saves.
    set jit = off
as $$
-- A page of a wallet's statement, newest first: the entries before a version, or the newest where
-- it is null.
--
-- Each side reads its own partial index backwards and stops at the limit.
--
-- Raises: WL001, WL002, WL016. Locks: nothing.
declare
    before_bound constant bigint := coalesce(before_version, 9223372036854775807);
begin
    if request_limit is null or request_limit not between 1 and 1000 then
        perform remit.field_refuse('request_limit', '1 to 1000');
    end if;
    perform remit_v1.wallet_get(entry_list.ledger_id, entry_list.wallet_id, entry_list.key_sha256);

    return query
    (select t.id, t.source_version, case when t.target_version is null then 0 else -t.amount end, t.source_balance,
            t.target_id, t.reference::text, t.created_at, (t.terms).kind, coalesce((t.effect).source_held, 0)
       from remit.transfers t
      where t.ledger_id = entry_list.ledger_id
        and t.source_id = entry_list.wallet_id
        and t.source_version < before_bound
      order by t.source_version desc
      limit request_limit)
    union all
    (select t.id, t.target_version, t.amount, t.target_balance, t.source_id, t.reference::text, t.created_at,
            (t.terms).kind, coalesce((t.effect).target_held, 0)
       from remit.transfers t
      where t.ledger_id = entry_list.ledger_id
        and t.target_id = entry_list.wallet_id
        and t.target_version < before_bound
      order by t.target_version desc
      limit request_limit)
    order by 2 desc
    limit request_limit;
end;
$$;

comment on function remit_v1.entry_list(bigint, uuid, bigint, integer, bytea) is
    'A page of a wallet''s statement, newest first, before a version.';

grant execute on function remit_v1.entry_list(bigint, uuid, bigint, integer, bytea) to remit_server, remit_operator;
