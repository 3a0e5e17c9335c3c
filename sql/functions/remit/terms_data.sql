create or replace function remit.terms_data(told remit.transfers)
    returns jsonb
    language sql
    stable
    parallel safe
-- What the event of a journal row tells beyond a transfer's: what was asked, of what, and what is
-- held after it.
--
-- Raises: nothing. Locks: nothing.
return jsonb_build_object(
    'kind', ((told).terms).kind,
    'hold_id', case when ((told).effect).hold_amount is not null then coalesce(((told).terms).subject_id, (told).id)
                    when ((told).terms).kind in ('capture', 'adjustment', 'release') then ((told).terms).subject_id end,
    'reverses_id', case when ((told).terms).kind = 'reversal' then ((told).terms).subject_id end,
    'group_id', ((told).terms).group_id,
    'amount_asked', (told).amount_asked,
    'source_held', coalesce(((told).effect).source_held, 0),
    'source_held_until', remit.moment_text(((told).effect).source_held_until),
    'target_held', coalesce(((told).effect).target_held, 0),
    'target_held_until', remit.moment_text(((told).effect).target_held_until),
    'hold_amount', ((told).effect).hold_amount,
    'hold_captured', ((told).effect).hold_captured,
    'hold_remaining', ((told).effect).hold_remaining,
    'hold_expires_at', remit.moment_text(((told).effect).hold_expires_at));

comment on function remit.terms_data(remit.transfers) is
    'What the event of a journal row tells beyond a transfer''s.';
