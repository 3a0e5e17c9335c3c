create or replace function remit_v1.webhook_list(ledger_id bigint, key_sha256 bytea default null)
    returns setof remit_v1.webhook_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- The webhooks of a ledger, oldest first: 20 at most.
--
-- Raises: WL009, WL016, WL017. Locks: nothing.
begin
    perform remit.caller_admit(webhook_list.ledger_id, webhook_list.key_sha256, 'administer');
    perform remit.ledger_check(webhook_list.ledger_id);
    return query
    select t.*
      from remit.webhooks w
           cross join lateral remit.webhook_told(w) t
     where w.ledger_id = webhook_list.ledger_id
     order by w.created_at, w.id;
end;
$$;

comment on function remit_v1.webhook_list(bigint, bytea) is
    'The webhooks of a ledger, oldest first.';

grant execute on function remit_v1.webhook_list(bigint, bytea) to remit_server, remit_operator;
