create or replace function remit_v1.hold_release(
    ledger_id bigint, release_id uuid, hold_id uuid, reference text default null, key_sha256 bytea default null)
    returns remit_v1.transfer_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Releases a hold: what remains is available again.
--
-- A stored outcome, posted or rejected, is a result. What is not stored is an error.
--
-- Raises: as transfer_create. Locks: the wallets, for no key update, in order of id.
begin
    return remit_v1.transfer_create(
        hold_release.ledger_id,
        (release_id, null, null, null, null, reference, null, null)::remit_v1.transfer_request,
        hold_release.key_sha256,
        ('release', hold_id, null, null, null, null, null, null, null, null, null, null, null)::remit_v1.transfer_terms);
end;
$$;

comment on function remit_v1.hold_release(bigint, uuid, uuid, text, bytea) is
    'Releases a hold, for people in psql.';

grant execute on function remit_v1.hold_release(bigint, uuid, uuid, text, bytea)
   to remit_server, remit_operator;
