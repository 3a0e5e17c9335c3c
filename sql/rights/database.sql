-- A database for Remit, and its owner, who is no superuser: `remit migrate` runs as remit_owner.
-- For psql. A superuser runs it once in a cluster of Remit's own; again it changes nothing:
--     REMIT_OWNER_PASSWORD=… psql -U postgres -d postgres -f sql/rights/database.sql
--     psql -U postgres -d remit -f sql/rights/superuser.sql

\set ON_ERROR_STOP on
\getenv password REMIT_OWNER_PASSWORD

select format('create role remit_owner login createrole password %L', :'password')
 where to_regrole('remit_owner') is null
\gexec
select $$ create database remit template template0 encoding 'UTF8' locale 'C.UTF-8' $$
 where not exists (select from pg_database where datname = 'remit')
\gexec
alter database remit owner to remit_owner;
-- Nothing is in these, so no role but a superuser needs them.
revoke connect, temporary on database postgres, template1 from public;
