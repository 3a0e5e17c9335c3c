create or replace function remit.log_position(ledger_id bigint)
    returns bigint
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- The position of the last event of a ledger's log; 0 where it is empty.
--
-- Raises: nothing. Locks: nothing.
    select coalesce((select b.position
                       from remit.log_blocks b
                      where b.ledger_id = log_position.ledger_id
                      order by b.position desc
                      limit 1), 0);
$$;

comment on function remit.log_position(bigint) is
    'The position of the last event of a ledger''s log.';
