create or replace function remit.wallet_moment(ledger_id bigint, user_id uuid)
    returns timestamptz
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
    -- The plan is kept; one made while the table is small must serve when it is large.
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
-- When a new wallet of a user is created: now, but after all wallets that the user has.
--
-- The user is locked until the wallet is committed. So the wallets of a user become visible in the
-- order in which they are listed: none appears behind a reader's cursor.
--
-- Raises: 55P03 when the user stayed locked for lock_timeout. Locks: the user, for no key update.
declare
    last_moment timestamptz;
begin
    perform from remit.users u
      where u.ledger_id = wallet_moment.ledger_id and u.id = wallet_moment.user_id
        for no key update;
    select w.created_at into last_moment
      from remit.wallets w
     where w.ledger_id = wallet_moment.ledger_id and w.user_id = wallet_moment.user_id
     order by w.created_at desc
     limit 1;
    return greatest(clock_timestamp(), last_moment + interval '1 microsecond');
end;
$$;

comment on function remit.wallet_moment(bigint, uuid) is
    'When a new wallet of a user is created: after all that the user has. Locks the user.';
