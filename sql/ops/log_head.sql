-- The head of the log, of each ledger or of one. Keep what it says outside of
-- the database: log_check.sql tells later whether the log still has it.
--
-- Usage:    psql [CONNECTION] [-v ledger=all] -f sql/ops/log_head.sql
-- ledger    the number of a ledger, or all
-- Role:     remit_operator or remit_auditor. Changes nothing.
-- Example:  stack/psql -U remit_auditor -f sql/ops/log_head.sql

\set ON_ERROR_STOP on
\ir settings.psql
\set usage 'psql [CONNECTION] [-v ledger=all] -f sql/ops/log_head.sql'
\if :{?ledger} \else \set ledger all \endif
select case
           when :'ledger' <> 'all' and :'ledger' !~ :'id_form' then 'Malformed: -v ledger is the number of a ledger, or all'
       end as fault \gset
\ir refuse.psql

select h.ledger_id as ledger, h.block, h.position, encode(h.hash, 'hex') as hash, h.created_at
  from remit_ops_v1.log_head(nullif(:'ledger', 'all')::bigint) h;
