create or replace function remit_v1.events_get(
    ledger_id bigint, after bigint, event_limit integer, types text[] default null, key_sha256 bytea default null)
    returns remit_v1.event_page
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- A page of a ledger's log: the events after a position, in order. types chooses some by their
-- names.
--
-- A page with types may be short, or empty, before the end of the log: a call looks at 20,000
-- positions at most. The next page begins after next.
--
-- Raises: WL001, WL016, WL017. Locks: nothing.
declare
    wanted remit_v1.event_type[];
    page remit_v1.event_page;
    until bigint;
begin
    perform remit.caller_admit(events_get.ledger_id, events_get.key_sha256, 'observe');
    wanted := remit.event_types(types);
    if after is null or after not between 0 and 9007199254740991 then
        perform remit.field_refuse('after', '0 to 9007199254740991');
    elsif event_limit is null or event_limit not between 1 and 1000 then
        perform remit.field_refuse('event_limit', '1 to 1000');
    end if;
    page.epoch := remit.epoch();
    page.head := remit.log_position(events_get.ledger_id);
    until := least(page.head, after + case when wanted is null then event_limit else 20000 end);
    if wanted is not null then
        until := coalesce(remit.log_match(events_get.ledger_id, after, until, wanted, event_limit), until);
    end if;
    select coalesce(array_agg(e order by e.position), '{}') into page.events
      from remit.log_slice(events_get.ledger_id, events_get.after, until, wanted) e;
    page.next := greatest(after, until);
    return page;
end;
$$;

comment on function remit_v1.events_get(bigint, bigint, integer, text[], bytea) is
    'A page of a ledger''s log: the events after a position, in order.';

grant execute on function remit_v1.events_get(bigint, bigint, integer, text[], bytea) to remit_server, remit_operator;
