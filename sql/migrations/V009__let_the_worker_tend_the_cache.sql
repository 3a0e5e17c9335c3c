-- The worker writes changes to the wallet cache, and closes its generation when it cannot.
grant usage on schema remit_ops_v1 to remit_worker;
