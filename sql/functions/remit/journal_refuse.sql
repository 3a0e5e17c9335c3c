create or replace function remit.journal_refuse()
    returns trigger
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
-- What was written down stays as it is, for everyone: the journal, log and audit log are
-- append-only.
--
-- Raises: WL011. Locks: nothing.
begin
    raise exception using
        errcode = 'WL011', message = 'journal is append-only',
        detail  = jsonb_build_object('table', tg_table_name)::text,
        hint    = 'Undo a transfer with a transfer in the other direction.';
end;
$$;

comment on function remit.journal_refuse() is
    'Refuses UPDATE, DELETE and TRUNCATE of tables that are append-only.';

-- Only where they are missing: making a trigger waits for every transfer in flight and holds up the
-- next.
do $$
declare
    append_only text;
begin
    foreach append_only in array array['transfers', 'log_blocks', 'audit'] loop
        continue when exists (
            select from pg_trigger t
             where t.tgrelid = format('remit.%I', append_only)::regclass and t.tgname = 'journal_refuses_truncate');

        execute format(
            'create trigger journal_refuses_update_and_delete before update or delete on remit.%I '
            'for each row execute function remit.journal_refuse()', append_only);
        execute format(
            'create trigger journal_refuses_truncate before truncate on remit.%I '
            'for each statement execute function remit.journal_refuse()', append_only);

        -- Always: a session that plays the part of a replica is refused as well.
        execute format('alter table remit.%I enable always trigger journal_refuses_update_and_delete', append_only);
        execute format('alter table remit.%I enable always trigger journal_refuses_truncate', append_only);
    end loop;
end;
$$;
