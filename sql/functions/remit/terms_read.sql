create or replace function remit.terms_read(
    ledger_id bigint, requests remit_v1.transfer_request[], terms remit_v1.transfer_terms[], user_ids uuid[])
    returns remit.admission
    language plpgsql
    stable
as $$
-- The requests of a call under the ids that the journal has for them, and their terms as they are
-- meant: a part of terms_resolve.
--
-- A caller that is bound to a user may name a hold or a transfer by the id that it gave it, also
-- one of the same call.
--
-- Raises: nothing. Locks: nothing.
declare
    ids uuid[];
    admitted remit.admission;
begin
    admitted.requests := array(
        select (case when (terms[r.place]).group_id is not null then remit_v1.leg_id(
                         case when user_ids[r.place] is null then (terms[r.place]).group_id
                              else remit.user_transfer_id(user_ids[r.place], (terms[r.place]).group_id)
                         end, (terms[r.place]).group_place)
                     when user_ids[r.place] is null then r.id
                     else remit.user_transfer_id(user_ids[r.place], r.id)
                end,
                r.source_id, r.target_id, r.amount, r.currency, r.reference, r.metadata, r.request_id
               )::remit_v1.transfer_request
          from unnest(requests) with ordinality
               as r (id, source_id, target_id, amount, currency, reference, metadata, request_id, place)
         order by r.place);
    if num_nonnulls(variadic user_ids) > 0 then
        ids := array(select r.id from unnest(admitted.requests) r);
    end if;
    admitted.terms := array(
        select case when t.meant is null then null else t.meant end
          from (select (
                   (t.term).kind, coalesce(own.id, (t.term).subject_id),
                   -- What is left out is what is meant by it, so that either is the same request.
                   case (t.term).kind when 'capture' then coalesce((t.term).is_final, true) else (t.term).is_final end,
                   nullif((t.term).may_exceed, false), nullif((t.term).at_most, false), (t.term).expires_at, (t.term).expires_in,
                   case when u.id is null then (t.term).group_id else remit.user_transfer_id(u.id, (t.term).group_id) end,
                   (t.term).group_place, (t.term).group_size,
                   (t.term).source_version, (t.term).source_balance_min, (t.term).target_balance_max
               )::remit_v1.transfer_terms as meant, t.place
          from (select terms[i] as term, i as place from generate_subscripts(terms, 1) i) t
         cross join lateral (select user_ids[t.place] as id) u
               left join lateral (
                   select o.id from (select remit.user_transfer_id(u.id, (t.term).subject_id) as id offset 0) o
                    -- A scalar, as what exists may be hashed: a scan of the journal.
                    where o.id is not null and (o.id = any (ids) or (
                              select true from remit.transfers j where j.ledger_id = terms_read.ledger_id and j.id = o.id))
                   ) own on true
                offset 0) t
         order by t.place);
    return admitted;
end;
$$;

comment on function remit.terms_read(bigint, remit_v1.transfer_request[], remit_v1.transfer_terms[], uuid[]) is
    'The requests of a call under the ids that the journal has for them, and their terms as they are meant.';
