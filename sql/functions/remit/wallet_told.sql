create or replace function remit.wallet_told(wallet remit.wallets)
    returns remit_v1.wallet_result
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- A wallet as it is told now: what is held without what has expired, also before that is written.
--
-- Raises: nothing. Locks: nothing.
declare
    moment constant timestamptz := greatest(clock_timestamp(), wallet.updated_at);
    held bigint := wallet.held::bigint;
    held_until timestamptz := wallet.held_until;
begin
    if wallet.id is null then
        return null;
    end if;
    if held_until <= moment then
        select (held - coalesce(sum(x.remaining), 0))::bigint into held
          from (select h.amount - h.captured as remaining
                  from remit.holds h
                 where h.ledger_id = wallet.ledger_id and h.source_id = wallet.id and h.is_open and h.expires_at <= moment
                 order by h.expires_at, h.id -- The index has this order, and no other one would do.
                offset 0) x;
        held_until := (
            select h.expires_at
              from remit.holds h
             where h.ledger_id = wallet.ledger_id and h.source_id = wallet.id and h.is_open and h.expires_at > moment
             order by h.expires_at, h.id
             limit 1);
    end if;
    return (wallet.id, wallet.user_id, wallet.currency, wallet.balance, held, held_until, wallet.floor, wallet.status,
            wallet.version, wallet.status_version, wallet.reference, wallet.metadata, wallet.created_at, wallet.updated_at,
            false)::remit_v1.wallet_result;
end;
$$;

comment on function remit.wallet_told(remit.wallets) is
    'A wallet as it is told now: what is held without what has expired.';
