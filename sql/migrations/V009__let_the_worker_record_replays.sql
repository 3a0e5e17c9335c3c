-- Replaying dead letters is an operator's action. The worker's program does it with the broker, so
-- its role may write into the audit log that it will.
grant usage on schema remit_ops_v1 to remit_worker;
