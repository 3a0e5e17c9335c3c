-- Freezes a wallet: transfers from and to it are rejected until it is unfrozen. Twice is as good as
-- once.
--
-- Usage:    psql [CONNECTION] -v wallet=UUID -v reason=TEXT [-v ledger=1] -f sql/ops/freeze.sql
-- wallet    the wallet's id
-- reason    why, for the audit log: 1 to 200 characters
-- ledger    the wallet's ledger
-- Role:     remit_operator
-- Example:  stack/psql -U remit_operator -v wallet=2b1f0d6e-9c53-4f7a-8d21-5e0a7c3b9f10 -v reason='ticket 4711' -f sql/ops/freeze.sql

\set ON_ERROR_STOP on
\ir settings.psql
\set usage 'psql [CONNECTION] -v wallet=UUID -v reason=TEXT [-v ledger=1] -f sql/ops/freeze.sql'
\if :{?wallet} \else \set wallet '' \endif
\if :{?reason} \else \set reason '' \endif
\if :{?ledger} \else \set ledger 1 \endif
select case
           when :'wallet' = '' then 'Missing: -v wallet=UUID'
           when :'wallet' !~ :'uuid_form' then 'Malformed: -v wallet is a UUID'
           when :'reason' = '' then 'Missing: -v reason=TEXT'
           when length(:'reason') > 200 then 'Malformed: -v reason is at most 200 characters'
           when :'ledger' !~ :'id_form' then 'Malformed: -v ledger is the number of a ledger'
       end as fault \gset
\ir refuse.psql

select w.status_version as status_version_before from remit_v1.wallet_get(:ledger, :'wallet') w \gset
select w.id as wallet, w.balance, w.currency,
       case when w.status_version = :status_version_before then 'was frozen already: nothing was changed'
            else 'is frozen now' end as change
  from remit_ops_v1.wallet_freeze(:ledger, :'wallet', :'reason') w \gset
\echo Wallet :wallet, which holds :balance :currency in minor units, :change.
