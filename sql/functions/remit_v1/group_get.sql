create or replace function remit_v1.group_get(ledger_id bigint, group_id uuid, key_sha256 bytea default null)
    returns setof remit_v1.transfer_result
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
-- The legs of a group, in order, as far as the caller sees them. Their ids follow from the group's.
--
-- Raises: WL004, WL016. Locks: nothing.
declare
    caller constant remit_v1.caller := remit.caller_admit(group_get.ledger_id, group_get.key_sha256, 'read');
    given_id constant uuid := remit.user_transfer_id(caller.user_id, group_get.group_id);
    found_id uuid;
    size integer;
begin
    select (t.terms).group_id, (t.terms).group_size into found_id, size
      from remit.transfers t
     where t.ledger_id = group_get.ledger_id
       and t.id = any (array[remit_v1.leg_id(group_get.group_id, 1), remit_v1.leg_id(given_id, 1)])
       and (t.terms).group_id in (group_get.group_id, given_id)
     order by (t.terms).group_id = given_id desc nulls last
     limit 1;
    return query
    select (seen.leg).*
      from (select p as place, remit_v1.leg_id(found_id, p) as id from generate_series(1, size) as p offset 0) i
           cross join lateral (
               select remit.transfer_seen(group_get.ledger_id, caller.user_id, remit.transfer_told(t)) as leg
                 from remit.transfers t
                where t.ledger_id = group_get.ledger_id and t.id = i.id
               offset 0) seen
     where (seen.leg).id is not null
     order by i.place;
    if not found then
        raise exception using
            errcode = 'WL004', message = 'transfer not found', column = 'group_id',
            detail  = jsonb_build_object('group_id', group_get.group_id)::text;
    end if;
end;
$$;

comment on function remit_v1.group_get(bigint, uuid, bytea) is
    'The legs of a group, in order.';

grant execute on function remit_v1.group_get(bigint, uuid, bytea) to remit_server, remit_operator;
