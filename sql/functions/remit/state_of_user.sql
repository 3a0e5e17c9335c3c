create or replace function remit.state_of_user(told remit.users)
    returns jsonb
    language sql
    stable
    parallel safe
-- The data of a user's user.created. A hash stands for what can be erased one day; without its salt
-- nobody guesses a name or an address from it.
--
-- Raises: nothing. Locks: nothing.
return jsonb_build_object(
    'user_id', told.id, 'created_at', remit.moment_text(told.created_at),
    'profile_sha256', encode(sha256(told.profile_salt || convert_to(
        jsonb_build_array(told.name, told.email, told.reference, told.metadata, encode(told.created_as, 'hex'))::text, 'UTF8')), 'hex'));

comment on function remit.state_of_user(remit.users) is
    'The data of a user''s event user.created.';
