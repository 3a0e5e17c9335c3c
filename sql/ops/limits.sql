-- Limits what may leave a wallet, by one transfer and in any 24 hours. Both limits are said each
-- time, so that none is lifted in silence: the word none lifts one.
--
-- Usage:    psql [CONNECTION] -v wallet=UUID -v transfer_max=NUMBER -v daily_max=NUMBER -v reason=TEXT [-v ledger=1] -f sql/ops/limits.sql
-- wallet        the wallet's id
-- reason        why, for the audit log: 1 to 200 characters
-- transfer_max  the largest amount of one transfer, in minor units, or none
-- daily_max     the largest total of any 24 hours, in minor units, or none; what left today counts
--               at once
-- ledger        the wallet's ledger
-- Role:     remit_operator
-- Example:  stack/psql -U remit_operator -v wallet=2b1f0d6e-9c53-4f7a-8d21-5e0a7c3b9f10 -v transfer_max=none -v daily_max=100000 -v reason='ticket 4711' -f sql/ops/limits.sql

\set ON_ERROR_STOP on
\ir settings.psql
\set usage 'psql [CONNECTION] -v wallet=UUID -v transfer_max=NUMBER -v daily_max=NUMBER -v reason=TEXT [-v ledger=1] -f sql/ops/limits.sql'
\if :{?wallet} \else \set wallet '' \endif
\if :{?reason} \else \set reason '' \endif
\if :{?transfer_max} \else \set transfer_max '' \endif
\if :{?daily_max} \else \set daily_max '' \endif
\if :{?ledger} \else \set ledger 1 \endif
select case
           when :'wallet' = '' then 'Missing: -v wallet=UUID'
           when :'wallet' !~ :'uuid_form' then 'Malformed: -v wallet is a UUID'
           when :'reason' = '' then 'Missing: -v reason=TEXT'
           when length(:'reason') > 200 then 'Malformed: -v reason is at most 200 characters'
           when :'transfer_max' = '' then 'Missing: -v transfer_max=NUMBER, or none to lift the limit'
           when :'transfer_max' !~ :'maximum_form' then 'Malformed: -v transfer_max is a number of minor units, or none'
           when :'daily_max' = '' then 'Missing: -v daily_max=NUMBER, or none to lift the limit'
           when :'daily_max' !~ :'maximum_form' then 'Malformed: -v daily_max is a number of minor units, or none'
           when :'ledger' !~ :'id_form' then 'Malformed: -v ledger is the number of a ledger'
       end as fault \gset
\ir refuse.psql

select coalesce(l.transfer_max::text, 'unlimited') as transfer_max, coalesce(l.daily_max::text, 'unlimited') as daily_max,
       case when l.daily_spent is not null then ', of which ' || l.daily_spent || ' has left' else '' end as spent
  from remit_ops_v1.wallet_limits_set(
           :ledger, :'wallet', nullif(:'transfer_max', 'none')::bigint, nullif(:'daily_max', 'none')::bigint, :'reason') l \gset
\echo Wallet :wallet: one transfer :transfer_max, any 24 hours :daily_max:spent
