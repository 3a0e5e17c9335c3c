create or replace function remit_v1.hold_adjust(
    ledger_id bigint, adjustment_id uuid, hold_id uuid, amount bigint default null, expires_at timestamptz default null,
    expires_in integer default null, reference text default null, key_sha256 bytea default null)
    returns remit_v1.transfer_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Changes a hold. The amount is the new total, captures included: two callers that repeat do not
-- add up. The expiry may be moved alone.
--
-- A stored outcome, posted or rejected, is a result. What is not stored is an error.
--
-- Raises: as transfer_create. Locks: the wallets, for no key update, in order of id.
begin
    return remit_v1.transfer_create(
        hold_adjust.ledger_id,
        (adjustment_id, null, null, amount, null, reference, null, null)::remit_v1.transfer_request,
        hold_adjust.key_sha256,
        ('adjustment', hold_id, null, null, null, expires_at, expires_in, null, null, null, null, null, null)::remit_v1.transfer_terms);
end;
$$;

comment on function remit_v1.hold_adjust(bigint, uuid, uuid, bigint, timestamptz, integer, text, bytea) is
    'Changes the amount or the expiry of a hold, for people in psql.';

grant execute on function remit_v1.hold_adjust(bigint, uuid, uuid, bigint, timestamptz, integer, text, bytea)
   to remit_server, remit_operator;
