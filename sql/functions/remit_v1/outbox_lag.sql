create or replace function remit_v1.outbox_lag()
    returns remit_v1.outbox_lag
    language sql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- How many events wait for their place in the log, and when the oldest and the newest were written
-- (null where none waits). The newest may be ahead of the clock, as the moments of wallets may be.
--
-- Raises: nothing. Locks: nothing.
    -- One pass: an index may hold much that is gone.
    select coalesce(sum(cardinality(o.types)), 0), min(o.created_at), max(o.created_at) from remit.outbox o;
$$;

comment on function remit_v1.outbox_lag() is
    'How many events wait for the relay, and when the oldest and the newest were written.';

grant execute on function remit_v1.outbox_lag() to remit_server, remit_operator;
