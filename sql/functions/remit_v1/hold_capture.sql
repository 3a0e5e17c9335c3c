create or replace function remit_v1.hold_capture(
    ledger_id bigint, capture_id uuid, hold_id uuid, amount bigint default null, target_id uuid default null,
    is_final boolean default true, may_exceed boolean default false, reference text default null,
    metadata jsonb default null, key_sha256 bytea default null)
    returns remit_v1.transfer_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Captures from a hold: all that remains, where the amount is left out. The rest is released unless
-- is_final is false. With may_exceed, more than remains is taken from what is available.
--
-- A stored outcome, posted or rejected, is a result. What is not stored is an error.
--
-- Raises: as transfer_create. Locks: the wallets, for no key update, in order of id.
begin
    return remit_v1.transfer_create(
        hold_capture.ledger_id,
        (capture_id, null, target_id, amount, null, reference, metadata, null)::remit_v1.transfer_request,
        hold_capture.key_sha256,
        ('capture', hold_id, is_final, may_exceed, null, null, null, null, null, null, null, null, null)::remit_v1.transfer_terms);
end;
$$;

comment on function remit_v1.hold_capture(bigint, uuid, uuid, bigint, uuid, boolean, boolean, text, jsonb, bytea) is
    'Captures from a hold, for people in psql.';

grant execute on function remit_v1.hold_capture(bigint, uuid, uuid, bigint, uuid, boolean, boolean, text, jsonb, bytea)
   to remit_server, remit_operator;
