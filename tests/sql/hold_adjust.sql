begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);

do $$ begin perform remit_v1.hold_create(1, pg_temp.id(101), pg_temp.id(11), 60); end; $$;
select results_eq($$ select outcome::text, amount, (effect).source_held from remit_v1.hold_adjust(1, pg_temp.id(102), pg_temp.id(101), 70) $$, $$ values ('posted', 70::bigint, 70::bigint) $$, 'a hold is raised to a total');
select ok((effect).hold_expires_at = created_at + interval '1 minute' and amount = 70, 'its end is moved alone') from remit_v1.hold_adjust(1, pg_temp.id(103), pg_temp.id(101), expires_in => 60);
select is((remit_v1.hold_adjust(1, pg_temp.id(104), pg_temp.id(101), 101)).outcome, 'insufficient_funds', 'a rejection is a result');
select is(pg_temp.refusal('select remit_v1.hold_adjust(1, pg_temp.id(105), pg_temp.id(101))'), 'WL001 amount', 'to change nothing is an error');
select is(pg_temp.refusal('select remit_v1.hold_adjust(1, pg_temp.id(105), pg_temp.id(199), 5)'), 'WL019 subject_id', 'so is an unknown hold');

select * from finish();
rollback;
