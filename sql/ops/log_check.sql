-- Checks that a log still has the head that log_head.sql once showed. With verify.sql this proves
-- that all that was in the log then is as it was then.
--
-- Usage:    psql [CONNECTION] -v block=NUMBER -v hash=HEX [-v ledger=1] -f sql/ops/log_check.sql
-- block     the number of the head's block
-- hash      the head's hash, 64 hexadecimal digits
-- ledger    the ledger
-- Role:     remit_operator or remit_auditor. Changes nothing.
-- Exit:     0 when the log has the head, 3 when it has not.
-- Example:  stack/psql -U remit_auditor -v block=7 -v hash=<64 digits> -f sql/ops/log_check.sql

\set ON_ERROR_STOP on
\ir settings.psql
\set usage 'psql [CONNECTION] -v block=NUMBER -v hash=HEX [-v ledger=1] -f sql/ops/log_check.sql'
\if :{?block} \else \set block '' \endif
\if :{?hash} \else \set hash '' \endif
\if :{?ledger} \else \set ledger 1 \endif
select case
           when :'block' = '' then 'Missing: -v block=NUMBER'
           when :'hash' = '' then 'Missing: -v hash=HEX'
           when :'block' !~ :'id_form' then 'Malformed: -v block is the number of a block'
           when :'hash' !~ '^[0-9a-fA-F]{64}$' then 'Malformed: -v hash is 64 hexadecimal digits'
           when :'ledger' !~ :'id_form' then 'Malformed: -v ledger is the number of a ledger'
       end as fault \gset
\ir refuse.psql

select count(*) > 0 as broken, coalesce(min(v.detail ->> 'hash'), 'missing') as found
  from remit_ops_v1.log_check(:ledger, :block, decode(:'hash', 'hex')) v \gset
\if :broken
    \warn The head of ledger :ledger at block :block is not as it was: :found
    \set VERBOSITY terse
    do $$ begin raise exception 'the log was made anew'; end $$;
\endif
\echo The head of ledger :ledger at block :block is as it was.
