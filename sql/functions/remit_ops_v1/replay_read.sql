create or replace function remit_ops_v1.replay_read(ledger_id bigint, after bigint, until bigint, event_limit integer)
    returns setof remit_v1.event
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- The events of a ledger's log after a position and up to another, in order, so many at most: for
-- who publishes them again.
--
-- Raises: WL001. Locks: nothing.
begin
    if replay_read.ledger_id is null then
        perform remit.field_refuse('ledger_id', 'not null');
    elsif replay_read.after is null or replay_read.after < 0 then
        perform remit.field_refuse('after', '0 or more');
    elsif replay_read.until is null or replay_read.until < replay_read.after then
        perform remit.field_refuse('until', 'after or more');
    elsif event_limit is null or event_limit not between 1 and 10000 then
        perform remit.field_refuse('event_limit', '1 to 10000');
    end if;
    return query
    select e.*
      from remit.log_slice(replay_read.ledger_id, replay_read.after, least(replay_read.until, replay_read.after + event_limit)) e;
end;
$$;

comment on function remit_ops_v1.replay_read(bigint, bigint, bigint, integer) is
    'The events of a ledger''s log after a position and up to another, for who publishes them again.';

grant execute on function remit_ops_v1.replay_read(bigint, bigint, bigint, integer) to remit_operator;
