-- The events that the broker does not get, because it would never take them as they are: as a rule
-- they are larger than its limit. They are in the log all the same. Once the broker takes them,
-- publish them again with `remit-worker replay`, which removes them here.
--
-- Usage:    psql [CONNECTION] -f sql/ops/events_aside.sql
-- Role:     remit_operator. Changes nothing.
-- Example:  stack/psql -U remit_operator -f sql/ops/events_aside.sql

\set ON_ERROR_STOP on
\ir settings.psql
\set usage 'psql [CONNECTION] -f sql/ops/events_aside.sql'
\ir refuse.psql

select e.ledger_id as ledger, e.position, e.event_id as event, e.type, e.subject_id as subject, e.reason, e.at
  from remit_ops_v1.events_aside() e;
