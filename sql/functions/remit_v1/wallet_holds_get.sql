create or replace function remit_v1.wallet_holds_get(ledger_id bigint, wallet_id uuid, key_sha256 bytea default null)
    returns remit_v1.wallet_holds
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
-- One wallet, if the caller sees it (caller_sees), and its open holds, newest first: at most 1,000
-- of them.
--
-- One statement reads both, so that what the wallet has held is the sum of the holds.
--
-- Raises: WL002, WL016. Locks: nothing.
declare
    caller constant remit_v1.caller := remit.caller_admit(wallet_holds_get.ledger_id, wallet_holds_get.key_sha256, 'read');
    result remit_v1.wallet_holds;
begin
    -- The moment of the holds is the wallet's: what ends before the wallet's held_until has ended.
    select t.wallet,
           array(
               select remit.hold_told(h, '-infinity')
                 from remit.holds h
                where h.ledger_id = wallet_holds_get.ledger_id and h.source_id = wallet_holds_get.wallet_id and h.is_open
                  and (h.expires_at is null or h.expires_at >= (t.wallet).held_until)
                order by h.created_version desc
                limit 1000)
      into result
      from (select remit.wallet_told(w) as wallet
              from remit.wallets w
             where w.ledger_id = wallet_holds_get.ledger_id and w.id = wallet_holds_get.wallet_id
               and remit.caller_sees(caller.user_id, w.user_id)
            offset 0) t;
    if not found then
        raise exception using
            errcode = 'WL002', message = 'wallet not found', column = 'wallet_id',
            detail  = jsonb_build_object('wallet_id', wallet_holds_get.wallet_id)::text;
    end if;
    return result;
end;
$$;

comment on function remit_v1.wallet_holds_get(bigint, uuid, bytea) is
    'One wallet and its open holds, newest first, as of one moment.';

grant execute on function remit_v1.wallet_holds_get(bigint, uuid, bytea) to remit_server, remit_operator;
