begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);

do $$
begin
    perform remit_v1.hold_create(1, pg_temp.id(101), pg_temp.id(11), 60, reference => 'room 7', metadata => '{"a": "b"}');
    perform remit_v1.hold_create(1, pg_temp.id(102), pg_temp.id(11), 5, pg_temp.id(12));
    perform remit_v1.hold_capture(1, pg_temp.id(103), pg_temp.id(102));
end;
$$;
select results_eq(
    $$ select pg_temp.number(id), status::text, pg_temp.number(target_id), amount, captured, remaining, reference, metadata, created_version, version
         from remit_v1.holds_get(1, array[pg_temp.id(102), pg_temp.id(199), pg_temp.id(101), pg_temp.id(101), null]) $$,
    $$ values (102, 'captured', 12, 5::bigint, 5::bigint, 0::bigint, null, '{}'::jsonb, 3::bigint, 4::bigint), (null, null, null, null, null, null, null, null, null, null),
              (101, 'open', null, 60, 0, 60, 'room 7', '{"a": "b"}', 2, 2), (101, 'open', null, 60, 0, 60, 'room 7', '{"a": "b"}', 2, 2), (null, null, null, null, null, null, null, null, null, null) $$,
    'a row for each id, in order');
select is_empty('select * from remit_v1.holds_get(1, null)', 'of nothing there is none');
select is((select h.id from remit_v1.holds_get(2, array[pg_temp.id(101)]) h), null, 'nor in another ledger');
select is(pg_temp.refusal('select remit_v1.holds_get(1, array_fill(pg_temp.id(1), array[1001]))'), 'WL001 hold_ids', 'a thousand at most');

select * from finish();
rollback;
