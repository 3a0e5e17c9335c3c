create or replace function remit_worker_v1.webhooks_lead()
    returns boolean
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Whether this session alone sends webhooks from now on, until it ends. Others stand by. As
-- relay_lead, with a lock of its own: webhooks flow while no relay reaches the broker.
--
-- Raises: nothing. Locks: the row of remit.webhooks_lead, then an advisory lock until the session
-- ends.
declare
    holder integer;
    number constant bigint := hashtextextended(gen_random_uuid()::text, 0);
begin
    select remit.lock_holder(l.lock_number) into holder
      from (select w.lock_number from remit.webhooks_lead w for update) l;
    if holder is not null then
        return holder = pg_backend_pid();
    end if;
    if not pg_try_advisory_lock(number) then
        return false;
    end if;
    update remit.webhooks_lead set lock_number = number;
    return true;
end;
$$;

comment on function remit_worker_v1.webhooks_lead() is
    'Whether this session alone sends webhooks from now on, until it ends.';

grant execute on function remit_worker_v1.webhooks_lead() to remit_worker;
