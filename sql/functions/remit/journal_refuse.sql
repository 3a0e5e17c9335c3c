create or replace function remit.journal_refuse()
    returns trigger
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
-- The journal is append-only, for everyone.
--
-- Raises: WL011. Locks: nothing.
begin
    raise exception using
        errcode = 'WL011', message = 'journal is append-only',
        hint    = 'Undo a transfer with a transfer in the other direction.';
end;
$$;

comment on function remit.journal_refuse() is
    'Refuses UPDATE, DELETE and TRUNCATE of the journal.';

-- Only where they are missing: making a trigger waits for every transfer in flight and holds up the next.
do $$
begin
    if exists (select from pg_trigger where tgrelid = 'remit.transfers'::regclass and tgname = 'journal_refuses_truncate') then
        return;
    end if;

    create trigger journal_refuses_update_and_delete
        before update or delete on remit.transfers
        for each row execute function remit.journal_refuse();
    create trigger journal_refuses_truncate
        before truncate on remit.transfers
        for each statement execute function remit.journal_refuse();

    -- Always: a session that plays the part of a replica is refused as well.
    alter table remit.transfers enable always trigger journal_refuses_update_and_delete;
    alter table remit.transfers enable always trigger journal_refuses_truncate;
end;
$$;
