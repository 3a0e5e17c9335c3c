create or replace function remit_v1.log_positions(ledger_ids bigint[])
    returns setof bigint
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- The position of the last event of each ledger's log, in the order of the ids; 0 where it is
-- empty. A server asks it many times a second for all who wait there.
--
-- Raises: WL001. Locks: nothing.
begin
    if ledger_ids is null or cardinality(ledger_ids) not between 1 and 1000 then
        perform remit.field_refuse('ledger_ids', '1 to 1000');
    end if;
    return query
    select remit.log_position(i.ledger_id)
      from unnest(ledger_ids) with ordinality as i (ledger_id, place)
     order by i.place;
end;
$$;

comment on function remit_v1.log_positions(bigint[]) is
    'The position of the last event of each ledger''s log.';

grant execute on function remit_v1.log_positions(bigint[]) to remit_server;
