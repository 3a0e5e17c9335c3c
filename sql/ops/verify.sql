-- Verifies the books: sums, versions, balances, floors, currencies and waiting events. Runs while
-- transfers go on.
--
-- Usage:    psql [CONNECTION] [-v ledger=all] -f sql/ops/verify.sql
-- ledger    the number of a ledger, or all
-- Role:     remit_operator or remit_auditor. Changes nothing.
-- Exit:     0 when the books are right, 3 when there are violations; they are listed.
-- Example:  stack/psql -U remit_auditor -f sql/ops/verify.sql

\set ON_ERROR_STOP on
\ir settings.psql
\set usage 'psql [CONNECTION] [-v ledger=all] -f sql/ops/verify.sql'
\if :{?ledger} \else \set ledger all \endif
select case
           when :'ledger' <> 'all' and :'ledger' !~ :'id_form' then 'Malformed: -v ledger is the number of a ledger, or all'
       end as fault \gset
\ir refuse.psql

-- How far it is, where a person looks on.
\set progress `test -t 2 && echo on || echo off`
set remit.progress = :progress;

\pset format wrapped
select v.ledger_id as ledger, v.rule, v.subject, v.detail
  from remit_ops_v1.verify(nullif(:'ledger', 'all')::bigint) v;
\set violations :ROW_COUNT

select :violations > 0 as broken,
       case :'ledger' when 'all' then 'every ledger' else 'ledger ' || :'ledger' end as scope \gset
\if :broken
    \warn The books of :scope are broken: violations: :violations
    \set VERBOSITY terse
    do $$ begin raise exception 'the books are broken'; end $$;
\endif
\echo The books of :scope are right.
