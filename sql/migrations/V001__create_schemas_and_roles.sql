-- Money rules live in functions, and the functions are the only door. The tables stand in a
-- schema of their own, the functions in one schema per kind of caller, and each kind of
-- caller is a role that may execute its functions and touch no table.

create schema remit;
create schema remit_v1;
create schema remit_worker_v1;
create schema remit_ops_v1;

-- Roles belong to the whole cluster: another database may have made them, even at this moment.
do $$
declare
    role_name text;
begin
    foreach role_name in array array['remit_server', 'remit_worker', 'remit_operator', 'remit_auditor'] loop
        begin
            execute format('create role %I login', role_name);
        exception
            when duplicate_object or unique_violation then
                null;
        end;
    end loop;
end;
$$;

-- The global form: a default that names a schema can only add to what the global one grants.
alter default privileges revoke execute on functions from public;
revoke create on schema public from public;

grant usage on schema remit_v1 to remit_server, remit_operator;
grant usage on schema remit_worker_v1 to remit_worker;
-- The server: freezes and limits, over HTTP, for a caller that has the key for it.
grant usage on schema remit_ops_v1 to remit_operator, remit_auditor, remit_server;
grant usage on schema remit to remit_auditor;
