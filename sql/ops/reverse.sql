-- Reverses a transfer by hand: what it moved goes back, or a part of it. The key makes it safe to
-- repeat: the same command again tells what the first one did.
--
-- Usage:    psql [CONNECTION] -v key=KEY -v transfer=UUID -v reference=TEXT [-v amount=NUMBER]
--                [-v at_most=yes] [-v ledger=1] -f sql/ops/reverse.sql
-- key       the idempotency key: a UUID, then the reversal's id, or other printable ASCII text
-- transfer  the transfer, capture or leg that is reversed
-- reference why: the text on both statements and in the audit log, at most 200 characters
-- amount    in minor units; all that is left of the transfer, where it is left out
-- at_most   yes: what is there goes back, where that is less
-- ledger    the transfer's ledger
-- Role:     remit_operator
-- Exit:     0 when it is posted, now or before; 3 when it is rejected (stored) or refused (not).
-- Example:  stack/psql -U remit_operator -v key=refund-2024-0043 -v transfer=3de57a62-bb7c-832f-86f4-e8ff0b352e74 -v reference='ticket 4713' -f sql/ops/reverse.sql

\set ON_ERROR_STOP on
\ir settings.psql
\set usage 'psql [CONNECTION] -v key=KEY -v transfer=UUID -v reference=TEXT [-v amount=NUMBER] [-v at_most=yes] [-v ledger=1] -f sql/ops/reverse.sql'
\if :{?key} \else \set key '' \endif
\if :{?transfer} \else \set transfer '' \endif
\if :{?reference} \else \set reference '' \endif
\if :{?amount} \else \set amount '' \endif
\if :{?at_most} \else \set at_most no \endif
\if :{?ledger} \else \set ledger 1 \endif
select case
           when :'key' = '' then 'Missing: -v key=KEY'
           when :'key' !~ '^[ -~]{1,255}$' then 'Malformed: -v key is 1 to 255 printable ASCII characters'
           when :'transfer' = '' then 'Missing: -v transfer=UUID'
           when :'transfer' !~ :'uuid_form' then 'Malformed: -v transfer is a UUID'
           when :'reference' = '' then 'Missing: -v reference=TEXT'
           when length(:'reference') > 200 then 'Malformed: -v reference is at most 200 characters'
           when :'amount' <> '' and (:'amount' !~ '^[1-9][0-9]{0,15}$' or lpad(:'amount', 16, '0') > '9007199254740991')
               then 'Malformed: -v amount is a number of minor units from 1 to 9007199254740991'
           when :'at_most' not in ('yes', 'no') then 'Malformed: -v at_most is yes or no'
           when :'ledger' !~ :'id_form' then 'Malformed: -v ledger is the number of a ledger'
       end as fault \gset
\ir refuse.psql

select r.id as reversal, r.outcome, r.outcome = 'posted' as posted,
       case when r.replayed then 'Replayed: this reversal was posted before, at ' || r.created_at || '. Nothing was changed.'
            else 'Posted at ' || r.created_at || '.' end as summary,
       case when r.replayed then 'Replayed: this reversal was rejected before, at ' || r.created_at || ': ' || r.outcome
            else 'Rejected: ' || r.outcome end
           || '. No money moved; the rejection is stored under this key.' as rejection,
       coalesce(r.amount::text, '') as reversal_amount, r.currency as reversal_currency,
       r.source_id as source, coalesce(r.source_balance::text, '') as source_balance,
       r.target_id as target, coalesce(r.target_balance::text, '') as target_balance
  from remit_v1.transfer_reverse(
           :ledger, remit_v1.transfer_id(:'key'), :'transfer', nullif(:'amount', '')::bigint, :'at_most' = 'yes', :'reference') r \gset
select t.reversed, t.amount as original_amount from remit_v1.transfer_get(:ledger, :'transfer') t \gset

\pset expanded on
select :'reversal' as reversal, :'outcome' as outcome, :'reversal_amount' as amount, :'reversal_currency' as currency,
       :'source' as source, :'source_balance' as source_balance, :'target' as target, :'target_balance' as target_balance,
       :'reversed' || ' of ' || :'original_amount' as reversed;
\pset expanded off
\ir outcome.psql
