create or replace function remit_v1.hold_create(
    ledger_id bigint, hold_id uuid, source_id uuid, amount bigint, target_id uuid default null, currency text default null,
    expires_at timestamptz default null, expires_in integer default null, reference text default null,
    metadata jsonb default null, key_sha256 bytea default null)
    returns remit_v1.transfer_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Authorises a hold: the amount stays in the source, and is no longer available. With a target,
-- captures go there and nowhere else. Without expires_at or expires_in, in seconds, it never ends.
--
-- A stored outcome, posted or rejected, is a result. What is not stored is an error.
--
-- Raises: as transfer_create. Locks: the wallets, for no key update, in order of id.
begin
    return remit_v1.transfer_create(
        hold_create.ledger_id,
        (hold_id, source_id, target_id, amount, currency, reference, metadata, null)::remit_v1.transfer_request,
        hold_create.key_sha256,
        ('hold', null, null, null, null, expires_at, expires_in, null, null, null, null, null, null)::remit_v1.transfer_terms);
end;
$$;

comment on function remit_v1.hold_create(bigint, uuid, uuid, bigint, uuid, text, timestamptz, integer, text, jsonb, bytea) is
    'Authorises a hold, for people in psql.';

grant execute on function remit_v1.hold_create(bigint, uuid, uuid, bigint, uuid, text, timestamptz, integer, text, jsonb, bytea)
   to remit_server, remit_operator;
