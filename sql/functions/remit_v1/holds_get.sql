create or replace function remit_v1.holds_get(ledger_id bigint, hold_ids uuid[], key_sha256 bytea default null)
    returns setof remit_v1.hold
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
    -- Compiled for an estimate that is large, a call would cost more than it saves.
    set jit = off
    -- The plan is kept; one made while the table is small must serve when it is large.
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
-- One row for each id, in order: the hold as it is now, or nulls where there is none that the
-- caller sees.
--
-- A caller with a key of scope user sees the holds of its user's wallets, by their ids and by the
-- ids that it gave them.
--
-- Raises: WL001, WL016. Locks: nothing.
declare
    caller constant remit_v1.caller := remit.caller_admit(holds_get.ledger_id, holds_get.key_sha256, 'read');
begin
    if cardinality(hold_ids) > 1000 then
        perform remit.field_refuse('hold_ids', 'at most 1000');
    end if;
    return query
    select t.*
      from unnest(hold_ids) with ordinality as i (id, place)
           left join lateral (
               select x as hold
                 -- One lookup for each: an index that is asked for two may seem no better than
                 -- others.
                 from unnest(array[remit.user_transfer_id(caller.user_id, i.id), i.id]) with ordinality as c (id, rank)
                      cross join lateral (
                          select y from remit.holds y where y.ledger_id = holds_get.ledger_id and y.id = c.id
                          offset 0) f (x)
                where exists (
                          select from remit.wallets w
                           where w.ledger_id = holds_get.ledger_id and w.id = (x).source_id
                             and remit.caller_sees(caller.user_id, w.user_id))
                order by c.rank
                limit 1) h on true
           cross join lateral remit.hold_told(h.hold, clock_timestamp()) t
     order by i.place;
end;
$$;

comment on function remit_v1.holds_get(bigint, uuid[], bytea) is
    'One row for each id, in order: the hold, or nulls where there is none that the caller may see.';

grant execute on function remit_v1.holds_get(bigint, uuid[], bytea) to remit_server, remit_operator;
