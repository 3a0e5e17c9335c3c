create or replace function remit_v1.transfers_post(
    ledger_id bigint, requests remit_v1.transfer_request[], key_sha256s bytea[] default null)
    returns setof remit_v1.transfer_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
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
-- Raises: WL001 for the number of requests or keys; 23505 or 40P01 when another session uses the same id for
-- another transfer at this moment (call again).
-- Locks: the wallets named, for no key update, in order of id and without waiting.
declare
    amount_max constant bigint := 9007199254740991; -- 2^53 − 1: exact in every JSON client.
    request_count constant integer := coalesce(cardinality(requests), 0);
    keys constant bytea[] := coalesce(key_sha256s, array_fill(null::bytea, array[request_count]));
    request_ids uuid[];
    ids_repeat boolean;
    moment timestamptz;

    -- One element for each caller, in order of key; the session's is empty.
    caller_keys bytea[];
    caller_rights boolean[]; -- Whether the caller may spend. Null: nobody knows him.
    caller_users uuid[];

    -- One element for each wallet that is locked, in order of id.
    wallet_ids uuid[];
    currencies text[];
    balances bigint[];
    helds bigint[];
    floors bigint[];
    versions bigint[];
    frozens boolean[];
    transfer_maxes bigint[];
    daily_maxes bigint[];
    spents bigint[];
    are_limited boolean;
    versions_before bigint[];
    changed_ids uuid[];
    source integer;
    target integer;

    -- The transfers that the journal already has, in order of id.
    stored_ids uuid[];
    stored_transfers remit.transfers[];
    stored remit.transfers;
    earlier integer;
    same boolean;

    -- One element for each request.
    reachables boolean[]; -- Whether the caller may use the source; no other wallet is looked at. Null: all may.
    outcomes remit_v1.transfer_outcome[] := array_fill(null::remit_v1.transfer_outcome, array[request_count]);
    fields text[] := array_fill(null::text, array[request_count]);
    replays boolean[] := array_fill(false, array[request_count]);
    transfer_currencies text[] := array_fill(null::text, array[request_count]);
    source_versions bigint[] := array_fill(null::bigint, array[request_count]);
    source_balances bigint[] := array_fill(null::bigint, array[request_count]);
    target_versions bigint[] := array_fill(null::bigint, array[request_count]);
    target_balances bigint[] := array_fill(null::bigint, array[request_count]);
    request_names text[] := array_fill(null::text, array[request_count]);
    moments timestamptz[] := array_fill(null::timestamptz, array[request_count]);

    request record;
    i integer;
    outcome remit_v1.transfer_outcome;
    field text;
