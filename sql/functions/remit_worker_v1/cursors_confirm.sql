create or replace function remit_worker_v1.cursors_confirm(confirmed remit_worker_v1.cursor[])
    returns void
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Moves cursors forward to what was confirmed, as outbox_append does by the way.
--
-- Raises: WL001. Locks: the cursors, in order of their keys.
begin
    if confirmed is null or cardinality(confirmed) > 10000 then
        perform remit.field_refuse('confirmed', 'at most 10000');
    end if;
    perform remit.cursors_move(confirmed);
end;
$$;

comment on function remit_worker_v1.cursors_confirm(remit_worker_v1.cursor[]) is
    'Moves cursors forward to what was confirmed.';

grant execute on function remit_worker_v1.cursors_confirm(remit_worker_v1.cursor[]) to remit_worker;
