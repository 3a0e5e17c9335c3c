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
-- Raises: WL001 for the number of requests or keys; 23505 or 40P01 when another session uses the same id for
-- another transfer at this moment (call again).
-- Locks: the wallets named, for no key update, in order of id and without waiting.
declare
    amount_max constant bigint := 9007199254740991; -- 2^53 − 1: exact in every JSON client.
    request_count constant integer := coalesce(cardinality(requests), 0);
    keys constant bytea[] := coalesce(key_sha256s, array_fill(null::bytea, array[request_count]));
    request_ids uuid[];
    wallet_ids uuid[];
    ids_repeat boolean;
    moment timestamptz;

    -- keys, rights, users: an element for each caller, in order of key; the session's key is empty. A right says
    -- whether the caller may spend; null: nobody knows him.
    callers record;
    all_may_spend boolean;

    -- ids, ctids, currencies, balances, floors (what is held on top), versions, frozens, transfer_maxes, daily_maxes: an
    -- element for each wallet that is locked, in order of id. Fields of a record, because PL/pgSQL would keep an array
    -- variable in a form that width_bucket copies at each call.
    locked record;
    currencies text[];
    balances bigint[];
    floors bigint[];
    versions bigint[];
    frozens boolean[];
    transfer_maxes bigint[];
    daily_maxes bigint[];
    spents bigint[];
    are_limited boolean;

    -- The transfers that the journal already has, in order of id.
    stored_transfers remit.transfers[];
    stored_ids uuid[];
    stored remit.transfers;
    earlier integer;
    same boolean;

    -- An element for each request. Those of replays alone have none where there was no replay.
    reachables boolean[]; -- Whether the caller may use the source; no other wallet is looked at. Null: all may.
    sources integer[]; -- Places in locked.
    targets integer[];
    amounts bigint[];
    outcomes remit_v1.transfer_outcome[];
    fields text[];
    transfer_currencies text[];
    source_versions bigint[];
    source_balances bigint[];
    target_versions bigint[];
    target_balances bigint[];
    replays boolean[] := array_fill(false, array[request_count]);
    replay_names text[];
    replay_moments timestamptz[];

    -- The events are numbered here, from one value of the sequence, which leaves room for a call's. Their ids are UUIDs of
    -- version 7 (RFC 9562): the moment, then the number, which no two have. What is in order of time is next to each
    -- other in the index of whoever keeps them, where random ids would touch a page each.
    first_event bigint;
    event_prefix text;

    request remit_v1.transfer_request;
    source integer;
    target integer;
    amount bigint;
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
    select array_agg(c.sha256) as keys, array_agg(remit.scope_permits(c.scope, 'spend')) as rights,
           array_agg(c.user_id) as users
      into callers
      from (select d.sha256, k.user_id,
                   case d.sha256 when '' then (remit.caller_find(transfers_post.ledger_id, null)).scope else k.scope end as scope
              from (select distinct coalesce(r.sha256, '') as sha256
                      from unnest(case when keys[1] = all (keys) then keys[1:1] else keys end) as r (sha256)) d
              left join lateral (
                       select v.user_id, v.scope from remit.valid_keys v
                        where v.ledger_id = transfers_post.ledger_id and v.sha256 = d.sha256
                       offset 0) k on true -- A lookup for each, never a join with all keys of the ledger.
             order by d.sha256) c;
    all_may_spend := true = all (callers.rights);
    if all_may_spend is not true or num_nonnulls(variadic callers.users) > 0 then
        select array_agg((case when r.user_id is null then r.id else remit.user_transfer_id(r.user_id, r.id) end,
                          r.source_id, r.target_id, r.amount, r.currency, r.reference, r.metadata, r.request_id
                         )::remit_v1.transfer_request order by r.place),
               array_agg(r.may_spend is true and (r.user_id is null or exists (
                   select from remit.wallets w
                    where w.ledger_id = transfers_post.ledger_id and w.id = r.source_id and w.user_id = r.user_id
               )) order by r.place)
          into requests, reachables
          from (select u.*, callers.users[width_bucket(coalesce(u.sha256, ''), callers.keys)] as user_id,
                       callers.rights[width_bucket(coalesce(u.sha256, ''), callers.keys)] as may_spend
                  from unnest(requests, keys) with ordinality
                       as u (id, source_id, target_id, amount, currency, reference, metadata, request_id, sha256, place)
               ) r;
    end if;

    select array_agg(r.id order by r.place),
           array_agg(r.source_id) filter (where reachables[r.place] is not false)
               || array_agg(r.target_id) filter (where reachables[r.place] is not false),
           count(distinct r.id) < count(r.id)
      into request_ids, wallet_ids, ids_repeat
      from unnest(requests) with ordinality
           as r (id, source_id, target_id, amount, currency, reference, metadata, request_id, place);

    -- 1. Lock the wallets, but for those that someone else holds.
    select array_agg(w.id) as ids, array_agg(w.ctid) as ctids, array_agg(w.currency) as currencies,
           array_agg(w.balance) as balances, array_agg(w.floor + w.held) as floors, array_agg(w.version) as versions,
           array_agg(w.status = 'frozen') as frozens,
           array_agg(w.transfer_max) as transfer_maxes, array_agg(w.daily_max) as daily_maxes
      into locked
      from unnest(array(select distinct u.id from unnest(wallet_ids) as u (id) order by u.id)) as i (id)
           cross join lateral ( -- One lookup for each, in this order: also by a plan that was made for an empty table.
               select l.id, l.ctid, l.currency, l.balance::bigint, l.held, l.floor, l.version::bigint, l.status,
                      l.transfer_max::bigint, l.daily_max::bigint
                 from remit.wallets l
                where l.ledger_id = transfers_post.ledger_id and l.id = i.id
                  for no key update skip locked) w;
    currencies := locked.currencies;
    balances := locked.balances;
    floors := locked.floors;
    versions := locked.versions;
    frozens := locked.frozens;
    transfer_maxes := locked.transfer_maxes;
    daily_maxes := locked.daily_maxes;
    moment := clock_timestamp(); -- Taken under the locks, so that a wallet's entries never go back in time.
    are_limited := num_nonnulls(variadic daily_maxes) > 0 or num_nonnulls(variadic transfer_maxes) > 0;
    if are_limited then -- After the locks, like the ids: what a caller before us spent has been committed.
        spents := array(
            select case when w.daily_max is not null then remit.wallet_spent(transfers_post.ledger_id, w.id, moment) end
              from unnest(locked.ids, daily_maxes) with ordinality as w (id, daily_max, place)
             order by w.place);
    end if;

    -- 2. Look up the ids that the journal has. After the locks: a twin that held them has committed.
    stored_transfers := array(
        select found.transfer
          from unnest(request_ids) as i (id)
               cross join lateral (
                   select t from remit.transfers t
                    where t.ledger_id = transfers_post.ledger_id and t.id = i.id
                   offset 0) as found (transfer)
         order by i.id);
    if cardinality(stored_transfers) > 0 then
        stored_ids := array(select t.id from unnest(stored_transfers) t order by t.id);
    end if;

    -- 3. Decide each request. First whatever follows from no balance, for all at once.
    select array_agg(r.source), array_agg(r.target), array_agg(r.amount), array_agg(r.field),
           array_agg(case when r.may_spend and r.field is null then coalesce(r.currency, currencies[r.source]) end),
           array_agg(case
               when r.may_spend is null then 'unauthenticated'
               when not r.may_spend then 'forbidden'
               when r.invalid_field is not null then 'invalid_field'
               when r.source_id = r.target_id then 'same_wallet'
               when not reachables[r.place] then 'wallet_not_found'
               when r.field = 'source_id' then remit.wallet_absence(transfers_post.ledger_id, r.source_id)
               when r.field = 'target_id' then remit.wallet_absence(transfers_post.ledger_id, r.target_id)
               when currencies[r.source] <> currencies[r.target] or r.currency <> currencies[r.source] then 'currency_mismatch'
               when frozens[r.source] or frozens[r.target] then 'wallet_frozen'
           end::remit_v1.transfer_outcome)
      into sources, targets, amounts, fields, transfer_currencies, outcomes
      from (select v.*,
                   case
                       when v.may_spend is not true then null
                       when v.invalid_field is not null then v.invalid_field
                       when v.source_id = v.target_id then 'target_id'
                       when not reachables[v.place] then 'source_id'
                       when locked.ids[v.source] is distinct from v.source_id then 'source_id'
                       when locked.ids[v.target] is distinct from v.target_id then 'target_id'
                   end as field
              from (select u.*,
                           -- Where the wallet stands among the locked, if it does: the place of the last id not above its own.
                           coalesce(width_bucket(u.source_id, locked.ids), 0) as source,
                           coalesce(width_bucket(u.target_id, locked.ids), 0) as target,
                           case when all_may_spend then true
                               else callers.rights[width_bucket(coalesce(keys[u.place], ''), callers.keys)]
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
                      from unnest(requests) with ordinality
                           as u (id, source_id, target_id, amount, currency, reference, metadata, request_id, place)
                    offset 0) v -- Else each use of a column would compute it again.
            offset 0) r;

    -- Then the rest in order, each upon what the ones before left.
    for i in 1 .. request_count loop
        if stored_ids is not null or ids_repeat then
            request := requests[i];
            stored := null;
            if outcomes[i] in ('unauthenticated', 'forbidden') then
                null; -- Learns nothing of what is stored.
            elsif stored_ids is not null and stored_ids[width_bucket(request.id, stored_ids)] = request.id then
                stored := stored_transfers[width_bucket(request.id, stored_ids)];
            elsif ids_repeat then
                earlier := array_position(request_ids, request.id);
                if earlier < i and outcomes[earlier] <= 'balance_limit_exceeded' then
                    select transfers_post.ledger_id, r.id, outcomes[earlier], r.source_id, r.target_id, r.amount,
                           transfer_currencies[earlier], source_versions[earlier], source_balances[earlier],
                           target_versions[earlier], target_balances[earlier], r.reference,
                           coalesce(r.metadata, '{}'), r.request_id, moment
                      into stored
                      from unnest(requests[earlier : earlier]) r;
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
                fields[i] := null;
                if same then
                    outcomes[i] := stored.outcome;
                    replays[i] := true;
                    transfer_currencies[i] := stored.currency;
                    source_versions[i] := stored.source_version;
                    source_balances[i] := stored.source_balance;
                    target_versions[i] := stored.target_version;
                    target_balances[i] := stored.target_balance;
                    replay_names[i] := stored.request_id;
                    replay_moments[i] := stored.created_at;
                else
                    outcomes[i] := 'idempotency_key_reused';
                    transfer_currencies[i] := null;
                end if;
                continue;
            end if;
            if outcomes[i] > 'balance_limit_exceeded' then
                request_ids[i] := null; -- Not stored: a later request with this id finds no earlier one here.
            end if;
        end if;
        continue when outcomes[i] is not null;

        source := sources[i];
        target := targets[i];
        amount := amounts[i];
        if balances[source] - amount < floors[source] then
            outcomes[i] := 'insufficient_funds';
        elsif are_limited and (amount > transfer_maxes[source] or spents[source] + amount > daily_maxes[source]) then
            outcomes[i] := 'limit_exceeded';
        elsif balances[target] + amount > amount_max or balances[source] - amount < -amount_max then
            outcomes[i] := 'balance_limit_exceeded';
        else
            outcomes[i] := 'posted';
            balances[source] := balances[source] - amount;
            versions[source] := versions[source] + 1;
            if are_limited then
                spents[source] := spents[source] + amount;
            end if;
            source_balances[i] := balances[source];
            source_versions[i] := versions[source];
            balances[target] := balances[target] + amount;
            versions[target] := versions[target] + 1;
            target_balances[i] := balances[target];
            target_versions[i] := versions[target];
        end if;
    end loop;

    -- 4. Write what was decided here and is stored: all outcomes up to balance_limit_exceeded, but for replays.
    update remit.wallets w
       set balance = balances[c.place], version = versions[c.place], updated_at = moment
      from unnest(locked.ctids) with ordinality as c (ctid, place)
     where w.ctid = c.ctid -- Where the lock found it: nobody but we can have moved it since.
       and (w.ledger_id = transfers_post.ledger_id) is true -- Which no index answers: the ledger has many.
       and versions[c.place] <> locked.versions[c.place];

    insert into remit.transfers (
           ledger_id, id, outcome, source_id, target_id, amount, currency,
           source_version, source_balance, target_version, target_balance,
           reference, metadata, request_id, created_at)
    select transfers_post.ledger_id, r.id, outcomes[r.place], r.source_id, r.target_id, r.amount,
           transfer_currencies[r.place],
           source_versions[r.place], source_balances[r.place], target_versions[r.place], target_balances[r.place],
           r.reference, coalesce(r.metadata, '{}'), r.request_id, moment
      from unnest(requests) with ordinality
           as r (id, source_id, target_id, amount, currency, reference, metadata, request_id, place)
     where outcomes[r.place] <= 'balance_limit_exceeded' and not replays[r.place];

    if found then
        -- In the order of the requests: ids of events of one wallet rise with its versions.
        first_event := nextval('remit.outbox_id_seq');
        event_prefix := lpad(to_hex(floor(extract(epoch from moment) * 1000)::bigint), 12, '0') || '70008';
        insert into remit.outbox (ledger_id, id, event_id, type, subject_id, request_id, created_at)
            overriding system value
        select transfers_post.ledger_id, first_event + r.place - 1,
               (event_prefix || lpad(to_hex(first_event + r.place - 1), 15, '0'))::uuid,
               case outcomes[r.place] when 'posted' then 'transfer.posted' else 'transfer.rejected' end,
               r.id, r.request_id, moment
          from unnest(requests) with ordinality
               as r (id, source_id, target_id, amount, currency, reference, metadata, request_id, place)
         where outcomes[r.place] <= 'balance_limit_exceeded' and not replays[r.place];

        if are_limited then
            perform remit.spending_record(
                transfers_post.ledger_id, moment, requests, outcomes, replays, locked.ids, locked.daily_maxes);
        end if;
        if callers.keys[1] = '' then -- An operator's: no key is shorter than that.
            perform remit.audit_record(
                transfers_post.ledger_id, 'transfers_post', array_agg(r.id order by r.place),
                (array_agg(r.reference order by r.place) filter (where r.reference is not null))[1], null, null)
               from unnest(requests) with ordinality
                    as r (id, source_id, target_id, amount, currency, reference, metadata, request_id, place)
              where keys[r.place] is null and outcomes[r.place] <= 'balance_limit_exceeded' and not replays[r.place]
             having count(*) > 0;
        end if;
    end if;

    return query
    select r.id, outcomes[r.place], fields[r.place], replays[r.place], r.source_id, r.target_id, r.amount,
           coalesce(transfer_currencies[r.place], r.currency),
           source_versions[r.place], source_balances[r.place], target_versions[r.place], target_balances[r.place],
           r.reference, coalesce(r.metadata, '{}'),
           case when replays[r.place] then replay_names[r.place] else r.request_id end,
           case when replays[r.place] then replay_moments[r.place]
                when outcomes[r.place] <= 'balance_limit_exceeded' then moment
           end
      from unnest(requests) with ordinality
           as r (id, source_id, target_id, amount, currency, reference, metadata, request_id, place)
     order by r.place;
end;
$$;

comment on function remit_v1.transfers_post(bigint, remit_v1.transfer_request[], bytea[]) is
    'Posts 1 to 1,000 transfers in order. One result for each request; every outcome is data.';

grant execute on function remit_v1.transfers_post(bigint, remit_v1.transfer_request[], bytea[]) to remit_server, remit_operator;
