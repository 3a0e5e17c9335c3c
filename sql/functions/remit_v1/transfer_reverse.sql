create or replace function remit_v1.transfer_reverse(
    ledger_id bigint, reversal_id uuid, transfer_id uuid, amount bigint default null, at_most boolean default false,
    reference text default null, metadata jsonb default null, key_sha256 bytea default null)
    returns remit_v1.transfer_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Reverses a transfer, a capture or a leg: the amount goes back, or all that is left, where it is
-- left out. With at_most, what is there goes back. The reversals of a transfer never exceed it.
--
-- A stored outcome, posted or rejected, is a result. What is not stored is an error.
--
-- Raises: as transfer_create. Locks: the wallets, for no key update, in order of id.
begin
    return remit_v1.transfer_create(
        transfer_reverse.ledger_id,
        (reversal_id, null, null, amount, null, reference, metadata, null)::remit_v1.transfer_request,
        transfer_reverse.key_sha256,
        ('reversal', transfer_id, null, null, at_most, null, null, null, null, null, null, null, null)::remit_v1.transfer_terms);
end;
$$;

comment on function remit_v1.transfer_reverse(bigint, uuid, uuid, bigint, boolean, text, jsonb, bytea) is
    'Reverses a transfer, for people in psql.';

grant execute on function remit_v1.transfer_reverse(bigint, uuid, uuid, bigint, boolean, text, jsonb, bytea)
   to remit_server, remit_operator;
