create or replace function remit_worker_v1.cursors_behind(channel text)
    returns setof remit_worker_v1.cursor
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- The cursors of a channel that are not at the end of their ledger's log. A ledger that has none is
-- at 0.
--
-- Raises: WL001. Locks: nothing.
begin
    if coalesce(octet_length(cursors_behind.channel), 0) not between 1 and 64 then
        perform remit.field_refuse('channel', '1 to 64 bytes');
    end if;
    return query
    select l.ledger_id, cursors_behind.channel, coalesce(c.position, 0)
      from remit.ledgers l
      left join remit.cursors c on c.ledger_id = l.ledger_id and c.channel = cursors_behind.channel
     where coalesce(c.position, 0) < remit.log_position(l.ledger_id)
     order by l.ledger_id;
end;
$$;

comment on function remit_worker_v1.cursors_behind(text) is
    'The cursors of a channel that are not at the end of their ledger''s log.';

grant execute on function remit_worker_v1.cursors_behind(text) to remit_worker;
