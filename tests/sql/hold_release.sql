begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);

do $$ begin perform remit_v1.hold_create(1, pg_temp.id(101), pg_temp.id(11), 60); end; $$;
select results_eq($$ select outcome::text, amount, (effect).source_held, reference from remit_v1.hold_release(1, pg_temp.id(102), pg_temp.id(101), 'cancelled') $$, $$ values ('posted', 60::bigint, null::bigint, 'cancelled') $$, 'a hold is released');
select ok((remit_v1.hold_release(1, pg_temp.id(102), pg_temp.id(101), 'cancelled')).replayed, 'a retry is told again');
select is((remit_v1.hold_release(1, pg_temp.id(103), pg_temp.id(101))).outcome, 'hold_closed', 'a second release is a rejection');
select is(pg_temp.refusal('select remit_v1.hold_release(1, pg_temp.id(104), pg_temp.id(199))'), 'WL019 subject_id', 'an unknown hold is an error');

select * from finish();
rollback;
