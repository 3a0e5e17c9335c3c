create or replace function remit.session_is_operators()
    returns boolean
    language sql
    stable
-- Whether a person has logged in: a member of remit_operator, or the owner of Remit. What a person
-- does is in the audit log, also with a key, and has a reason.
--
-- It goes by session_user, who logged in: in a function of the API, current_user is the owner of
-- Remit.
--
-- Raises: nothing. Locks: nothing.
return pg_has_role(session_user, 'remit_operator', 'member') or pg_has_role(session_user, current_user, 'member');

comment on function remit.session_is_operators() is
    'Whether the session is an operator''s or the owner''s.';
