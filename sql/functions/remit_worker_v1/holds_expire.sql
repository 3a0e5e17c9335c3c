create or replace function remit_worker_v1.holds_expire(request_limit integer)
    returns bigint
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
    -- Compiled for an estimate that is large, a call would cost more than it saves.
    set jit = off
    -- The plan is kept; one made while the table is small must serve when it is large.
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
-- Writes the expiry of holds whose time has come, at most so many of the oldest, and says how many
-- it was. No answer needs it: whatever locks a wallet or reads it knows what has expired. It makes
-- the events timely, by the same step.
--
-- Raises: WL001. Locks: the wallets of the holds, for no key update, in order of id and without
-- waiting. Those that another session holds are left to the next call.
declare
    book record;
    admitted remit.admission;
    locked remit.locked_wallets;
    expired bigint := 0::bigint;
begin
    if request_limit is null or request_limit not between 1 and 1000 then
        perform remit.field_refuse('request_limit', '1 to 1000');
    end if;
    for book in
        select h.ledger_id, array_agg(distinct h.source_id) as wallet_ids
          from (select x.ledger_id, x.source_id
                  from remit.holds x
                 where x.is_open and x.expires_at <= clock_timestamp()
                 order by x.expires_at, x.id
                 limit request_limit) h
         group by h.ledger_id
         order by h.ledger_id
    loop
        admitted.requests := array(
            select (null::uuid, w.id, null::uuid, null::bigint, null::text, null::text, null::jsonb, null::text)::remit_v1.transfer_request
              from unnest(book.wallet_ids) as w (id));
        locked := remit.wallets_lock(book.ledger_id, admitted);
        perform remit.transfers_store(book.ledger_id, locked, (
            '{}', locked.balances, locked.versions, locked.helds, locked.held_untils)::remit.decision);
        expired := expired + coalesce(cardinality(locked.expired), 0);
    end loop;
    return expired;
end;
$$;

comment on function remit_worker_v1.holds_expire(integer) is
    'Writes the expiry of holds whose time has come, and says how many it was.';

grant execute on function remit_worker_v1.holds_expire(integer) to remit_worker;
