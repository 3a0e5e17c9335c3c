create or replace function remit_ops_v1.standstill()
    returns remit_ops_v1.standstill
    language sql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- What does not get on, though all servers may answer.
--
-- Events wait when the oldest of them was written more than 10 s ago and has no place in the log
-- yet, or has had its place for so long and is not confirmed by the broker: the relay does both
-- within milliseconds, and a recovery takes less than 5 s. The archive fails when the last attempt
-- to archive a file of the write-ahead log failed; PostgreSQL tries it again for ever, and keeps
-- the file. The active relay says whether the broker takes nothing.
--
-- Raises: nothing. Locks: nothing.
    select coalesce((select o.created_at < clock_timestamp() - interval '10 s'
                       from remit.outbox o
                      order by o.id
                      limit 1), false)
           or exists (select
                        from remit_worker_v1.cursors_behind('broker') c
                       where (select b.created_at < clock_timestamp() - interval '10 s'
                                from remit.log_blocks b
                               where b.ledger_id = c.ledger_id and b.position > c.position
                               order by b.position
                               limit 1)),
           coalesce(a.last_failed_time > coalesce(a.last_archived_time, '-infinity'), false),
           r.broker_blocked and h.pid is not null,
           (select least(count(*), 10000)::integer from (select from remit.events_aside limit 10000) a)
      from pg_stat_archiver a, remit.relay r, remit.relay_holder() as h (pid);
$$;

comment on function remit_ops_v1.standstill() is
    'Whether events wait for longer than 10 s, the archive of the log fails, or the broker takes nothing, and how many events are set aside.';

grant execute on function remit_ops_v1.standstill() to remit_server, remit_worker, remit_operator;
