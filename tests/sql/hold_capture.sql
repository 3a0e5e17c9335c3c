begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);

do $$ begin perform remit_v1.hold_create(1, pg_temp.id(101), pg_temp.id(11), 60); end; $$;
select results_eq(
    $$ select outcome::text, amount, source_balance, (effect).hold_remaining, reference from remit_v1.hold_capture(1, pg_temp.id(102), pg_temp.id(101), 20, pg_temp.id(12), false, reference => 'night 1') $$,
    $$ values ('posted', 20::bigint, 80::bigint, 40::bigint, 'night 1') $$, 'a part is captured');
select is((remit_v1.hold_capture(1, pg_temp.id(103), pg_temp.id(101), 41, pg_temp.id(12))).outcome, 'hold_exceeded', 'a rejection is a result');
select results_eq($$ select amount, (effect).hold_remaining from remit_v1.hold_capture(1, pg_temp.id(104), pg_temp.id(101), 50, pg_temp.id(12), may_exceed => true) $$, $$ values (50::bigint, 0::bigint) $$, 'more than remains, where it may');
select is((remit_v1.hold_capture(1, pg_temp.id(105), pg_temp.id(101), null, pg_temp.id(12))).outcome, 'hold_closed', 'then it has ended');
select is(pg_temp.refusal('select remit_v1.hold_capture(1, pg_temp.id(106), pg_temp.id(199), 1, pg_temp.id(12))'), 'WL019 subject_id', 'an unknown hold is an error');
select is(pg_temp.refusal('select remit_v1.hold_capture(1, pg_temp.id(102), pg_temp.id(101), 21, pg_temp.id(12), false)'), 'WL005 id', 'so is other content');

select * from finish();
rollback;
