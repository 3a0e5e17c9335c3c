create or replace function remit_v1.wallet_create(
    ledger_id bigint, request remit_v1.wallet_request, key_sha256 bytea default null)
    returns remit_v1.wallet_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Creates a wallet; its initial balance is a transfer from the issuance wallet of its currency.
--
-- Without an id it gets one; with an id a retry finds the wallet that the first call made and
-- answers as the first call did, whatever the wallet holds by now. A null floor is no limit.
--
-- Raises: WL001, WL003, WL005, WL008, WL010, WL013, WL015, WL016, WL017; 55P03 when the user or
-- the issuance wallet stayed locked for lock_timeout.
-- Locks: the user, for no key update; the issuance wallet, if there is an initial balance.
declare
    amount_max constant bigint := 9007199254740991;
    wallet_id constant uuid := coalesce(request.id, gen_random_uuid());
    moment timestamptz;
    created remit.wallets;
    initial_balance constant bigint := coalesce(request.initial_balance, 0);
    issuance_id uuid;
    outcome remit_v1.transfer_outcome;
    session_reason constant text := coalesce(current_setting('remit.reason', true), '');
begin
    perform remit.caller_admit(wallet_create.ledger_id, wallet_create.key_sha256, 'serve');
    if request.user_id is null then
        perform remit.field_refuse('user_id', 'required');
    end if;
    if initial_balance not between 0 and amount_max then
        perform remit.field_refuse('initial_balance', '0 to 9007199254740991');
    end if;
    if request.floor not between -amount_max and amount_max then
        perform remit.field_refuse('floor', '-9007199254740991 to 9007199254740991');
    end if;
    if initial_balance < request.floor then
        perform remit.field_refuse('initial_balance', 'at least the floor');
    end if;
    perform remit.labels_check(request.reference, request.metadata);
    if octet_length(request.request_id) > 255 then
        perform remit.field_refuse('request_id', 'at most 255 bytes');
    end if;
    if not exists (select from remit.currencies c where c.code = request.currency) then
        raise exception using errcode = 'WL008', message = 'currency unknown', column = 'currency';
    end if;
    perform remit_v1.user_get(wallet_create.ledger_id, request.user_id, wallet_create.key_sha256);

    moment := remit.wallet_moment(wallet_create.ledger_id, request.user_id);
    -- Again: it may have waited, and been revoked meanwhile.
    perform remit.caller_admit(wallet_create.ledger_id, wallet_create.key_sha256, 'serve');
    -- A floor above zero can hold only once the initial balance is there.
    insert into remit.wallets as w (
           ledger_id, id, user_id, currency, floor, reference, metadata, created_as, created_at, updated_at)
    values (wallet_create.ledger_id, wallet_id, request.user_id, request.currency, least(request.floor, 0),
            request.reference, coalesce(request.metadata, '{}'), remit.wallet_request_sha256(request), moment, moment)
    on conflict do nothing
    returning w.* into created;
    if not found then
        return remit.wallet_replay(wallet_create.ledger_id, wallet_id, request);
    end if;
    created.floor := request.floor; -- The event, which comes before the initial transfer's, tells it.
    perform remit.event_record(
        created.ledger_id, 'wallet.created', created.id, remit.state_of_wallet(created), created.created_at);
    if remit.session_is_operators() then
        perform remit.audit_record(
            wallet_create.ledger_id, 'wallet_create', array[wallet_id], nullif(request.reference, ''),
            jsonb_build_object('floor', request.floor), null);
    end if;

    if initial_balance > 0 then
        issuance_id := remit.issuance_wallet_id(wallet_create.ledger_id, request.currency);
        perform remit.wallets_wait(wallet_create.ledger_id, array[issuance_id]);
        -- A person's reason for the wallet is that for its initial transfer.
        perform set_config('remit.reason', coalesce(nullif(request.reference, ''), session_reason), true);
        select r.outcome into strict outcome
          from remit_v1.transfers_post(wallet_create.ledger_id, array[(
                   remit.initial_transfer_id(wallet_id), issuance_id, wallet_id,
                   initial_balance, request.currency, null, null, request.request_id
               )::remit_v1.transfer_request], array[wallet_create.key_sha256]) r;
        perform set_config('remit.reason', session_reason, true);
        if outcome <> 'posted' then
            perform remit.outcome_refuse(outcome, 'initial_balance');
        end if;
    end if;

    update remit.wallets w
       set floor = request.floor
     where w.ledger_id = wallet_create.ledger_id and w.id = wallet_id and w.floor is distinct from request.floor;

    return remit_v1.wallet_get(wallet_create.ledger_id, wallet_id, wallet_create.key_sha256);
end;
$$;

comment on function remit_v1.wallet_create(bigint, remit_v1.wallet_request, bytea) is
    'Creates a wallet with its initial balance. The same id and content again returns the same answer with replayed set.';

grant execute on function remit_v1.wallet_create(bigint, remit_v1.wallet_request, bytea) to remit_server, remit_operator;
