create or replace function remit_v1.transfer_create(
    ledger_id bigint, request remit_v1.transfer_request, key_sha256 bytea default null,
    terms remit_v1.transfer_terms default null)
    returns remit_v1.transfer_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Posts one transfer, for people in psql: transfers_post with one request, which waits for its
-- wallets.
--
-- A stored outcome, posted or rejected, is a result. What is not stored is an error.
--
-- terms has what it asks beyond a transfer, as for transfers_post: hold_create, hold_capture,
-- hold_adjust, hold_release and transfer_reverse are this with their terms.
--
-- Raises: WL001, WL002, WL004, WL005, WL006, WL016, WL017, WL019; 55P03 when a wallet stayed locked
-- for lock_timeout.
-- Locks: both wallets, for no key update, in order of id.
declare
    caller constant remit_v1.caller := remit.caller_admit(transfer_create.ledger_id, transfer_create.key_sha256, 'spend');
    meant remit_v1.transfer_request;
    result remit_v1.transfer_result;
    is_second boolean := false;
begin
    if pg_column_size(request) > 16777216 then -- As transfers_post, but before anything is locked.
        perform remit.field_refuse('request', 'at most 16 MiB');
    end if;
    select r.* into meant
      from unnest((remit.terms_resolve(transfer_create.ledger_id, array[request], array[terms], array[caller.user_id])).requests) r;
    -- A caller waits for no source that it does not see, and holds none up.
    if exists (
        select from remit.wallets w
         where w.ledger_id = transfer_create.ledger_id and w.id = meant.source_id
           and remit.caller_sees(caller.user_id, w.user_id)
    ) then
        perform remit.wallets_wait(transfer_create.ledger_id, array[meant.source_id, meant.target_id]);
    end if;
    loop
        begin
            select r.* into strict result
              from remit_v1.transfers_post(
                       transfer_create.ledger_id, array[request], array[transfer_create.key_sha256],
                       case when terms is distinct from null then array[terms] end) r;
        exception
            when unique_violation then
                -- Another session has just used the id for other wallets. Its row is visible to a
                -- second call.
                if is_second then
                    raise;
                end if;
                is_second := true;
                continue;
        end;
        -- Of more expired holds than one call writes, the next call writes more.
        exit when result.outcome <> 'wallet_busy' or not exists (
            select from remit.wallets w
             where w.ledger_id = transfer_create.ledger_id and w.id in (meant.source_id, meant.target_id)
               and w.held_until <= greatest(clock_timestamp(), w.updated_at));
    end loop;
    if not remit.outcome_is_stored(result.outcome) then
        perform remit.outcome_refuse(result.outcome, result.field);
    end if;
    return remit.transfer_seen(transfer_create.ledger_id, caller.user_id, result);
end;
$$;

comment on function remit_v1.transfer_create(bigint, remit_v1.transfer_request, bytea, remit_v1.transfer_terms) is
    'Posts one transfer. Raises what is not stored; a stored rejection is a result.';

grant execute on function remit_v1.transfer_create(bigint, remit_v1.transfer_request, bytea, remit_v1.transfer_terms) to remit_server, remit_operator;
