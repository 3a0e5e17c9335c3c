create or replace function remit_v1.wallets_get(
    ledger_id bigint, wallet_ids uuid[], key_sha256s bytea[] default null)
    returns setof remit_v1.wallet_result
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
-- One row for each id, in order: the wallet, or nulls where there is none that the caller sees
-- (caller_sees).
--
-- key_sha256s has the caller of each id; where it is null, or one of its elements is, the session
-- itself is the caller.
--
-- Raises: WL001, WL016 if any of the keys is not valid. Locks: nothing.
declare
    wallet_count constant integer := coalesce(cardinality(wallet_ids), 0);
    keys constant bytea[] := coalesce(key_sha256s, array_fill(null::bytea, array[wallet_count]));
    key bytea;
    caller remit_v1.caller;
    user_ids uuid[] := array_fill(null::uuid, array[wallet_count]); -- Whom each caller is bound to.
begin
    if wallet_count > 1000 then
        perform remit.field_refuse('wallet_ids', 'at most 1000');
    elsif cardinality(keys) <> wallet_count then
        perform remit.field_refuse('key_sha256s', 'one for each wallet');
    end if;
    for key in select distinct k.sha256 from unnest(keys) as k (sha256) loop
        caller := remit.caller_admit(wallets_get.ledger_id, key, 'read');
        if caller.user_id is not null then
            user_ids := array(
                select case when k.sha256 = key then caller.user_id else k.user_id end
                  from unnest(keys, user_ids) with ordinality as k (sha256, user_id, place)
                 order by k.place);
        end if;
    end loop;

    return query
    select w.id, w.user_id, w.currency, w.balance::bigint,
           coalesce(t.held, w.held), case when t.id is null then w.held_until else t.held_until end, w.floor::bigint, w.status,
           w.version::bigint, w.status_version::bigint, w.reference::text, w.metadata::jsonb,
           w.created_at, w.updated_at, false
      from unnest(wallet_ids, user_ids) with ordinality as r (id, user_id, place)
           -- One lookup for each: also by a plan that was made for an empty table.
           left join lateral (
               select l.* from remit.wallets l
                where l.ledger_id = wallets_get.ledger_id and l.id = r.id and remit.caller_sees(r.user_id, l.user_id)
               offset 0) w on true
           -- Only where a hold has ended since: else each wallet would pay for a call.
           left join lateral (
               select x.* from remit.wallet_told(w) x where w.held_until <= greatest(clock_timestamp(), w.updated_at)) t on true
     order by r.place;
end;
$$;

comment on function remit_v1.wallets_get(bigint, uuid[], bytea[]) is
    'One row for each id, in order: the wallet, or nulls where there is none that the caller may see.';

grant execute on function remit_v1.wallets_get(bigint, uuid[], bytea[]) to remit_server, remit_operator;
