create or replace function remit_v1.transfer_id(idempotency_key text)
    returns uuid
    language plpgsql
    immutable
    strict
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- The id that an idempotency key names: a UUID names itself, any other key the UUIDv8 of its
-- SHA-256.
--
-- HTTP derives ids in the same way, so a transfer begun through one door can be retried at the
-- other.
--
-- Raises: WL001. Locks: nothing.
begin
    if octet_length(idempotency_key) > 255 or idempotency_key !~ '^[ -~]{1,255}$' then
        perform remit.field_refuse('idempotency_key', '1 to 255 printable ASCII characters');
    end if;
    if idempotency_key ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then
        return idempotency_key::uuid;
    end if;
    return remit.uuid_v8(sha256(convert_to(idempotency_key, 'UTF8')));
end;
$$;

comment on function remit_v1.transfer_id(text) is
    'The transfer id that an idempotency key names: a UUID itself, else the UUIDv8 of its SHA-256.';

grant execute on function remit_v1.transfer_id(text) to remit_server, remit_operator;
