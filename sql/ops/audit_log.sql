-- What operators did, newest first: who, when, to what, and why.
--
-- Usage:    psql [CONNECTION] [-v limit=50] [-v ledger=1] -f sql/ops/audit_log.sql
-- limit     how many actions, 1 to 1000
-- ledger    the ledger
-- Role:     remit_auditor. Changes nothing.
-- Example:  stack/psql -U remit_auditor -v limit=20 -f sql/ops/audit_log.sql

\set ON_ERROR_STOP on
\ir settings.psql
\set usage 'psql [CONNECTION] [-v limit=50] [-v ledger=1] -f sql/ops/audit_log.sql'
\if :{?limit} \else \set limit 50 \endif
\if :{?ledger} \else \set ledger 1 \endif
select case
           when :'limit' !~ :'limit_form' then 'Malformed: -v limit is a number from 1 to 1000'
           when :'ledger' !~ :'id_form' then 'Malformed: -v ledger is the number of a ledger'
       end as fault \gset
\ir refuse.psql

-- Refuses a ledger that does not exist.
select count(*) as heads from remit_ops_v1.log_head(:ledger) \gset

select a.at, a.actor, a.application_name as program, a.key_id as key, a.action, a.subject_ids as subjects, a.reason, a.detail
  from remit.audit_log a
 where a.ledger_id = :ledger
 order by a.id desc
 limit :limit;
