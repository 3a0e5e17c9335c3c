create or replace function remit_v1.transfers_post(
    ledger_id bigint, requests remit_v1.transfer_request[], key_sha256s bytea[] default null)
    returns setof remit_v1.transfer_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
    set jit = off -- An estimate for a table that is large would have each call compiled, which costs more than it does.
    -- Plans are made once and kept. Made while a table is small, they must serve when it is large:
    -- every access to wallets and transfers is an index lookup, never a scan or a hash join.
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
-- Posts 1 to 1,000 transfers in order; the only code that moves money. One result for each request, in order.
--
-- Every outcome is data: a refused request never fails its neighbours. 'posted' and the business rejections
-- are stored in the journal under the request's id, once, and any later request with the same id and content
-- gets the stored result with replayed set. See the type transfer_outcome for what is stored.
--
-- Requests are decided against balances in memory (arrays in order of wallet id), so a wallet named by a
-- thousand requests costs one lock and one row update.
--
-- A wallet that someone else has locked is skipped, and its requests are answered 'wallet_busy'. Whoever
-- would rather wait locks the wallets first, as transfer_create does.
--
-- key_sha256s has the caller of each request; where it is null, or one of its elements is, the session itself is
-- the caller, and the audit log says so. To a key of scope user, a source that is not its user's does not exist, and
-- the ids of its transfers are a name space of their own (user_transfer_id).
--
-- Raises: WL001 for the number of requests or keys, or the bounds of their arrays; 23505 or 40P01 when another session uses
-- the same id for another transfer at this moment (call again).
-- Locks: the wallets named, for no key update, in order of id and without waiting.
declare
    amount_max constant bigint := 9007199254740991; -- 2^53 − 1: exact in every JSON client.
    request_count constant integer := coalesce(cardinality(requests), 0);
    -- The session's key is empty.
    keys constant bytea[] := coalesce(array_replace(key_sha256s, null, ''), array_fill(''::bytea, array[request_count]));
    caller_keys bytea[]; -- Each key once, in order.
    callers remit.spender[];
    are_free boolean; -- May all callers spend from any wallet?
    reachables boolean[]; -- An element for each request: may its caller use the source? No other wallet is looked at. Null: all may.

    -- An element for each wallet that is locked, in order of id. What changes with each transfer is kept apart.
    locked remit.locked_wallet[];
    locked_ids uuid[];
    balances bigint[];
    versions bigint[];
    are_limited boolean;
    spents bigint[];
    moment timestamptz;

    drafts remit.transfer_draft[]; -- An element for each request.
    draft remit.transfer_draft;
    stored remit.transfers;
    same boolean;
    -- The ids that several requests have, and the place of the first of them whose outcome is stored.
    repeated_ids uuid[];
    repeated_places integer[];
    repeated integer;

    -- The events are numbered here, from one value of the sequence, which leaves room for a call's. Their ids are UUIDs of
    -- version 7 (RFC 9562): the moment, then the number, which no two have. What is in order of time is next to each
    -- other in the index of whoever keeps them, where random ids would touch a page each.
    first_event bigint;
    event_prefix text;
