create or replace function remit.sees_now()
    returns boolean
    language sql
    stable
-- Whether the transaction sees what is committed now, at each statement of a volatile function. The
-- others see the moment of their first statement for as long as their session likes.
--
-- Raises: nothing. Locks: nothing.
return current_setting('transaction_isolation') in ('read committed', 'read uncommitted');

comment on function remit.sees_now() is
    'Whether the transaction sees what is committed now.';
