create or replace function remit.states_found(ledger_id bigint)
    returns table (state remit_v1.event_type, subject_id uuid, digest bytea, is_initial boolean)
    language sql
    stable
-- What is true of a ledger's users, wallets, keys, webhooks and acts of operators: the digest that
-- the last event of each has, as it follows from its row. What is initial needs no event.
--
-- Raises: nothing. Locks: nothing.
begin atomic
    select 'ledger.created'::remit_v1.event_type, remit.number_id(l.ledger_id), remit.event_digest(remit.state_of_ledger(l)),
           (l.ledger_id, l.name) = (1, 'default') -- As the first migration makes it.
      from remit.ledgers l where l.ledger_id = states_found.ledger_id
    union all
    select 'user.created', u.id, remit.event_digest(remit.state_of_user(u)), false
      from remit.users u where u.ledger_id = states_found.ledger_id
    union all
    select 'wallet.created', w.id, remit.event_digest(remit.state_of_wallet(w)), false
      from remit.wallets w where w.ledger_id = states_found.ledger_id
    union all
    select 'wallet.frozen', w.id, remit.event_digest(remit.state_of_status(w)), w.status = 'active' and w.status_version = 0
      from remit.wallets w where w.ledger_id = states_found.ledger_id
    union all
    select 'wallet.limits_set', w.id, remit.event_digest(remit.state_of_limits(w)), num_nonnulls(w.transfer_max, w.daily_max) = 0
      from remit.wallets w where w.ledger_id = states_found.ledger_id
    union all
    select 'key.created', k.id, remit.event_digest(remit.state_of_key(k)), false
      from remit.keys k where k.ledger_id = states_found.ledger_id
    union all
    select 'key.revoked', k.id, remit.event_digest(remit.state_of_revocation(k)), k.revoked_at is null
      from remit.keys k where k.ledger_id = states_found.ledger_id
    union all
    select 'operator.acted', remit.number_id(a.id), remit.event_digest(remit.state_of_act(a)), false
      from remit.audit a where a.ledger_id = states_found.ledger_id
    union all
    select 'webhook.created', h.id, remit.event_digest(remit.state_of_webhook(h)), false
      from remit.webhooks h where h.ledger_id = states_found.ledger_id;
end;

comment on function remit.states_found(bigint) is
    'What is true of a ledger''s users, wallets, keys, webhooks and acts of operators, as digests.';
