create or replace function remit.isolation_refuse()
    returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
-- Refuses a transaction that does not see what is committed now: in its snapshot a key that was
-- revoked is valid for ever.
--
-- Raises: 25000. Locks: nothing.
begin
    raise exception using
        errcode = 'invalid_transaction_state', message = 'the transaction does not see what is committed now',
        detail  = jsonb_build_object('isolation', current_setting('transaction_isolation'))::text,
        hint    = 'Begin the transaction with: begin isolation level read committed.';
end;
$$;

comment on function remit.isolation_refuse() is
    'Raises 25000 for a transaction whose isolation level is above read committed.';
