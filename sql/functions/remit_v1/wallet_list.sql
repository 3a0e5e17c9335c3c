create or replace function remit_v1.wallet_list(
    ledger_id bigint, user_id uuid, after_created_at timestamptz, after_id uuid, request_limit integer,
    key_sha256 bytea default null)
    returns setof remit_v1.wallet_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
    -- Compiled for an estimate that is large, a call would cost more than it saves.
    set jit = off
as $$
-- A page of a user's wallets, oldest first: those behind the wallet that was created at
-- after_created_at and has the id after_id, or the first where both are null.
--
-- Raises: WL001, WL003, WL016. Locks: nothing.
begin
    if request_limit is null or request_limit not between 1 and 1000 then
        perform remit.field_refuse('request_limit', '1 to 1000');
    end if;
    perform remit_v1.user_get(wallet_list.ledger_id, wallet_list.user_id, wallet_list.key_sha256);

    return query
    select t.*
      from remit.wallets w
     cross join lateral remit.wallet_told(w) t -- Once: (f(w)).* would call it for each column.
     where w.ledger_id = wallet_list.ledger_id
       and w.user_id = wallet_list.user_id
       and (w.created_at, w.id) > (coalesce(after_created_at, '-infinity'), coalesce(after_id, '00000000-0000-0000-0000-000000000000'))
     order by w.created_at, w.id
     limit request_limit;
end;
$$;

comment on function remit_v1.wallet_list(bigint, uuid, timestamptz, uuid, integer, bytea) is
    'A page of a user''s wallets, oldest first, behind the one created at after_created_at with the id after_id.';

grant execute on function remit_v1.wallet_list(bigint, uuid, timestamptz, uuid, integer, bytea) to remit_server, remit_operator;
