create or replace function remit.states_verify(ledger_id bigint, slice_rows integer default 200000)
    returns setof remit_ops_v1.violation
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_sort = off
    set work_mem = '64MB'
    set jit = off
as $$
-- Holds a ledger's users, wallets, keys and acts of operators against its log and its outbox. A row
-- per violation.
--
-- The last event of each has to have the digest that follows from its row. Digests are enough: what
-- was pruned of the log is not asked for. Rows and events are summed up by slice, as in log_verify;
-- only where the sums differ, because something is wrong or an older event was followed by another,
-- a slice is looked at row by row, which goes over the log again. So memory does not grow with the
-- ledger.
--
-- Raises: nothing. Locks: nothing.
declare
    ledger constant bigint := states_verify.ledger_id;
    salt constant bytea := uuid_send(gen_random_uuid());
    slices integer;
    part record;
begin
    select 1::integer + coalesce(max(c.count) / slice_rows, 0)::integer into slices
      from (select count(*) from remit.states_found(ledger) d where not d.is_initial group by d.state) c;
    for part in
        select s.state, s.slice
          from (select d.state, remit.states_slice(d.subject_id, slices) as slice,
                       sum(remit.link_number(salt, d.subject_id, d.state, d.digest)) as sum
                  from remit.states_found(ledger) d
                 where not d.is_initial
                 group by 1, 2
                union all
                select e.state, remit.states_slice(e.subject_id, slices),
                       -sum(remit.link_number(salt, e.subject_id, e.state, coalesce(e.digest, '')))
                  from remit.states_logged(ledger) e
                 group by 1, 2) s
         group by s.state, s.slice
        having sum(s.sum) <> 0
         order by s.state, s.slice
    loop
        return query
        select v.* from remit.states_slice_verify(ledger, part.state, part.slice, slices) v;
        perform remit.progress_tell(ledger, format('%s, slice %s of %s looked at row by row', part.state, part.slice + 1, slices));
    end loop;
end;
$$;

comment on function remit.states_verify(bigint, integer) is
    'Holds a ledger''s users, wallets, keys and acts of operators against its log. A row per violation.';
