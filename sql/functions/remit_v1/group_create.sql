create or replace function remit_v1.group_create(
    ledger_id bigint, group_id uuid, requests remit_v1.transfer_request[], terms remit_v1.transfer_terms[] default null,
    key_sha256 bytea default null)
    returns setof remit_v1.transfer_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Posts 2 to 1,000 legs, all or none, for people in psql: transfers_post with one group, which
-- waits for its wallets. The ids of the legs follow from the group's (leg_id); those in the
-- requests are left aside.
--
-- Stored outcomes are results, in order: all legs are posted, or one has a reason and the others
-- are group_refused. What is not stored is an error, and nothing of the group is.
--
-- Raises: as transfer_create. Locks: the wallets, for no key update, in order of id.
declare
    caller constant remit_v1.caller := remit.caller_admit(group_create.ledger_id, group_create.key_sha256, 'spend');
    leg_count constant integer := coalesce(cardinality(requests), 0);
    keys constant bytea[] := array_fill(group_create.key_sha256, array[leg_count]);
    group_terms remit_v1.transfer_terms[];
begin
    if leg_count not between 2 and 1000 then
        perform remit.field_refuse('requests', '2 to 1000 legs');
    elsif group_id is null then
        perform remit.field_refuse('group_id', 'required');
    end if;
    perform remit.call_check(requests, keys, terms);
    group_terms := array(
        select (t.kind, t.subject_id, t.is_final, t.may_exceed, t.at_most, t.expires_at, t.expires_in,
                group_create.group_id, i.place, leg_count,
                t.source_version, t.source_balance_min, t.target_balance_max)::remit_v1.transfer_terms
          from generate_series(1, leg_count) as i (place)
               left join lateral (select (terms[i.place]).*) t on true
         order by i.place);
    return query
    select r.* from unnest(remit.transfers_insist(group_create.ledger_id, requests, group_terms, caller)) r;
end;
$$;

comment on function remit_v1.group_create(bigint, uuid, remit_v1.transfer_request[], remit_v1.transfer_terms[], bytea) is
    'Posts 2 to 1,000 legs, all or none. Raises what is not stored.';

grant execute on function remit_v1.group_create(bigint, uuid, remit_v1.transfer_request[], remit_v1.transfer_terms[], bytea)
   to remit_server, remit_operator;
