create or replace function remit.cursors_move(confirmed remit_worker_v1.cursor[])
    returns void
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- Moves cursors forward to what was confirmed. None goes back, whatever comes late.
--
-- Raises: nothing. Locks: the cursors, in order of their keys.
begin
    insert into remit.cursors as c (ledger_id, channel, position)
    select f.ledger_id, f.channel, max(f.position)
      from unnest(confirmed) f
     group by f.ledger_id, f.channel
     order by f.ledger_id, f.channel
        on conflict (ledger_id, channel) do update
       set position = greatest(c.position, excluded.position);
end;
$$;

comment on function remit.cursors_move(remit_worker_v1.cursor[]) is
    'Moves cursors forward to what was confirmed.';
