-- What the roles may use besides the functions, whose files have their grants.

-- A default of the owner's that names a schema may have given new functions to all.
revoke execute on all functions in schema remit, remit_v1, remit_worker_v1, remit_ops_v1 from public;

grant usage on schema remit_v1 to remit_server, remit_operator;
grant usage on schema remit_worker_v1 to remit_worker;
-- The server: freezes and limits, over HTTP, for a caller that has the key for it. The worker: the
-- generation of the wallet cache, which it closes when it cannot write.
grant usage on schema remit_ops_v1 to remit_operator, remit_auditor, remit_server, remit_worker;
grant usage on schema remit to remit_auditor;
grant select on remit.entries, remit.audit_log to remit_auditor;
