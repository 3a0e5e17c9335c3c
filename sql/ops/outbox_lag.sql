-- How far the relay is behind: the events that have no place in the log yet, and the age of the
-- oldest.
--
-- Usage:    psql [CONNECTION] -f sql/ops/outbox_lag.sql
-- Role:     remit_operator. Changes nothing.
-- Example:  stack/psql -U remit_operator -f sql/ops/outbox_lag.sql

\set ON_ERROR_STOP on
\ir settings.psql
\set usage 'psql [CONNECTION] -f sql/ops/outbox_lag.sql'
\ir refuse.psql

select l.events, l.oldest_at, date_trunc('milliseconds', clock_timestamp() - l.oldest_at) as oldest_age
  from remit_v1.outbox_lag() l;
