create or replace function remit_worker_v1.log_read(ledger_id bigint, after bigint, event_limit integer)
    returns setof remit_v1.event
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- The events of a ledger's log after a position, in order.
--
-- Raises: WL001. Locks: nothing.
begin
    if log_read.ledger_id is null then
        perform remit.field_refuse('ledger_id', 'not null');
    elsif log_read.after is null or log_read.after < 0 then
        perform remit.field_refuse('after', '0 or more');
    elsif log_read.event_limit is null or log_read.event_limit not between 1 and 10000 then
        perform remit.field_refuse('event_limit', '1 to 10000');
    end if;
    return query
    select e.* from remit.log_slice(log_read.ledger_id, log_read.after, log_read.after + log_read.event_limit) e;
end;
$$;

comment on function remit_worker_v1.log_read(bigint, bigint, integer) is
    'The events of a ledger''s log after a position, in order.';

grant execute on function remit_worker_v1.log_read(bigint, bigint, integer) to remit_worker;