begin
    if request_count not between 1 and 1000 then
        perform remit.field_refuse('requests', '1 to 1000 requests');
    end if;
    if cardinality(keys) <> request_count then
        perform remit.field_refuse('key_sha256s', 'one for each request');
    end if;
    if '' = any (keys) then -- Which stands for the session below.
        perform remit.field_refuse('key_sha256s', '32 bytes each');
    end if;

    -- 0. Who calls.
    select array_agg(k.sha256), array_agg(remit.scope_permits((k.caller).scope, 'spend')), array_agg((k.caller).user_id)
      into caller_keys, caller_rights, caller_users
      from (select d.sha256, remit.caller_find(transfers_post.ledger_id, nullif(d.sha256, '')) as caller
              from (select distinct coalesce(r.sha256, '') as sha256 from unnest(keys) as r (sha256)) d
             order by d.sha256) k;
    if cardinality(array_remove(caller_users, null)) > 0 or cardinality(array_positions(caller_rights, true)) < cardinality(caller_keys) then
        select array_agg((case when r.user_id is null then r.id else remit.user_transfer_id(r.user_id, r.id) end,
                          r.source_id, r.target_id, r.amount, r.currency, r.reference, r.metadata, r.request_id
                         )::remit_v1.transfer_request order by r.place),
               array_agg(r.may_spend is true and (r.user_id is null or exists (
                   select from remit.wallets w
                    where w.ledger_id = transfers_post.ledger_id and w.id = r.source_id and w.user_id = r.user_id
               )) order by r.place)
          into requests, reachables
          from (select u.*, caller_users[width_bucket(coalesce(u.sha256, ''), caller_keys)] as user_id,
                       caller_rights[width_bucket(coalesce(u.sha256, ''), caller_keys)] as may_spend
                  from unnest(requests, keys) with ordinality
                       as u (id, source_id, target_id, amount, currency, reference, metadata, request_id, sha256, place)
               ) r;
    end if;

    select array_agg(r.id order by r.place),
           array_agg(r.source_id) filter (where r.reachable is not false)
               || array_agg(r.target_id) filter (where r.reachable is not false),
           count(distinct r.id) < count(r.id)
      into request_ids, wallet_ids, ids_repeat
      from unnest(requests, reachables) with ordinality
           as r (id, source_id, target_id, amount, currency, reference, metadata, request_id, reachable, place);

    -- 1. Lock the wallets, but for those that someone else holds.
    select array_agg(w.id), array_agg(w.currency), array_agg(w.balance), array_agg(w.held), array_agg(w.floor),
           array_agg(w.version), array_agg(w.status = 'frozen'), array_agg(w.transfer_max), array_agg(w.daily_max)
      into wallet_ids, currencies, balances, helds, floors, versions, frozens, transfer_maxes, daily_maxes
      from (select l.id, l.currency, l.balance, l.held, l.floor, l.version, l.status, l.transfer_max, l.daily_max
              from remit.wallets l
             where l.ledger_id = transfers_post.ledger_id and l.id = any (wallet_ids)
             order by l.id
               for no key update skip locked) w;
    versions_before := versions;
    moment := clock_timestamp(); -- Taken under the locks, so that a wallet's entries never go back in time.
    are_limited := cardinality(array_remove(daily_maxes, null)) > 0;
    if are_limited then -- After the locks, like the ids: what a caller before us spent has been committed.
        spents := array(
            select case when w.daily_max is not null then remit.wallet_spent(transfers_post.ledger_id, w.id, moment) end
              from unnest(wallet_ids, daily_maxes) with ordinality as w (id, daily_max, place)
             order by w.place);
    end if;

    -- 2. Look up the ids that the journal has. After the locks: a twin that held them has committed.
    select array_agg(t.id order by t.id), array_agg(t order by t.id)
      into stored_ids, stored_transfers
      from remit.transfers t
     where t.ledger_id = transfers_post.ledger_id and t.id = any (request_ids);

    -- 3. Decide each request in order.
    for request in
        select r.ordinality::integer as place, r.id, r.source_id, r.target_id, r.amount, r.currency, r.reference,
               r.metadata, r.request_id,
               -- Where the wallet stands in wallet_ids, if it does: the place of the last id not above its own.
               coalesce(width_bucket(r.source_id, wallet_ids), 0) as source,
               coalesce(width_bucket(r.target_id, wallet_ids), 0) as target,
               width_bucket(coalesce(r.sha256, ''), caller_keys) as caller
          from unnest(requests, keys) with ordinality
               as r (id, source_id, target_id, amount, currency, reference, metadata, request_id, sha256)
    loop
        i := request.place;
        source := request.source;
        target := request.target;
        outcome := null;
        field := null;

        if caller_rights[request.caller] is not true then
            outcomes[i] := case when caller_rights[request.caller] is null then 'unauthenticated'
                else 'forbidden' end::remit_v1.transfer_outcome;
            request_ids[i] := null;
            continue;
        end if;

        stored := null;
        if stored_ids is not null and stored_ids[width_bucket(request.id, stored_ids)] = request.id then
            stored := stored_transfers[width_bucket(request.id, stored_ids)];
        elsif ids_repeat then
            earlier := array_position(request_ids, request.id);
            if earlier < i and outcomes[earlier] <= 'balance_limit_exceeded' then
                select transfers_post.ledger_id, r.id, outcomes[earlier], r.source_id, r.target_id, r.amount,
                       transfer_currencies[earlier], source_versions[earlier], source_balances[earlier],
                       target_versions[earlier], target_balances[earlier], r.reference,
                       coalesce(r.metadata, '{}'), r.request_id, moment
                  into stored
                  from unnest(requests) with ordinality r
                 where r.ordinality = earlier;
            end if;
        end if;

        if stored.id is not null then
            same := (stored.source_id, stored.target_id, stored.amount, stored.reference, stored.metadata)
                is not distinct from
                (request.source_id, request.target_id, request.amount, request.reference,
                 coalesce(request.metadata, '{}'));
            -- An omitted currency means the source's, which the stored row names, unless it was refused for another.
            if request.currency is not null then
                same := same and request.currency = stored.currency;
            elsif stored.outcome = 'currency_mismatch' then
                same := same and stored.currency = (
                    select w.currency from remit.wallets w
                     where w.ledger_id = transfers_post.ledger_id and w.id = stored.source_id);
            end if;
            if same then
                outcomes[i] := stored.outcome;
                replays[i] := true;
                transfer_currencies[i] := stored.currency;
                source_versions[i] := stored.source_version;
                source_balances[i] := stored.source_balance;
                target_versions[i] := stored.target_version;
                target_balances[i] := stored.target_balance;
                request_names[i] := stored.request_id;
                moments[i] := stored.created_at;
            else
                outcomes[i] := 'idempotency_key_reused';
            end if;
            continue;
        end if;

        if request.id is null then
            outcome := 'invalid_field'; field := 'id';
        elsif request.source_id is null then
            outcome := 'invalid_field'; field := 'source_id';
        elsif request.target_id is null then
            outcome := 'invalid_field'; field := 'target_id';
        elsif request.amount is null or request.amount < 1 or request.amount > amount_max then
            outcome := 'invalid_field'; field := 'amount';
        elsif request.currency !~ '^[A-Z]{3}$' then
            outcome := 'invalid_field'; field := 'currency';
        elsif length(request.reference) > 200 then
            outcome := 'invalid_field'; field := 'reference';
        elsif request.metadata is not null and not remit.metadata_is_valid(request.metadata) then
            outcome := 'invalid_field'; field := 'metadata';
        elsif request.source_id = request.target_id then
            outcome := 'same_wallet'; field := 'target_id';
        elsif not reachables[i] then
            outcome := 'wallet_not_found'; field := 'source_id';
        elsif wallet_ids[source] is distinct from request.source_id then
            field := 'source_id';
            outcome := remit.wallet_absence(transfers_post.ledger_id, request.source_id);
        elsif wallet_ids[target] is distinct from request.target_id then
            field := 'target_id';
            outcome := remit.wallet_absence(transfers_post.ledger_id, request.target_id);
        end if;
        if outcome is not null then
            outcomes[i] := outcome;
            fields[i] := field;
            request_ids[i] := null; -- Not stored: a later request with this id finds no earlier one here.
            continue;
        end if;

        transfer_currencies[i] := coalesce(request.currency, currencies[source]);
        moments[i] := moment;
        request_names[i] := request.request_id;
        if currencies[source] <> currencies[target] or request.currency <> currencies[source] then
            outcomes[i] := 'currency_mismatch';
        elsif frozens[source] or frozens[target] then
            outcomes[i] := 'wallet_frozen';
        elsif balances[source] - helds[source] - request.amount < floors[source] then
            outcomes[i] := 'insufficient_funds';
        elsif request.amount > transfer_maxes[source] or spents[source] + request.amount > daily_maxes[source] then
            outcomes[i] := 'limit_exceeded';
        elsif balances[target] + request.amount > amount_max or balances[source] - request.amount < -amount_max then
            outcomes[i] := 'balance_limit_exceeded';
        else
            outcomes[i] := 'posted';
            balances[source] := balances[source] - request.amount;
            versions[source] := versions[source] + 1;
            if are_limited then
                spents[source] := spents[source] + request.amount;
            end if;
            source_balances[i] := balances[source];
            source_versions[i] := versions[source];
            balances[target] := balances[target] + request.amount;
            versions[target] := versions[target] + 1;
            target_balances[i] := balances[target];
            target_versions[i] := versions[target];
        end if;
    end loop;

    -- 4. Write what was decided here: moments is set for those and for replays.
    select array_agg(c.id)
      into changed_ids
      from unnest(wallet_ids, versions, versions_before) as c (id, version, version_before)
     where c.version <> c.version_before;
    if changed_ids is not null then
        update remit.wallets w
           set balance = balances[width_bucket(w.id, wallet_ids)],
               version = versions[width_bucket(w.id, wallet_ids)],
               updated_at = moment
         where w.ledger_id = transfers_post.ledger_id and w.id = any (changed_ids);
    end if;

    insert into remit.transfers (
           ledger_id, id, outcome, source_id, target_id, amount, currency,
           source_version, source_balance, target_version, target_balance,
           reference, metadata, request_id, created_at)
    select transfers_post.ledger_id, r.id, r.outcome, r.source_id, r.target_id, r.amount, r.transfer_currency,
           r.source_version, r.source_balance, r.target_version, r.target_balance,
           r.reference, coalesce(r.metadata, '{}'), r.request_id, moment
      from unnest(requests, outcomes, replays, transfer_currencies, moments,
                  source_versions, source_balances, target_versions, target_balances)
           as r (id, source_id, target_id, amount, currency, reference, metadata, request_id,
                 outcome, replayed, transfer_currency, decided_at,
                 source_version, source_balance, target_version, target_balance)
     where r.decided_at is not null and not r.replayed;

    if found then
        -- In the order of the requests: ids of events of one wallet rise with its versions.
        insert into remit.outbox (ledger_id, type, subject_id, request_id, created_at)
        select transfers_post.ledger_id,
               case r.outcome when 'posted' then 'transfer.posted' else 'transfer.rejected' end,
               r.id, r.request_id, moment
          from unnest(requests, outcomes, replays, moments)
               with ordinality
               as r (id, source_id, target_id, amount, currency, reference, metadata, request_id,
                     outcome, replayed, decided_at, place)
         where r.decided_at is not null and not r.replayed
         order by r.place;

        if are_limited then
            perform remit.spending_record(
                transfers_post.ledger_id, moment, requests, outcomes, replays, wallet_ids, daily_maxes);
        end if;
        if caller_keys[1] = '' then -- An operator's: no key is shorter than that.
            perform remit.audit_record(
                transfers_post.ledger_id, 'transfers_post', array_agg(r.id order by r.place),
                (array_agg(r.reference order by r.place) filter (where r.reference is not null))[1], null, null)
               from unnest(requests, keys, replays, moments) with ordinality
                    as r (id, source_id, target_id, amount, currency, reference, metadata, request_id,
                          sha256, replayed, decided_at, place)
              where r.sha256 is null and r.decided_at is not null and not r.replayed
             having count(*) > 0;
        end if;
    end if;

    return query
    select r.id, r.outcome, r.field, r.replayed, r.source_id, r.target_id, r.amount,
           coalesce(r.transfer_currency, r.currency),
           r.source_version, r.source_balance, r.target_version, r.target_balance,
           r.reference, coalesce(r.metadata, '{}'),
           case when r.decided_at is null then r.request_id else r.request_name end, r.decided_at
      from unnest(requests, outcomes, fields, replays, transfer_currencies, moments, request_names,
                  source_versions, source_balances, target_versions, target_balances)
           with ordinality
           as r (id, source_id, target_id, amount, currency, reference, metadata, request_id,
                 outcome, field, replayed, transfer_currency, decided_at, request_name,
                 source_version, source_balance, target_version, target_balance, place)
     order by r.place;
end;
$$;

comment on function remit_v1.transfers_post(bigint, remit_v1.transfer_request[], bytea[]) is
    'Posts 1 to 1,000 transfers in order. One result for each request; every outcome is data.';

grant execute on function remit_v1.transfers_post(bigint, remit_v1.transfer_request[], bytea[]) to remit_server, remit_operator;
