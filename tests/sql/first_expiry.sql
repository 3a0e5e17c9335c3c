begin;
select no_plan();
\ir fixture.psql

create function pg_temp.first(until text, others text, before_at text, after_at text, others_in_memory text[], is_open boolean default true) returns text language plpgsql as $$
declare
    draft remit.transfer_draft;
    hold_before remit.holds;
    holds remit.holds[];
begin
    draft.source_id := pg_temp.id(11);
    draft.hold := (1, pg_temp.id(1), pg_temp.id(11), null, 'USD', 5, 0, is_open, ('2030-01-' || after_at)::timestamptz, null, null, '{}', 1, 1, now(), now())::remit.holds;
    hold_before := draft.hold;
    hold_before.expires_at := ('2030-01-' || before_at)::timestamptz;
    holds := array(select (1, pg_temp.id(n::integer + 1), pg_temp.id(case when o = '01' then 12 else 11 end), null, 'USD', 5, 0, true, ('2030-01-' || o)::timestamptz, null, null, '{}', 1, 1, now(), now())::remit.holds
                     from unnest(others_in_memory) with ordinality as x (o, n)) || hold_before;
    return to_char(remit.first_expiry(draft, ('2030-01-' || until)::timestamptz, ('2030-01-' || others)::timestamptz, case when before_at is not null then hold_before end, holds), 'DD');
end;
$$;
select is(pg_temp.first(null, null, null, '05', '{}'), '05', 'the only hold is the first');
select is(pg_temp.first('04', '04', null, '05', '{}'), '04', 'a later one is not');
select is(pg_temp.first('04', null, null, '03', '{04}'), '03', 'an earlier one is');
select is(pg_temp.first('04', '06', '04', '05', '{07}'), '05', 'the first one was moved, and still is');
select is(pg_temp.first('04', '06', '04', '09', '{07}'), '06', 'or one of the table is now');
select is(pg_temp.first('04', '08', '04', '09', '{07}'), '07', 'or one of memory');
select is(pg_temp.first('04', '08', '04', '04', '{07}', false), '07', 'also when it was closed');
select is(pg_temp.first('04', null, '04', '04', '{01}', false), null, 'another wallet''s is not');
select is(pg_temp.first('04', null, '06', '06', '{04}', false), '04', 'one that was not the first changes nothing');
select is(pg_temp.first(null, null, null, null, '{}'), null, 'one without an end has none');

select * from finish();
rollback;
