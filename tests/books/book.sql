-- What the tests of tests/books add to a database of theirs.

-- Calls a function as a role that has logged in. The rows, or the error's SQLSTATE and field. What
-- an error did is undone.
create function public.attempt(role_name text, statement text, arguments jsonb) returns jsonb language plpgsql as $$
declare
    rows jsonb;
    field text;
begin
    if role_name <> '' then -- Else as the owner.
        execute format('set local session authorization %I', role_name);
    end if;
    execute format('select coalesce(jsonb_agg(to_jsonb(r)), ''[]'') from (%s) r', statement) into rows using arguments;
    reset session authorization;
    return jsonb_build_object('rows', rows);
exception when others then
    get stacked diagnostics field = column_name;
    return jsonb_build_object('error', sqlstate, 'field', field);
end;
$$;

-- The same for calls one after the other.
create function public.attempts(calls jsonb) returns jsonb language plpgsql as $$
declare
    call jsonb;
    answers jsonb[] := '{}';
begin
    for call in select * from jsonb_array_elements(calls) loop
        answers := answers || public.attempt(call->>'role', call->>'statement', call->'arguments');
    end loop;
    return to_jsonb(answers);
end;
$$;

-- Makes a ledger with users and keys. A key without scope has expired, or is one of ledger 1.
create function public.book_open(ledger bigint, users jsonb, keys jsonb) returns void language plpgsql as $$
begin
    insert into remit.ledgers (ledger_id, name) values (ledger, 'a book') on conflict do nothing;
    insert into remit.users (ledger_id, id, name, created_as)
    select ledger, u::uuid, 'user', remit.content_sha256('["user", null, null, {}]') from jsonb_array_elements_text(users) u;
    insert into remit.keys (ledger_id, id, name, scope, user_id, sha256, expires_at)
    select ledger, k.id, 'key', coalesce(k.scope, 'admin'), k.user_id, decode(k.sha256, 'hex'),
           case when k.scope is null then timestamptz '2000-01-01' end
      from jsonb_to_recordset(keys) as k (id uuid, scope remit_v1.key_scope, user_id uuid, sha256 text);
end;
$$;

-- Time may change the journal; nobody else does here.
create or replace function remit.journal_refuse() returns trigger language plpgsql as $$
begin
    if current_setting('book.time_goes_by', true) = 'on' then
        return new;
    end if;
    raise exception using errcode = 'WL011', message = 'journal is append-only';
end;
$$;

-- Lets time go by: all that was, was earlier. What is more than 30 days away stays there.
create function public.book_pass(ledger bigint, away interval) returns void language plpgsql as $$
begin
    set local book.time_goes_by = on;
    update remit.users set created_at = public.before(created_at, away) where ledger_id = ledger;
    update remit.keys set created_at = public.before(created_at, away), revoked_at = public.before(revoked_at, away)
     where ledger_id = ledger;
    update remit.wallets
       set created_at = public.before(created_at, away), updated_at = public.before(updated_at, away),
           held_until = public.before(held_until, away)
     where ledger_id = ledger;
    update remit.holds
       set created_at = public.before(created_at, away), updated_at = public.before(updated_at, away),
           expires_at = public.before(expires_at, away)
     where ledger_id = ledger;
    update remit.transfers set created_at = public.before(created_at, away) where ledger_id = ledger;
    update remit.transfers set terms.expires_at = public.before((terms).expires_at, away)
     where ledger_id = ledger and (terms).expires_at is not null;
    update remit.transfers
       set effect.source_held_until = public.before((effect).source_held_until, away),
           effect.target_held_until = public.before((effect).target_held_until, away),
           effect.hold_expires_at = public.before((effect).hold_expires_at, away)
     where ledger_id = ledger and effect is distinct from null;
    set local book.time_goes_by = off;
end;
$$;

create function public.before(moment timestamptz, away interval) returns timestamptz language sql volatile as $$
    select case when abs(extract(epoch from moment - clock_timestamp())) < 30 * 86400
                then moment - away else moment end;
$$;

-- Lets time go by until the first hold that ends has so many milliseconds left; how many
-- microseconds that was.
create function public.book_near(ledger bigint, milliseconds integer) returns bigint language plpgsql as $$
declare
    away constant interval := (
        select min(h.expires_at) - clock_timestamp() - milliseconds * interval '1 millisecond'
          from remit.holds h where h.ledger_id = ledger);
begin
    perform public.book_pass(ledger, away);
    return extract(epoch from away) * 1000000;
end;
$$;

-- What a ledger's tables hold, and what is wrong with them.
create function public.book_state(ledger bigint) returns jsonb language sql as $$
    select jsonb_build_object(
        'wallets', (
            select jsonb_agg(to_jsonb(w) - '{ledger_id,created_as}'::text[] order by w.id)
              from remit.wallets w where w.ledger_id = ledger),
        'transfers', (
            select jsonb_agg(to_jsonb(t) - '{ledger_id}'::text[] order by t.id)
              from remit.transfers t where t.ledger_id = ledger),
        'holds', (
            select jsonb_agg(to_jsonb(h) - '{ledger_id}'::text[] order by h.id)
              from remit.holds h where h.ledger_id = ledger),
        'reversed', (
            select jsonb_agg(to_jsonb(v) - '{ledger_id}'::text[] order by v.transfer_id)
              from remit.reversed_transfers v where v.ledger_id = ledger),
        'events', (
            select jsonb_agg(e.event order by e.event collate "C")
              from (select concat_ws(' ', u.type, u.subject_id, o.data->>'status_version') as event
                      from remit.outbox o, unnest(o.types, o.subject_ids) as u (type, subject_id)
                     where o.ledger_id = ledger
                       and (remit.event_is_of_journal(u.type) or u.type in ('wallet.frozen', 'wallet.unfrozen'))) e),
        'audit', (
            select jsonb_agg(l.line order by l.line collate "C")
              from (select concat_ws(' ', a.action, array_to_string(a.subject_ids, ' '), 'by', coalesce(a.key_id::text, a.actor)) as line
                      from remit.audit a where a.ledger_id = ledger) l),
        'violations', (select jsonb_agg(to_jsonb(v)) from remit_ops_v1.verify(ledger) v
            -- The books' databases let times be moved.
            where v.subject not like 'journal_refuse %' and v.rule not in ('spending_has_the_hour_of_what_left', 'event_has_the_time_of_its_transfer')
              -- A book is opened without events, and its times are moved.
              and v.rule !~ '_is_as_the_log_says$'),
        'entries_that_go_back_in_time', (
            select jsonb_agg(to_jsonb(e))
              from (select e.*, lag(e.created_at) over (partition by e.wallet_id order by e.version) as before
                      from remit.entries e where e.ledger_id = ledger) e
             where e.before > e.created_at),
        'events_out_of_order', (
            select jsonb_agg(to_jsonb(e))
              from (select e.wallet_id, e.version, o.id + u.place as id,
                           lag(o.id + u.place) over (partition by e.wallet_id order by e.version) as before
                      from remit.entries e
                      join remit.outbox o on o.ledger_id = e.ledger_id and o.data is null
                     cross join lateral unnest(o.subject_ids) with ordinality as u (id, place)
                     where e.ledger_id = ledger and u.id = e.transfer_id) e
             where e.before > e.id));
$$;
