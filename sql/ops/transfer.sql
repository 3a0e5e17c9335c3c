-- Makes a transfer by hand. The key makes it safe to repeat: the same command again tells what the
-- first one did. A key that was used over HTTP names the same transfer here.
--
-- Usage:    psql [CONNECTION] -v key=KEY -v source=UUID -v target=UUID -v amount=NUMBER -v reference=TEXT
--                [-v currency=CODE] [-v ledger=1] -f sql/ops/transfer.sql
-- key       the idempotency key: a UUID, then the transfer's id, or other printable ASCII text
-- source    the wallet that pays
-- target    the wallet that receives
-- amount    in minor units, 1 to 9007199254740991
-- currency  rejects the transfer unless both wallets have this currency
-- reference why: the text on both statements and in the audit log, at most 200 characters
-- ledger    the ledger of both wallets
-- Role:     remit_operator
-- Exit:     0 when it is posted, now or before; 3 when it is rejected (stored) or refused (not).
-- Example:  stack/psql -U remit_operator -v key=refund-2024-0042 -v source=2b1f0d6e-9c53-4f7a-8d21-5e0a7c3b9f10 \
--               -v target=7a4c8e90-1d35-4b62-a0f7-c9d2e6b81f34 -v amount=2500 -v currency=USD -v reference='ticket 4711' -f sql/ops/transfer.sql

\set ON_ERROR_STOP on
\ir settings.psql
\set usage 'psql [CONNECTION] -v key=KEY -v source=UUID -v target=UUID -v amount=NUMBER -v reference=TEXT [-v currency=CODE] [-v ledger=1] -f sql/ops/transfer.sql'
\if :{?key} \else \set key '' \endif
\if :{?source} \else \set source '' \endif
\if :{?target} \else \set target '' \endif
\if :{?amount} \else \set amount '' \endif
\if :{?currency} \else \set currency '' \endif
\if :{?reference} \else \set reference '' \endif
\if :{?ledger} \else \set ledger 1 \endif
select case
           when :'key' = '' then 'Missing: -v key=KEY'
           when :'key' !~ '^[ -~]{1,255}$' then 'Malformed: -v key is 1 to 255 printable ASCII characters'
           when :'source' = '' then 'Missing: -v source=UUID'
           when :'source' !~ :'uuid_form' then 'Malformed: -v source is a UUID'
           when :'target' = '' then 'Missing: -v target=UUID'
           when :'target' !~ :'uuid_form' then 'Malformed: -v target is a UUID'
           when :'amount' = '' then 'Missing: -v amount=NUMBER'
           when :'amount' !~ '^[1-9][0-9]{0,15}$' or lpad(:'amount', 16, '0') > '9007199254740991'
               then 'Malformed: -v amount is a number of minor units from 1 to 9007199254740991'
           when :'currency' <> '' and :'currency' !~ :'currency_form' then 'Malformed: -v currency is three capital letters'
           when :'reference' = '' then 'Missing: -v reference=TEXT'
           when length(:'reference') > 200 then 'Malformed: -v reference is at most 200 characters'
           when :'ledger' !~ :'id_form' then 'Malformed: -v ledger is the number of a ledger'
       end as fault \gset
\ir refuse.psql

select r.id as transfer, r.outcome, r.outcome = 'posted' as posted,
       case when r.replayed then 'Replayed: this transfer was posted before, at ' || r.created_at || '. Nothing was changed.'
            else 'Posted at ' || r.created_at || '.' end as summary,
       case when r.replayed then 'Replayed: this transfer was rejected before, at ' || r.created_at || ': ' || r.outcome
            else 'Rejected: ' || r.outcome end
           || '. No money moved; the rejection is stored under this key.' as rejection,
       coalesce(r.source_balance::text, '') as source_balance, coalesce(r.source_version::text, '') as source_version,
       coalesce(r.target_balance::text, '') as target_balance, coalesce(r.target_version::text, '') as target_version,
       r.currency as transfer_currency
  from remit_v1.transfer_create(:ledger, (
           remit_v1.transfer_id(:'key'), :'source', :'target', :amount, nullif(:'currency', ''),
           nullif(:'reference', ''), null, null)::remit_v1.transfer_request) r \gset

\pset expanded on
select :'transfer' as transfer, :'outcome' as outcome, :amount as amount, :'transfer_currency' as currency,
       :'source' as source, :'source_version' as source_version, :'source_balance' as source_balance,
       :'target' as target, :'target_version' as target_version, :'target_balance' as target_balance;
\pset expanded off
\ir outcome.psql
