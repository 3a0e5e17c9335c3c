-- The events that the relay has set aside, because the broker will never take them as they are: as
-- a rule they are larger than its limit. They stay in the outbox. Once the broker takes them,
-- restart the worker: it sends them again.
--
-- Usage:    psql [CONNECTION] -f sql/ops/outbox_aside.sql
-- Role:     remit_operator. Changes nothing.
-- Example:  stack/psql -U remit_operator -f sql/ops/outbox_aside.sql

\set ON_ERROR_STOP on
\ir settings.psql
\set usage 'psql [CONNECTION] -f sql/ops/outbox_aside.sql'
\ir refuse.psql

select e.ledger_id as ledger, e.event_id as event, e.type, e.subject_id as subject, e.request_id as request, e.created_at
  from remit_ops_v1.outbox_aside() e;
