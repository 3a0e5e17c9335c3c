create or replace function remit.state_of_webhook(told remit.webhooks)
    returns jsonb
    language sql
    stable
    parallel safe
-- The data of a webhook's last event. A hash stands for its address, which may hold a password, and
-- for its description; without its salt nobody guesses either from it.
--
-- Raises: nothing. Locks: nothing.
return jsonb_build_object(
    'webhook_id', told.id, 'status', told.status, 'types', to_jsonb(told.types::text[]), 'generation', told.generation,
    'endpoint_sha256', encode(sha256(told.salt || convert_to(jsonb_build_array(told.url, told.description)::text, 'UTF8')), 'hex'));

comment on function remit.state_of_webhook(remit.webhooks) is
    'The data of a webhook''s last event.';
