create or replace function remit.wallets_wait(ledger_id bigint, wallet_ids uuid[])
    returns void
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- Waits for wallets that others hold, so that transfers_post need not skip them.
--
-- Raises: 55P03 when it waited for lock_timeout. Locks: the wallets, for no key update, in order of
-- id: two callers cannot deadlock.
begin
    perform from remit.wallets w
      where w.ledger_id = wallets_wait.ledger_id and w.id = any (wallets_wait.wallet_ids)
      order by w.id
        for no key update;
end;
$$;

comment on function remit.wallets_wait(bigint, uuid[]) is
    'Locks wallets in order of id, waiting for those that others hold.';
