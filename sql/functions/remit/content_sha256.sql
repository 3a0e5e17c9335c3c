create or replace function remit.content_sha256(content jsonb)
    returns bytea
    language sql
    immutable
    strict
    parallel safe
-- The SHA-256 of what a user or a wallet is created with, as a JSON array without the id. Equal
-- content has one text, as PostgreSQL writes jsonb.
--
-- Raises: nothing. Locks: nothing.
return sha256(convert_to(content::text, 'UTF8'));

comment on function remit.content_sha256(jsonb) is
    'The SHA-256 of what a user or a wallet is created with.';
