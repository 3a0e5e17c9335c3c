create or replace function remit.log_match(
    ledger_id bigint, after bigint, until bigint, types remit_v1.event_type[], number integer)
    returns bigint
    language sql
    stable
    -- The plan is made for any table: blocks are looked up.
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set jit = off
as $$
-- The position of the event that is this number among those of the types at the positions after one
-- and up to another; null where there are fewer. It reads types alone.
--
-- Raises: nothing. Locks: nothing.
    select b.position - cardinality(b.types) + e.place
      from remit.log_blocks b
     cross join lateral unnest(b.types) with ordinality as e (type, place)
     where b.ledger_id = log_match.ledger_id
       and b.position > log_match.after
       and b.position <= coalesce(
               (select min(l.position) from remit.log_blocks l
                 where l.ledger_id = log_match.ledger_id and l.position >= log_match.until),
               log_match.until)
       and b.position - cardinality(b.types) + e.place > log_match.after
       and b.position - cardinality(b.types) + e.place <= log_match.until
       and e.type = any (log_match.types)
     order by b.position, e.place
    offset log_match.number - 1
     limit 1;
$$;

comment on function remit.log_match(bigint, bigint, bigint, remit_v1.event_type[], integer) is
    'The position of the event that is this number among those of some types.';
