-- Lists the open holds of a wallet, newest first; or releases one, or captures from one. The key
-- makes the latter two safe to repeat: the same command again tells what the first one did.
--
-- Usage:    psql [CONNECTION] -v wallet=UUID [-v limit=50] [-v before=VERSION] [-v ledger=1] -f sql/ops/holds.sql
--           psql [CONNECTION] -v release=UUID -v key=KEY -v reference=TEXT [-v ledger=1] -f sql/ops/holds.sql
--           psql [CONNECTION] -v capture=UUID -v key=KEY -v reference=TEXT [-v amount=NUMBER]
--                [-v target=UUID] [-v ledger=1] -f sql/ops/holds.sql
-- wallet    the wallet whose holds are listed
-- limit     holds on a page, 1 to 1000
-- before    the page ends before this version; the last line of a page names it for the next
-- release   the hold that is released
-- capture   the hold that is captured from; what remains of it then is released
-- key       the idempotency key: a UUID, then the row's id, or other printable ASCII text
-- reference why: the text on the statements and in the audit log, at most 200 characters
-- amount    what is captured, in minor units; all that remains, where it is left out
-- target    the wallet that receives, where the hold names none
-- ledger    the ledger of them all
-- Role:     remit_operator
-- Exit:     0 when it is listed or posted, now or before; 3 when it is rejected (stored) or refused
--           (not).
-- Example:  stack/psql -U remit_operator -v wallet=2b1f0d6e-9c53-4f7a-8d21-5e0a7c3b9f10 -f sql/ops/holds.sql

\set ON_ERROR_STOP on
\ir settings.psql
\set usage 'psql [CONNECTION] -v wallet=UUID [-v limit=50] [-v before=VERSION] | -v release=UUID -v key=KEY -v reference=TEXT | -v capture=UUID -v key=KEY -v reference=TEXT [-v amount=NUMBER] [-v target=UUID]; [-v ledger=1] -f sql/ops/holds.sql'
\if :{?wallet} \else \set wallet '' \endif
\if :{?release} \else \set release '' \endif
\if :{?capture} \else \set capture '' \endif
\if :{?limit} \else \set limit '' \endif
\if :{?before} \else \set before '' \endif
\if :{?key} \else \set key '' \endif
\if :{?reference} \else \set reference '' \endif
\if :{?amount} \else \set amount '' \endif
\if :{?target} \else \set target '' \endif
\if :{?ledger} \else \set ledger 1 \endif
select case
           when num_nonnulls(nullif(:'wallet', ''), nullif(:'release', ''), nullif(:'capture', '')) = 0
               then 'Missing: -v wallet=UUID, or -v release=UUID, or -v capture=UUID'
           when num_nonnulls(nullif(:'wallet', ''), nullif(:'release', ''), nullif(:'capture', '')) > 1
               then 'Too many: one of -v wallet, -v release and -v capture'
           when :'wallet' || :'release' || :'capture' !~ :'uuid_form'
               then 'Malformed: -v ' || case when :'wallet' <> '' then 'wallet' when :'release' <> '' then 'release' else 'capture' end
                    || ' is a UUID'
           when :'wallet' <> '' and :'key' || :'reference' <> '' then 'Too many: -v key and -v reference go with -v release or -v capture'
           when :'wallet' = '' and :'limit' || :'before' <> '' then 'Too many: -v limit and -v before go with -v wallet'
           when :'capture' = '' and :'amount' || :'target' <> '' then 'Too many: -v amount and -v target go with -v capture'
           when :'limit' <> '' and :'limit' !~ :'limit_form' then 'Malformed: -v limit is a number from 1 to 1000'
           when :'before' <> '' and :'before' !~ :'id_form' then 'Malformed: -v before is a version, a number from 1'
           when :'wallet' = '' and :'key' = '' then 'Missing: -v key=KEY'
           when :'wallet' = '' and :'key' !~ '^[ -~]{1,255}$' then 'Malformed: -v key is 1 to 255 printable ASCII characters'
           when :'wallet' = '' and :'reference' = '' then 'Missing: -v reference=TEXT'
           when length(:'reference') > 200 then 'Malformed: -v reference is at most 200 characters'
           when :'amount' <> '' and (:'amount' !~ '^[1-9][0-9]{0,15}$' or lpad(:'amount', 16, '0') > '9007199254740991')
               then 'Malformed: -v amount is a number of minor units from 1 to 9007199254740991'
           when :'target' <> '' and :'target' !~ :'uuid_form' then 'Malformed: -v target is a UUID'
           when :'ledger' !~ :'id_form' then 'Malformed: -v ledger is the number of a ledger'
       end as fault \gset
\ir refuse.psql

select :'wallet' <> '' as lists, :'release' <> '' as releases \gset
\if :lists
    select coalesce(nullif(:'limit', ''), '50') as page_size, coalesce(nullif(:'before', ''), '9223372036854775807') as bound \gset
    select h.id as hold, h.created_version as version, h.created_at, h.amount, h.captured, h.remaining, h.currency, h.expires_at,
           h.target_id as target, h.reference
      from remit_v1.hold_list(:ledger, :'wallet', true, :bound, :page_size) h;
    select count(*) || case count(*) when 1 then ' open hold. ' else ' open holds. ' end
           || case when count(*) = :page_size then 'Next page: -v before=' || min(h.created_version) else 'These are all.' end as summary
      from remit_v1.hold_list(:ledger, :'wallet', true, :bound, :page_size) h \gset
    \echo :summary
\else
    -- Of both, the one that is asked for.
    select r.id as done, r.outcome, r.outcome = 'posted' as posted,
           case when r.replayed then 'Replayed: this was posted before, at ' || r.created_at || '. Nothing was changed.'
                else 'Posted at ' || r.created_at || '.' end as summary,
           case when r.replayed then 'Replayed: this was rejected before, at ' || r.created_at || ': ' || r.outcome
                else 'Rejected: ' || r.outcome end
               || '. No money moved; the rejection is stored under this key.' as rejection,
           coalesce(r.amount::text, '') as done_amount, r.currency as done_currency, r.source_id as source,
           coalesce(r.source_balance::text, '') as source_balance, coalesce(((r.effect).source_held)::text, '0') as source_held,
           coalesce(r.target_id::text, '') as done_target
      from (select c.* from remit_v1.hold_release(:ledger, remit_v1.transfer_id(:'key'), nullif(:'release', '')::uuid, :'reference') c
             where :'releases'
            union all
            select c.* from remit_v1.hold_capture(
                       :ledger, remit_v1.transfer_id(:'key'), nullif(:'capture', '')::uuid, nullif(:'amount', '')::bigint,
                       nullif(:'target', '')::uuid, reference => :'reference') c
             where not :'releases') r \gset
    \pset expanded on
    select :'done' as id, :'outcome' as outcome, :'done_amount' as amount, :'done_currency' as currency, :'source' as source,
           :'source_balance' as source_balance, :'source_held' as source_held, :'done_target' as target;
    \pset expanded off
    \ir outcome.psql
\endif
