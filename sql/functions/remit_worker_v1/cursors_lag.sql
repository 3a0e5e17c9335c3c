create or replace function remit_worker_v1.cursors_lag(cursor_limit integer)
    returns setof remit_worker_v1.cursor_lag
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
    set jit = off
as $$
-- How far the cursors are behind the ends of their ledgers' logs, and since when the first event
-- after each has had its place (null where none is). So many of those with the largest lag, and a
-- row for all others of a channel, which has no ledger: so a program that shows them shows few. The
-- last row is that of the outbox, whose events have no place in a log yet.
--
-- Raises: WL001. Locks: nothing.
begin
    if cursor_limit is null or cursor_limit not between 1 and 1000 then
        perform remit.field_refuse('cursor_limit', '1 to 1000');
    end if;
    return query
    with lags as (
        select h.ledger_id, n.channel, h.position - coalesce(c.position, 0) as events, coalesce(c.position, 0) as position
          from (select l.ledger_id, b.position
                  from remit.ledgers l
                 cross join lateral (
                           select x.position from remit.log_blocks x
                            where x.ledger_id = l.ledger_id
                            order by x.position desc
                            limit 1) b) h
         cross join lateral (
                   select 'broker' as channel
                   union
                   select 'cache'
                   union
                   select k.channel from remit.cursors k where k.ledger_id = h.ledger_id) n
          left join remit.cursors c on c.ledger_id = h.ledger_id and c.channel = n.channel
    ), told as (
        select l.*, w.waits_since, row_number() over (order by l.events desc, l.ledger_id, l.channel) <= cursor_limit as is_shown
          from lags l
          left join lateral (
                   select b.created_at as waits_since
                     from remit.log_blocks b
                    where l.events > 0 and b.ledger_id = l.ledger_id and b.position > l.position
                    order by b.position
                    limit 1) w on true
    )
    select t.ledger_id, t.channel, t.events, t.waits_since
      from told t
     where t.is_shown
    union all
    select null, k.kind, sum(t.events)::bigint, min(t.waits_since)
      from told t
     cross join lateral (select split_part(t.channel, ':', 1) as kind) k
     where not t.is_shown
     group by k.kind
    union all
    select null, 'outbox', l.events, l.oldest_at
      from remit_v1.outbox_lag() l;
end;
$$;

comment on function remit_worker_v1.cursors_lag(integer) is
    'How far cursors are behind the ends of their ledgers'' logs: those with the largest lag, and all others together.';

grant execute on function remit_worker_v1.cursors_lag(integer) to remit_worker;
