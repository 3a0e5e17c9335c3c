create or replace function remit_v1.webhook_failure_list(
    ledger_id bigint, webhook_id uuid, after_position bigint, request_limit integer, key_sha256 bytea default null)
    returns setof remit_v1.webhook_failure
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- A page of the events that a webhook did not take, in order: those behind after_position, or the
-- first where that is null. With attempts of 0 one waits behind another of its wallets.
--
-- Raises: WL001, WL016, WL017, WL026. Locks: nothing.
begin
    perform remit_v1.webhook_get(webhook_failure_list.ledger_id, webhook_failure_list.webhook_id, webhook_failure_list.key_sha256);
    if request_limit is null or request_limit not between 1 and 1000 then
        perform remit.field_refuse('request_limit', '1 to 1000');
    end if;
    return query
    select t.*
      from remit.webhook_failures f
           cross join lateral remit.webhook_failure_told(f) t
     where f.ledger_id = webhook_failure_list.ledger_id
       and f.webhook_id = webhook_failure_list.webhook_id
       and f.position > coalesce(after_position, 0)
     order by f.position
     limit request_limit;
end;
$$;

comment on function remit_v1.webhook_failure_list(bigint, uuid, bigint, integer, bytea) is
    'A page of the events that a webhook did not take.';

grant execute on function remit_v1.webhook_failure_list(bigint, uuid, bigint, integer, bytea) to remit_server, remit_operator;