begin
    -- Arrays of other dimensions or bounds have elements in other places than those where they are looked for below.
    if request_count not between 1 and 1000 or array_dims(requests) <> '[1:' || request_count || ']' then
        perform remit.field_refuse('requests', '1 to 1000 requests, numbered from 1');
    elsif array_dims(keys) is distinct from array_dims(requests) then
        perform remit.field_refuse('key_sha256s', 'one for each request');
    elsif '' = any (key_sha256s) then
        perform remit.field_refuse('key_sha256s', '32 bytes each');
    end if;

    -- 0. Who calls.
    if keys[1] = all (keys) then
        caller_keys := keys[1:1];
    else
        caller_keys := array(select distinct r.sha256 from unnest(keys) as r (sha256) order by r.sha256);
    end if;
    callers := array(
        select (remit.scope_permits(c.scope, 'spend'), c.user_id)::remit.spender
          from (select k.user_id, case r.sha256 when '' then (remit.caller_find(transfers_post.ledger_id, null)).scope
                                      else k.scope end as scope
                  from unnest(caller_keys) as r (sha256)
                       left join lateral ( -- A lookup for each, never a join with all keys of the ledger.
                           select v.user_id, v.scope from remit.valid_keys v
                            where v.ledger_id = transfers_post.ledger_id and v.sha256 = r.sha256
                           offset 0) k on true
                offset 0) c);
    are_free := callers = array_fill((true, null)::remit.spender, array[cardinality(callers)]);
    if not are_free then
        select array_agg((case when r.user_id is null then r.id else remit.user_transfer_id(r.user_id, r.id) end,
                          r.source_id, r.target_id, r.amount, r.currency, r.reference, r.metadata, r.request_id
                         )::remit_v1.transfer_request order by r.place),
               array_agg(r.may_spend is true and (r.user_id is null or exists (
                   select from remit.wallets w
                    where w.ledger_id = transfers_post.ledger_id and w.id = r.source_id and w.user_id = r.user_id
               )) order by r.place)
          into requests, reachables
          from (select u.*, callers[width_bucket(u.sha256, caller_keys)].user_id as user_id,
                       callers[width_bucket(u.sha256, caller_keys)].may_spend as may_spend
                  from unnest(requests, keys) with ordinality
                       as u (id, source_id, target_id, amount, currency, reference, metadata, request_id, sha256, place)
               ) r;
    end if;

    -- 1. Lock the wallets, but for those that someone else holds.
    select array_agg((w.ctid, w.id, w.currency, w.floor + w.held, w.version, w.status = 'frozen', w.transfer_max, w.daily_max
                     )::remit.locked_wallet),
           array_agg(w.id), array_agg(w.balance), array_agg(w.version),
           bool_or(w.transfer_max is not null or w.daily_max is not null)
      into locked, locked_ids, balances, versions, are_limited
      from (select u.id
              from unnest(requests) with ordinality as r
                   cross join lateral (values (r.source_id), (r.target_id)) as u (id)
             where reachables[r.ordinality] is not false
             group by u.id
             order by u.id) i
           cross join lateral ( -- One lookup for each, in this order: also by a plan that was made for an empty table.
               select l.ctid, l.id, l.currency, l.balance::bigint, l.held, l.floor, l.version::bigint, l.status, l.transfer_max,
                      l.daily_max
                 from remit.wallets l
                where l.ledger_id = transfers_post.ledger_id and l.id = i.id
                  for no key update skip locked) w;
    moment := clock_timestamp(); -- Taken under the locks, so that a wallet's entries never go back in time.
    if are_limited then -- After the locks: what a caller before us spent has been committed.
        spents := array(
            select case when w.daily_max is not null then remit.wallet_spent(transfers_post.ledger_id, w.id, moment) end
              from unnest(locked) w);
    end if;

    -- 2. Decide each request. First whatever follows from no balance, for all at once. The journal is asked for their ids
    -- here, after the locks: a twin that held them has committed.
    drafts := array(
        select (case
                    when r.may_spend is null then 'unauthenticated'
                    when not r.may_spend then 'forbidden'
                    when r.invalid_field is not null then 'invalid_field'
                    when r.source_id = r.target_id then 'same_wallet'
                    when not reachables[r.ordinality] then 'wallet_not_found'
                    when r.field = 'source_id' then remit.wallet_absence(transfers_post.ledger_id, r.source_id)
                    when r.field = 'target_id' then remit.wallet_absence(transfers_post.ledger_id, r.target_id)
                    when locked[r.source].currency <> locked[r.target].currency or r.currency <> locked[r.source].currency
                        then 'currency_mismatch'
                    when locked[r.source].is_frozen or locked[r.target].is_frozen then 'wallet_frozen'
                end,
                r.field, false, r.id, r.source_id, r.target_id, r.amount,
                case when r.may_spend and r.field is null then coalesce(r.currency, locked[r.source].currency) else r.currency end,
                null, null, null, null, r.reference, coalesce(r.metadata, '{}'), r.request_id, moment,
                r.source, r.target, case when r.may_spend then r.stored end)::remit.transfer_draft
          from (select v.*,
                       case
                           when v.may_spend is not true then null
                           when v.invalid_field is not null then v.invalid_field
                           when v.source_id = v.target_id then 'target_id'
                           when not reachables[v.ordinality] then 'source_id'
                           when locked[v.source].id is distinct from v.source_id then 'source_id'
                           when locked[v.target].id is distinct from v.target_id then 'target_id'
                       end as field
                  from (select u.*, found.stored,
                               -- Where the wallet stands among the locked, if it does: the place of the last id not above its
                               -- own. A subquery, as width_bucket would copy a variable for each request.
                               coalesce(width_bucket(u.source_id, (select locked_ids)), 0) as source,
                               coalesce(width_bucket(u.target_id, (select locked_ids)), 0) as target,
                               case when are_free then true
                                   else callers[width_bucket(keys[u.ordinality], caller_keys)].may_spend
                               end as may_spend,
                               case
                                   when u.id is null then 'id'
                                   when u.source_id is null then 'source_id'
                                   when u.target_id is null then 'target_id'
                                   when u.amount is null or u.amount < 1 or u.amount > amount_max then 'amount'
                                   when u.currency !~ '^[A-Z]{3}$' then 'currency'
                                   when length(u.reference) > 200 then 'reference'
                                   when u.metadata is not null and not remit.metadata_is_valid(u.metadata) then 'metadata'
                               end as invalid_field
                          from unnest(requests) with ordinality as u
                               left join lateral (
                                   select t from remit.transfers t
                                    where t.ledger_id = transfers_post.ledger_id and t.id = u.id
                                   offset 0) as found (stored) on true
                        offset 0) v -- Else each use of a column would compute it again.
                offset 0) r);
    if request_count > 1 then
        repeated_ids := array(select r.id from unnest(requests) r where r.id is not null group by r.id having count(*) > 1);
    end if;

    -- Then the rest in order, each upon what the ones before left.
    for i in 1 .. request_count loop
        draft := drafts[i];
        repeated := array_position(repeated_ids, draft.id);
        if (draft.stored).id is not null or repeated_places[repeated] is not null then
            stored := draft.stored;
            if stored.id is null and (draft.outcome in ('unauthenticated', 'forbidden')) is not true then -- They learn nothing.
                select transfers_post.ledger_id, d.id, d.outcome, d.source_id, d.target_id, d.amount, d.currency,
                       d.source_version, d.source_balance, d.target_version, d.target_balance, d.reference,
                       d.metadata, d.request_id, moment
                  into stored
                  from (select (drafts[repeated_places[repeated]]).*) d;
            end if;

            if stored.id is not null then
                same := (stored.source_id, stored.target_id, stored.amount, stored.reference, stored.metadata)
                    is not distinct from
                    (draft.source_id, draft.target_id, draft.amount, draft.reference, draft.metadata);
                -- An omitted currency means the source's, which the stored row names, unless it was refused for another.
                draft.currency := requests[i].currency;
                if draft.currency is not null then
                    same := same and draft.currency = stored.currency;
                elsif stored.outcome = 'currency_mismatch' then
                    same := same and stored.currency = (
                        select w.currency from remit.wallets w
                         where w.ledger_id = transfers_post.ledger_id and w.id = stored.source_id);
                end if;
                draft.field := null;
                if same then
                    draft.outcome := stored.outcome;
                    draft.replayed := true;
                    draft.currency := stored.currency;
                    draft.source_version := stored.source_version;
                    draft.source_balance := stored.source_balance;
                    draft.target_version := stored.target_version;
                    draft.target_balance := stored.target_balance;
                    draft.request_id := stored.request_id;
                    draft.created_at := stored.created_at;
                else
                    draft.outcome := 'idempotency_key_reused';
                end if;
            end if;
        end if;

        if draft.outcome is null then
            if balances[draft.source] - draft.amount < locked[draft.source].floor then
                draft.outcome := 'insufficient_funds';
            elsif are_limited and (draft.amount > locked[draft.source].transfer_max
                                   or spents[draft.source] + draft.amount > locked[draft.source].daily_max) then
                draft.outcome := 'limit_exceeded';
            elsif balances[draft.target] + draft.amount > amount_max or balances[draft.source] - draft.amount < -amount_max then
                draft.outcome := 'balance_limit_exceeded';
            else
                draft.outcome := 'posted';
                draft.source_balance := balances[draft.source] - draft.amount;
                draft.source_version := versions[draft.source] + 1;
                draft.target_balance := balances[draft.target] + draft.amount;
                draft.target_version := versions[draft.target] + 1;
                balances[draft.source] := draft.source_balance;
                versions[draft.source] := draft.source_version;
                balances[draft.target] := draft.target_balance;
                versions[draft.target] := draft.target_version;
                if are_limited then
                    spents[draft.source] := spents[draft.source] + draft.amount;
                end if;
            end if;
        end if;
        drafts[i] := draft;
        if repeated is not null and repeated_places[repeated] is null and draft.outcome <= 'balance_limit_exceeded' then
            repeated_places[repeated] := i;
        end if;
    end loop;

    -- 3. Write what was decided here and is stored: all outcomes up to balance_limit_exceeded, but for replays.
    update remit.wallets w
       set balance = balances[l.ordinality], version = versions[l.ordinality], updated_at = moment
      from unnest(locked) with ordinality as l
     where w.ctid = l.ctid -- Where the lock found it: nobody but we can have moved it since.
       and (w.ledger_id = transfers_post.ledger_id) is true -- Which no index answers: the ledger has many.
       and versions[l.ordinality] <> l.version;

    insert into remit.transfers (
           ledger_id, id, outcome, source_id, target_id, amount, currency,
           source_version, source_balance, target_version, target_balance,
           reference, metadata, request_id, created_at)
    select transfers_post.ledger_id, d.id, d.outcome, d.source_id, d.target_id, d.amount, d.currency,
           d.source_version, d.source_balance, d.target_version, d.target_balance,
           d.reference, d.metadata, d.request_id, d.created_at
      from unnest(drafts) d
     where d.outcome <= 'balance_limit_exceeded' and not d.replayed;

    if found then
        -- In the order of the requests: ids of events of one wallet rise with its versions.
        first_event := nextval('remit.outbox_id_seq');
        event_prefix := lpad(to_hex(floor(extract(epoch from moment) * 1000)::bigint), 12, '0') || '70008';
        insert into remit.outbox (ledger_id, id, event_id, type, subject_id, request_id, created_at)
            overriding system value
        select transfers_post.ledger_id, first_event + d.ordinality - 1,
               (event_prefix || lpad(to_hex(first_event + d.ordinality - 1), 15, '0'))::uuid,
               case d.outcome when 'posted' then 'transfer.posted' else 'transfer.rejected' end,
               d.id, d.request_id, moment
          from unnest(drafts) with ordinality as d
         where d.outcome <= 'balance_limit_exceeded' and not d.replayed;

        if are_limited then
            perform remit.spending_record(transfers_post.ledger_id, moment, drafts, locked);
        end if;
        if caller_keys[1] = '' then -- An operator's: no key is shorter than that.
            perform remit.audit_record(
                transfers_post.ledger_id, 'transfers_post', array_agg(d.id),
                (array_agg(d.reference) filter (where d.reference is not null))[1], null, null)
               from unnest(drafts) with ordinality as d
              where keys[d.ordinality] = '' and d.outcome <= 'balance_limit_exceeded' and not d.replayed
             having count(*) > 0;
        end if;
    end if;

    return query
    select d.id, d.outcome, d.field, d.replayed, d.source_id, d.target_id, d.amount, d.currency,
           d.source_version, d.source_balance, d.target_version, d.target_balance,
           d.reference, d.metadata, d.request_id,
           case when d.outcome <= 'balance_limit_exceeded' then d.created_at end
      from unnest(drafts) d;
end;
$$;

comment on function remit_v1.transfers_post(bigint, remit_v1.transfer_request[], bytea[]) is
    'Posts 1 to 1,000 transfers in order. One result for each request; every outcome is data.';

grant execute on function remit_v1.transfers_post(bigint, remit_v1.transfer_request[], bytea[]) to remit_server, remit_operator;
