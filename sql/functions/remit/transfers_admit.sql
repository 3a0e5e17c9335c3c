create or replace function remit.transfers_admit(
    ledger_id bigint, requests remit_v1.transfer_request[], key_sha256s bytea[], terms remit_v1.transfer_terms[])
    returns remit.admission
    language plpgsql
    volatile
as $$
-- Who calls, and which wallets are meant: the first step of transfers_post, under whose settings it
-- runs.
--
-- A caller is bound to a user by a key of scope user. To it, a source that is not its user's does
-- not exist, and the ids of its transfers are a name space of their own (user_transfer_id). It may
-- authorise a hold, but not take from one or let it go: that is the business of those that it was
-- promised to.
--
-- Raises: 25000 in a transaction that does not see what is committed now. Locks: nothing.
declare
    -- The session's key is empty: no other is shorter than 32 bytes.
    keys constant bytea[] := coalesce(
        array_replace(key_sha256s, null, ''), array_fill(''::bytea, array[cardinality(requests)]));
    caller_keys bytea[]; -- Each key once, in order.
    callers remit.spender[];
    admitted remit.admission;
begin
    if not remit.sees_now() then
        perform remit.isolation_refuse();
    end if;
    if keys[1] = all (keys) then
        caller_keys := keys[1:1];
    else
        caller_keys := array(select distinct r.sha256 from unnest(keys) as r (sha256) order by r.sha256);
    end if;
    callers := array(
        select (case r.sha256
                    when '' then remit.scope_permits((remit.caller_find(transfers_admit.ledger_id, null)).scope, 'spend')
                    else remit.scope_permits(k.scope, 'spend')
                end, k.user_id)::remit.spender
          from unnest(caller_keys) as r (sha256)
               -- A lookup for each, never a join with all keys of the ledger.
               left join lateral (
                   select v.user_id, v.scope from remit.valid_keys v
                    where v.ledger_id = transfers_admit.ledger_id and v.sha256 = r.sha256
                   offset 0) k on true);

    if (true, null)::remit.spender = all (callers) then -- All may spend from any wallet.
        return case
            when terms is null then (requests, null, null, null, null, null)::remit.admission
            else remit.terms_resolve(transfers_admit.ledger_id, requests, terms, null)
        end;
    end if;
    if terms is not null then
        admitted := remit.terms_resolve(transfers_admit.ledger_id, requests, terms, array(
            select callers[width_bucket(k.sha256, caller_keys)].user_id from unnest(keys) as k (sha256)));
        requests := admitted.requests;
    end if;
    select array_agg((case when r.user_id is null or admitted.terms is not null then r.id
                           else remit.user_transfer_id(r.user_id, r.id)
                      end,
                      r.source_id, r.target_id, r.amount, r.currency, r.reference, r.metadata, r.request_id
                     )::remit_v1.transfer_request order by r.place),
           -- A condition on the target would tell of a balance that a user does not see.
           array_agg(r.may_spend and (r.user_id is null or (r.terms).target_balance_max is null
                                      and coalesce((r.terms).kind not in ('capture', 'release'), true))
                     order by r.place),
           array_agg(r.may_spend is true and (r.user_id is null or exists (
               select from remit.wallets w
                where w.ledger_id = transfers_admit.ledger_id and w.id = r.source_id
                  and remit.caller_sees(r.user_id, w.user_id)
           )) order by r.place),
           array_agg(r.user_id is not null order by r.place)
      into admitted.requests, admitted.may_spends, admitted.reachables, admitted.are_users
      from (select u.*, callers[width_bucket(u.sha256, caller_keys)].user_id as user_id,
                   callers[width_bucket(u.sha256, caller_keys)].may_spend as may_spend,
                   admitted.terms[u.place] as terms
              from unnest(requests, keys) with ordinality
                   as u (id, source_id, target_id, amount, currency, reference, metadata, request_id, sha256, place)
           ) r;
    return admitted;
end;
$$;

comment on function remit.transfers_admit(bigint, remit_v1.transfer_request[], bytea[], remit_v1.transfer_terms[]) is
    'Who calls transfers_post, which wallets are meant, and which sources each caller may use.';
