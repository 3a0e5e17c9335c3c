create or replace function remit.hold_told(hold remit.holds, moment timestamptz)
    returns remit_v1.hold
    language sql
    immutable
    parallel safe
-- A hold as it is told at a moment: it has expired once its time has come, also before that is
-- written.
--
-- Raises: nothing. Locks: nothing.
return case when (hold).id is not null then (
    (hold).id,
    case when (hold).closed_by = 'expiry' or (hold).is_open and (hold).expires_at <= moment then 'expired'
         when (hold).is_open then 'open'
         when (hold).closed_by = 'release' then 'released'
         else 'captured'
    end,
    (hold).source_id, (hold).target_id, (hold).currency, (hold).amount, (hold).captured,
    case when (hold).is_open and not coalesce((hold).expires_at <= moment, false)
         then (hold).amount - (hold).captured else 0 end,
    (hold).expires_at, (hold).reference, (hold).metadata, (hold).created_version, (hold).version,
    (hold).created_at, (hold).updated_at
)::remit_v1.hold end;

comment on function remit.hold_told(remit.holds, timestamptz) is
    'A hold as it is told at a moment.';
