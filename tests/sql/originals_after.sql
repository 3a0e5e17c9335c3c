begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

create function pg_temp.after(kind remit_v1.transfer_kind, number integer, subject integer, moved bigint) returns text[] language sql as $$
    select array_agg(format('%s %s', o.left_amount, o.reversals) order by o.place)
      from unnest(remit.originals_after(array[pg_temp.id(1), pg_temp.id(2)], array[(50, 3), (null, 0)]::remit.reversible[], (
               'posted', null, false, pg_temp.id(number), null, null, moved, 'USD', null, null, null, null, null, '{}', null, now(), 1, 2, null,
               (pg_temp.item(1, null, null, 1, kind, pg_temp.id(subject))).terms, moved, null, moved, moved, moved, null)::remit.transfer_draft)) with ordinality as o (left_amount, reversals, place);
$$;
select is(pg_temp.after('reversal', 9, 1, 20), '{"30 4"," 0"}', 'a reversal leaves less of its original');
select is(pg_temp.after(null, 2, null, 70), '{"50 3","70 0"}', 'a transfer that is one can be reversed');
select is(pg_temp.after('hold', 2, null, 0), '{"50 3"," 0"}', 'a hold cannot');
select is(pg_temp.after(null, 9, null, 70), '{"50 3"," 0"}', 'another changes nothing');

select * from finish();
rollback;
