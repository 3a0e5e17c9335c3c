create or replace function remit_ops_v1.wallet_limits_set(
    ledger_id bigint, wallet_id uuid, transfer_max bigint, daily_max bigint, reason text default null,
    key_sha256 bytea default null)
    returns remit_v1.wallet_limits
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Limits what may leave a wallet: by one transfer, and in total in any 24 hours. Null is no limit.
-- Minor units.
--
-- A new daily limit counts what has left already: the wallet's journal is read backwards for a day,
-- and for as many hours with entries as a day has, so that it does not matter whether the clock is
-- right now. Where there was one before, that is counted already.
--
-- Raises: WL001, WL002, WL016, WL017; 55P03 when the wallet stayed locked for lock_timeout.
-- Locks: the wallet, for no key update.
declare
    amount_max constant bigint := 9007199254740991;
    caller constant remit_v1.caller :=
        remit.caller_admit(wallet_limits_set.ledger_id, wallet_limits_set.key_sha256, 'administer');
    was_limited boolean;
    hours_counted constant integer := 25;
    hour_first bigint;
    hour_seen bigint;
    hours_seen integer := 0;
    entry record;
    version_next bigint;
    version_first bigint;
    changed remit.wallets;
begin
    perform remit.reason_check(wallet_limits_set.reason);
    if wallet_limits_set.transfer_max not between 0 and amount_max then
        perform remit.field_refuse('transfer_max', '0 to 9007199254740991');
    end if;
    if wallet_limits_set.daily_max not between 0 and amount_max then
        perform remit.field_refuse('daily_max', '0 to 9007199254740991');
    end if;
    perform remit_v1.wallet_get(wallet_limits_set.ledger_id, wallet_limits_set.wallet_id, wallet_limits_set.key_sha256);

    select w.daily_max is not null, w.version + 1, w.counted_from::bigint
      into strict was_limited, version_next, version_first
      from remit.wallets w
     where w.ledger_id = wallet_limits_set.ledger_id and w.id = wallet_limits_set.wallet_id
       for no key update;
    if wallet_limits_set.daily_max is null then
        version_first := null;
    elsif not was_limited then
        version_first := version_next;
        hour_first := remit.hour_number(clock_timestamp()) - 24;
        for entry in
            select t.source_version as version, remit.hour_number(t.created_at) as hour
              from remit.transfers t
             where t.ledger_id = wallet_limits_set.ledger_id
               and t.source_id = wallet_limits_set.wallet_id
               and t.source_version is not null
               -- What left: neither what is only held nor what was given back.
               and t.target_version is not null and (t.terms).kind is distinct from 'reversal'
             order by t.source_version desc
        loop
            if entry.hour is distinct from hour_seen then
                exit when entry.hour < hour_first and hours_seen >= hours_counted;
                hour_seen := entry.hour;
                hours_seen := hours_seen + 1;
            end if;
            version_first := entry.version;
        end loop;
    end if;
    update remit.wallets w
       set transfer_max = wallet_limits_set.transfer_max, daily_max = wallet_limits_set.daily_max,
           counted_from = version_first
     where w.ledger_id = wallet_limits_set.ledger_id and w.id = wallet_limits_set.wallet_id
    returning w.* into changed;
    perform remit.event_record(
        changed.ledger_id, 'wallet.limits_set', changed.id, remit.state_of_limits(changed),
        greatest(clock_timestamp(), changed.updated_at)); -- A wallet's events never go back in time.
    if not was_limited or wallet_limits_set.daily_max is null then
        delete from remit.spending s
         where s.ledger_id = wallet_limits_set.ledger_id and s.wallet_id = wallet_limits_set.wallet_id;
        insert into remit.spending (ledger_id, wallet_id, hour, amount, version_first)
        select wallet_limits_set.ledger_id, wallet_limits_set.wallet_id, remit.hour_number(t.created_at),
               least(sum(t.amount), amount_max),
               min(t.source_version)
          from remit.transfers t
         where t.ledger_id = wallet_limits_set.ledger_id
           and t.source_id = wallet_limits_set.wallet_id
           and t.source_version >= version_first -- None where it is null.
           and t.target_version is not null and (t.terms).kind is distinct from 'reversal'
         group by remit.hour_number(t.created_at);
    end if;

    perform remit.audit_record(
        wallet_limits_set.ledger_id, 'wallet_limits_set', array[wallet_limits_set.wallet_id], wallet_limits_set.reason,
        jsonb_build_object('transfer_max', wallet_limits_set.transfer_max, 'daily_max', wallet_limits_set.daily_max),
        caller.key_id);
    return remit_v1.wallet_limits_get(
        wallet_limits_set.ledger_id, wallet_limits_set.wallet_id, wallet_limits_set.key_sha256);
end;
$$;

comment on function remit_ops_v1.wallet_limits_set(bigint, uuid, bigint, bigint, text, bytea) is
    'Limits what may leave a wallet by one transfer and in any 24 hours.';

grant execute on function remit_ops_v1.wallet_limits_set(bigint, uuid, bigint, bigint, text, bytea)
   to remit_server, remit_operator;
