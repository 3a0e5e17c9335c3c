create or replace function remit_v1.transfer_get(ledger_id bigint, transfer_id uuid)
    returns remit_v1.transfer_result
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- One transfer of the journal, posted or rejected.
--
-- Raises: WL004. Locks: nothing.
declare
    result remit_v1.transfer_result;
begin
    select t.id, t.outcome, null, false, t.source_id, t.target_id, t.amount, t.currency,
           t.source_version, t.source_balance, t.target_version, t.target_balance,
           t.reference, t.metadata, t.request_id, t.created_at
      into result
      from remit.transfers t
     where t.ledger_id = transfer_get.ledger_id and t.id = transfer_get.transfer_id;
    if not found then
        raise exception using
            errcode = 'WL004', message = 'transfer not found', column = 'transfer_id',
            detail  = jsonb_build_object('transfer_id', transfer_get.transfer_id)::text;
    end if;
    return result;
end;
$$;

comment on function remit_v1.transfer_get(bigint, uuid) is
    'One transfer of the journal, posted or rejected.';

grant execute on function remit_v1.transfer_get(bigint, uuid) to remit_server, remit_operator;
