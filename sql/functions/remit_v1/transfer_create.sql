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
begin
    if pg_column_size(request) > 16777216 then -- As transfers_post, but before anything is locked.
        perform remit.field_refuse('request', 'at most 16 MiB');
    end if;
    return (remit.transfers_insist(
        transfer_create.ledger_id, array[request], case when terms is distinct from null then array[terms] end, caller))[1];
end;
$$;

comment on function remit_v1.transfer_create(bigint, remit_v1.transfer_request, bytea, remit_v1.transfer_terms) is
    'Posts one transfer. Raises what is not stored; a stored rejection is a result.';

grant execute on function remit_v1.transfer_create(bigint, remit_v1.transfer_request, bytea, remit_v1.transfer_terms) to remit_server, remit_operator;
