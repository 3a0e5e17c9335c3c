create or replace function remit_v1.transfer_create(ledger_id bigint, request remit_v1.transfer_request)
    returns remit_v1.transfer_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Posts one transfer, for people in psql: transfers_post with one request, which waits for its wallets.
--
-- A stored outcome, posted or rejected, is a result. What is not stored is an error.
--
-- Raises: WL001, WL002, WL005, WL006; 55P03 when a wallet stayed locked for lock_timeout.
-- Locks: both wallets, for no key update, in order of id.
declare
    result remit_v1.transfer_result;
begin
    perform remit.wallets_wait(transfer_create.ledger_id, array[request.source_id, request.target_id]);
    begin
        select r.* into strict result
          from remit_v1.transfers_post(transfer_create.ledger_id, array[request]) r;
    exception
        when unique_violation then
            -- Another session has just used the id for other wallets. Its row is visible to a second call.
            select r.* into strict result
              from remit_v1.transfers_post(transfer_create.ledger_id, array[request]) r;
    end;
    if result.outcome > 'balance_limit_exceeded' then
        perform remit.outcome_refuse(result.outcome, result.field);
    end if;
    return result;
end;
$$;

comment on function remit_v1.transfer_create(bigint, remit_v1.transfer_request) is
    'Posts one transfer. Raises what is not stored; a stored rejection is a result.';

grant execute on function remit_v1.transfer_create(bigint, remit_v1.transfer_request) to remit_server, remit_operator;
