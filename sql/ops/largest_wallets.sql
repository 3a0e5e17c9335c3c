-- The wallets with the largest balances in a currency, without the issuance wallet. Amounts are
-- minor units.
--
-- Usage:    psql [CONNECTION] -v currency=CODE [-v limit=20] [-v ledger=1] -f sql/ops/largest_wallets.sql
-- currency  a code of ISO 4217, such as USD
-- limit     how many wallets, 1 to 1000
-- ledger    the ledger
-- Role:     remit_operator or remit_auditor. Changes nothing. Reads every wallet of the ledger.
-- Example:  stack/psql -U remit_operator -v currency=USD -v limit=5 -f sql/ops/largest_wallets.sql

\set ON_ERROR_STOP on
\ir settings.psql
\set usage 'psql [CONNECTION] -v currency=CODE [-v limit=20] [-v ledger=1] -f sql/ops/largest_wallets.sql'
\if :{?currency} \else \set currency '' \endif
\if :{?limit} \else \set limit 20 \endif
\if :{?ledger} \else \set ledger 1 \endif
select case
           when :'currency' = '' then 'Missing: -v currency=CODE'
           when :'currency' !~ :'currency_form' then 'Malformed: -v currency is three capital letters'
           when :'limit' !~ :'limit_form' then 'Malformed: -v limit is a number from 1 to 1000'
           when :'ledger' !~ :'id_form' then 'Malformed: -v ledger is the number of a ledger'
       end as fault \gset
\ir refuse.psql

select w.wallet_id as wallet, w.user_id as "user", w.balance, w.version, w.status
  from remit_ops_v1.wallet_largest(:ledger, :'currency', :limit) w;
