create or replace function remit.transfers_insist(
    ledger_id bigint, requests remit_v1.transfer_request[], terms remit_v1.transfer_terms[], caller remit_v1.caller)
    returns remit_v1.transfer_result[]
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
    -- Those of transfers_post, for the part of it that this function calls.
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
-- Posts requests of one caller together, for people in psql: transfers_post, which waits for its
-- wallets and is called again where that gets on. Gives what the caller sees of the results, in
-- order. terms is null where no request has any.
--
-- Raises: as transfer_create, for what is not stored. Locks: the wallets, for no key update, in
-- order of id.
declare
    request_count constant integer := cardinality(requests);
    keys constant bytea[] := array_fill(caller.key_sha256, array[request_count]);
    meant constant remit_v1.transfer_request[] := (remit.terms_resolve(
        transfers_insist.ledger_id, requests,
        coalesce(terms, array_fill(null::remit_v1.transfer_terms, array[request_count])),
        array_fill(caller.user_id, array[request_count]))).requests;
    results remit_v1.transfer_result[];
    failed remit_v1.transfer_result;
    is_second boolean := false;
begin
    perform remit.wallets_wait(transfers_insist.ledger_id, array(
        select w.id
          from unnest(meant) r
               cross join lateral (
                   select v.id from remit.wallets v
                    where v.ledger_id = transfers_insist.ledger_id and v.id in (r.source_id, r.target_id)
                      -- A caller waits for no source that it does not see, and holds none up.
                      and exists (select from remit.wallets s
                                   where s.ledger_id = transfers_insist.ledger_id and s.id = r.source_id
                                     and remit.caller_sees(caller.user_id, s.user_id))) w));
    loop
        begin
            results := array(select r from remit_v1.transfers_post(transfers_insist.ledger_id, requests, keys, terms) r);
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
        -- Of more expired holds than one call writes, the next call writes more.
        exit when failed.outcome is distinct from 'wallet_busy' or not exists (
            select from remit.wallets w
             where w.ledger_id = transfers_insist.ledger_id and w.id in (failed.source_id, failed.target_id)
               and w.held_until <= greatest(clock_timestamp(), w.updated_at));
    end loop;
    if failed.outcome is not null then
        perform remit.outcome_refuse(failed.outcome, failed.field);
    end if;
    return array(select remit.transfer_seen(transfers_insist.ledger_id, caller.user_id, r) from unnest(results) r);
end;
$$;

comment on function remit.transfers_insist(
    bigint, remit_v1.transfer_request[], remit_v1.transfer_terms[], remit_v1.caller) is
    'Posts requests of one caller together, and waits for their wallets. Raises what is not stored.';
