-- The statement of a wallet, newest entry first, one page at a time. Amounts are minor units.
--
-- Usage:    psql [CONNECTION] -v wallet=UUID [-v limit=50] [-v before=VERSION] [-v ledger=1] -f sql/ops/statement.sql
-- wallet    the wallet's id
-- limit     entries on a page, 1 to 1000
-- before    the page ends before this version; the last line of a page names it for the next
-- ledger    the wallet's ledger
-- Role:     remit_operator. Changes nothing.
-- Example:  stack/psql -U remit_operator -v wallet=2b1f0d6e-9c53-4f7a-8d21-5e0a7c3b9f10 -v limit=20 -f sql/ops/statement.sql

\set ON_ERROR_STOP on
\ir settings.psql
\set usage 'psql [CONNECTION] -v wallet=UUID [-v limit=50] [-v before=VERSION] [-v ledger=1] -f sql/ops/statement.sql'
\if :{?wallet} \else \set wallet '' \endif
\if :{?limit} \else \set limit 50 \endif
\if :{?before} \else \set before '' \endif
\if :{?ledger} \else \set ledger 1 \endif
select case
           when :'wallet' = '' then 'Missing: -v wallet=UUID'
           when :'wallet' !~ :'uuid_form' then 'Malformed: -v wallet is a UUID'
           when :'limit' !~ :'limit_form' then 'Malformed: -v limit is a number from 1 to 1000'
           when :'before' <> '' and :'before' !~ :'id_form' then 'Malformed: -v before is a version, a number from 1'
           when :'ledger' !~ :'id_form' then 'Malformed: -v ledger is the number of a ledger'
       end as fault \gset
\ir refuse.psql

-- The wallet is read once, and the page ends at the version that it had then. So the balance and
-- the entries agree, whatever is posted meanwhile.
select w::text as wallet_row, least(nullif(:'before', '')::bigint, w.version + 1) as bound
  from remit_v1.wallet_get(:ledger, :'wallet') w \gset

\pset expanded on
select (w).id as wallet, (w).user_id as "user", (w).currency, (w).balance, (w).held, (w).floor, (w).status, (w).version, (w).reference
  from (select :'wallet_row'::remit_v1.wallet_result as w) r;
\pset expanded off

select e.version, e.created_at, e.amount, e.balance, e.counterparty_id as counterparty, e.transfer_id as transfer, e.reference
  from remit_v1.entry_list(:ledger, :'wallet', :bound, :limit) e;

select count(*) || case count(*) when 1 then ' entry. ' else ' entries. ' end
       || case when min(e.version) > 1 then 'Next page: -v before=' || min(e.version) else 'This is the end of the statement.' end
           as summary
  from remit_v1.entry_list(:ledger, :'wallet', :bound, :limit) e \gset
\echo :summary
