create or replace function remit.terms_resolve(
    ledger_id bigint, requests remit_v1.transfer_request[], terms remit_v1.transfer_terms[], user_ids uuid[])
    returns remit.admission
    language plpgsql
    stable
as $$
-- The requests of a call with the ids and the wallets that they mean, and their terms: a part of
-- transfers_admit. user_ids has the users that the callers are bound to, or is null.
--
-- A request about a hold, or about a transfer to reverse, names no wallets: they follow from its
-- subject, which is in the tables or comes before it in the call. They never change, so they are
-- read before anything is locked. The source is null where there is no such subject of the wallets
-- that are named. To a caller that is bound to a user, there is none whose money is not its user's.
--
-- Raises: nothing. Locks: nothing.
declare
    admitted remit.admission := remit.terms_read(terms_resolve.ledger_id, requests, terms, user_ids);
    ids constant uuid[] := array(select r.id from unnest(admitted.requests) r);
    request remit_v1.transfer_request;
    subject remit_v1.transfer_request; -- The request before it that it is about.
    kind remit_v1.transfer_kind;
    place bigint;
    about integer;
begin
    admitted.requests := array(
        select (r.id,
                case when r.subject_id is null then r.source_id
                     when r.source_id <> s.source_id or (r.term).kind = 'reversal' and r.target_id <> s.target_id then null
                     else s.source_id
                end,
                case when (r.term).kind in ('adjustment', 'release') then r.target_id
                     else coalesce(r.target_id, s.target_id)
                end,
                r.amount, coalesce(r.currency, s.currency), r.reference, r.metadata, r.request_id
               )::remit_v1.transfer_request
          from (select u.*, admitted.terms[u.place] as term, (admitted.terms[u.place]).subject_id
                  from unnest(admitted.requests) with ordinality
                       as u (id, source_id, target_id, amount, currency, reference, metadata, request_id, place)
                offset 0) r -- A key that were computed would cost an index its advantage.
               left join lateral (
                   select h.source_id, h.target_id, h.currency::text from remit.holds h
                    where (r.term).kind in ('capture', 'adjustment', 'release')
                      and h.ledger_id = terms_resolve.ledger_id and h.id = r.subject_id
                   union all
                   -- With the sides exchanged. What moved no money has no target to take it from.
                   select coalesce(j.target_id, j.source_id), case when j.target_id is not null then j.source_id end,
                          j.currency::text
                     from remit.transfers j
                    where (r.term).kind = 'reversal'
                      and j.ledger_id = terms_resolve.ledger_id and j.id = r.subject_id
                   limit 1) s on user_ids[r.place] is null or exists (
                       select from remit.wallets w
                        where w.ledger_id = terms_resolve.ledger_id and w.id = s.source_id
                          and remit.caller_sees(user_ids[r.place], w.user_id))
         order by r.place);

    -- What is about a request before it, in order: that one may be about another.
    for place, about in
        select r.place, array_position(ids, (admitted.terms[r.place]).subject_id)
          from unnest(admitted.requests) with ordinality
               as r (id, source_id, target_id, amount, currency, reference, metadata, request_id, place)
         where r.source_id is null and (admitted.terms[r.place]).subject_id = any (ids)
         order by r.place
    loop
        continue when about >= place;
        request := admitted.requests[place];
        subject := admitted.requests[about];
        kind := (admitted.terms[place]).kind;
        if kind = 'reversal' then
            subject.source_id := coalesce(subject.target_id, subject.source_id);
            subject.target_id := nullif((admitted.requests[about]).source_id, subject.source_id);
        end if;
        if (requests[place]).source_id <> subject.source_id or kind = 'reversal' and request.target_id <> subject.target_id
           or user_ids[place] is not null and not exists (
                  select from remit.wallets w
                   where w.ledger_id = terms_resolve.ledger_id and w.id = subject.source_id
                     and remit.caller_sees(user_ids[place], w.user_id)) then
            continue;
        end if;
        request.source_id := subject.source_id;
        if kind in ('capture', 'reversal') then
            request.target_id := coalesce(request.target_id, subject.target_id);
        end if;
        request.currency := coalesce(request.currency, subject.currency);
        admitted.requests[place] := request;
        admitted.abouts[place] := about;
    end loop;
    return admitted;
end;
$$;

comment on function remit.terms_resolve(bigint, remit_v1.transfer_request[], remit_v1.transfer_terms[], uuid[]) is
    'The requests of a call with the wallets that they mean, and their terms.';
