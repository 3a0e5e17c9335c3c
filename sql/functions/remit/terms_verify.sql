create or replace function remit.terms_verify(told remit.transfers)
    returns setof remit_ops_v1.violation
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    -- One lookup for each, however many rows there are.
    set enable_seqscan = off
as $$
-- Holds a posted row that is more than a transfer against what it is about: the row before it of
-- its hold, the transfer that it reverses, the legs of its group. A row per violation.
--
-- Raises: nothing. Locks: nothing.
declare
    terms constant remit_v1.transfer_terms := told.terms;
    effect constant remit_v1.transfer_effect := told.effect;
    kind constant remit_v1.transfer_kind := terms.kind;
    before remit_v1.transfer_effect; -- What the hold's row before it left.
    original remit.transfers;
    is_right boolean := true;
begin
    if told.amount is null
       or (told.target_version is null) <> coalesce(kind in ('hold', 'adjustment', 'release', 'expiry'), false) then
        return next (told.ledger_id, 'row_moves_what_its_kind_does', 'transfer ' || told.id,
            jsonb_build_object('kind', kind, 'amount', told.amount))::remit_ops_v1.violation;
    end if;
    if kind = 'hold' then
        is_right := (effect.hold_amount, effect.hold_captured, effect.hold_remaining, effect.hold_before)
            is not distinct from (told.amount::bigint, 0::bigint, told.amount::bigint, null::bigint)
            and exists (select from remit.holds h where h.ledger_id = told.ledger_id and h.id = told.id);
    elsif kind in ('capture', 'adjustment', 'release', 'expiry') then
        before := (
            select t.effect
              from remit.transfers t
             where t.ledger_id = told.ledger_id and t.source_id = told.source_id and t.source_version = effect.hold_before
               and terms.subject_id = case (t.terms).kind when 'hold' then t.id else (t.terms).subject_id end);
        is_right := before.hold_remaining > 0
            and exists (
                select from remit.transfers t
                 where t.ledger_id = told.ledger_id and t.id = terms.subject_id and (t.terms).kind = 'hold'
                   and (kind <> 'capture' or coalesce(t.target_id, told.target_id) = told.target_id))
            and (kind <> 'expiry' or told.id = remit.expiry_id(terms.subject_id))
            -- What has ended, has ended: nothing is done at its expiry or after it, but the expiry.
            and (kind = 'expiry') = coalesce(told.created_at >= before.hold_expires_at, false)
            and case kind
                when 'capture' then
                    effect.hold_amount = before.hold_amount and effect.hold_captured = before.hold_captured + told.amount
                    and (told.amount <= before.hold_remaining or terms.may_exceed)
                    and effect.hold_remaining = case
                        when terms.is_final then 0 else greatest(before.hold_remaining - told.amount, 0) end
                when 'adjustment' then
                    effect.hold_amount = told.amount and effect.hold_captured = before.hold_captured
                    and effect.hold_remaining = told.amount - before.hold_captured
                else effect.hold_amount = before.hold_amount and effect.hold_captured = before.hold_captured
                     and told.amount = before.hold_remaining and effect.hold_remaining = 0
            end;
    else
        is_right := effect.hold_amount is null;
    end if;
    if (is_right and (effect.hold_amount is null or effect.hold_expires_at is not distinct from coalesce(
            terms.expires_at, told.created_at + terms.expires_in * interval '1 second', before.hold_expires_at))) is not true then
        return next (told.ledger_id, 'hold_follows_from_its_rows', 'transfer ' || told.id,
            jsonb_build_object('kind', kind, 'hold_id', coalesce(terms.subject_id, told.id)))::remit_ops_v1.violation;
    end if;

    if kind = 'reversal' then
        select t.* into original
          from remit.transfers t
         where t.ledger_id = told.ledger_id and t.id = terms.subject_id;
        if (original.outcome = 'posted' and coalesce((original.terms).kind, 'capture') = 'capture'
            and (original.source_id, original.target_id, original.currency) = (told.target_id, told.source_id, told.currency)
            and exists (select from remit.reversed_transfers v
                         where v.ledger_id = told.ledger_id and v.transfer_id = original.id
                           and told.id = any (v.reversal_ids))) is not true then
            return next (told.ledger_id, 'reversal_mirrors_its_original', 'transfer ' || told.id,
                jsonb_build_object('reverses_id', terms.subject_id))::remit_ops_v1.violation;
        end if;
    end if;

    if terms.group_id is not null
       and (told.id = remit_v1.leg_id(terms.group_id, terms.group_place)
            and terms.group_place between 1 and terms.group_size
            -- The first leg looks at all the others, and each of them at the first.
            and not exists (
                select from generate_series(1, case terms.group_place when 1 then terms.group_size else 1 end) as i (place)
                 where not exists (
                    select from remit.transfers t
                     where t.ledger_id = told.ledger_id and t.id = remit_v1.leg_id(terms.group_id, i.place)
                       and t.outcome = 'posted' and (t.terms).group_id = terms.group_id
                       and (t.terms).group_size = terms.group_size))) is not true then
        return next (told.ledger_id, 'group_is_whole', 'group ' || terms.group_id,
            jsonb_build_object('transfer_id', told.id, 'place', terms.group_place))::remit_ops_v1.violation;
    end if;
end;
$$;

comment on function remit.terms_verify(remit.transfers) is
    'Holds a posted row that has terms against what it is about. A row per violation.';
