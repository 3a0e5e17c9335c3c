-- Money rules live in functions, and the functions are the only door. The tables stand in a
-- schema of their own, the functions in one schema per kind of caller, and each kind of
-- caller is a role that may execute its functions and touch no table: sql/rights has the roles and
-- what they may, which each `remit migrate` sets anew.

create schema remit;
create schema remit_v1;
create schema remit_worker_v1;
create schema remit_ops_v1;
