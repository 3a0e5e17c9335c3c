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
    results remit_v1.transfer_result[];
    failed remit_v1.transfer_result;
    is_second boolean := false;
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

    perform remit.wallets_wait(group_create.ledger_id, array(
        select w.id
          from unnest((remit.terms_resolve(
                   group_create.ledger_id, requests, group_terms, array_fill(caller.user_id, array[leg_count]))).requests) r
               cross join lateral (
                   select v.id from remit.wallets v
                    where v.ledger_id = group_create.ledger_id and v.id in (r.source_id, r.target_id)
                      -- A caller waits for no wallet because of a source that it does not see.
                      and exists (select from remit.wallets s
                                   where s.ledger_id = group_create.ledger_id and s.id = r.source_id
                                     and remit.caller_sees(caller.user_id, s.user_id))) w));
    loop
        begin
            results := array(
                select r from remit_v1.transfers_post(group_create.ledger_id, requests, keys, group_terms) r);
        exception
            when unique_violation then
                -- Another session has just used an id. Its row is visible to a second call.
                if is_second then
                    raise;
                end if;
                is_second := true;
                continue;
        end;
        select r.* into failed from unnest(results) r where not remit.outcome_is_stored(r.outcome) order by r.field is null limit 1;
        exit when failed.outcome is distinct from 'wallet_busy' or not exists (
            select from remit.wallets w
             where w.ledger_id = group_create.ledger_id and w.id in (failed.source_id, failed.target_id)
               and w.held_until <= greatest(clock_timestamp(), w.updated_at));
    end loop;
    if failed.outcome is not null then
        perform remit.outcome_refuse(failed.outcome, failed.field);
    end if;
    return query
    select s.* from unnest(results) r cross join lateral remit.transfer_seen(group_create.ledger_id, caller.user_id, r) s;
end;
$$;

comment on function remit_v1.group_create(bigint, uuid, remit_v1.transfer_request[], remit_v1.transfer_terms[], bytea) is
    'Posts 2 to 1,000 legs, all or none. Raises what is not stored.';

grant execute on function remit_v1.group_create(bigint, uuid, remit_v1.transfer_request[], remit_v1.transfer_terms[], bytea)
   to remit_server, remit_operator;
