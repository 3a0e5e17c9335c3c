begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select is(pg_temp.told(pg_temp.hold(101, 11, 60, expires_in => 600), pg_temp.capture(102, 101, 12, 20, is_final => false), pg_temp.reverse(103, 102, 5), pg_temp.capture(104, 101, 12, 99)), '{posted,posted,posted,hold_exceeded}', 'four rows');
create function pg_temp.data(number integer) returns jsonb language sql as $$
    select jsonb_strip_nulls(remit.terms_data(t)) - '{source_held_until,hold_expires_at,target_held_until}'::text[] from remit.transfers t where t.id = pg_temp.id(number);
$$;
select is(pg_temp.data(101), jsonb_build_object('kind', 'hold', 'hold_id', pg_temp.id(101), 'amount_asked', 60, 'source_held', 60, 'target_held', 0, 'hold_amount', 60, 'hold_captured', 0, 'hold_remaining', 60), 'a hold');
select is(pg_temp.data(102), jsonb_build_object('kind', 'capture', 'hold_id', pg_temp.id(101), 'amount_asked', 20, 'source_held', 40, 'target_held', 0, 'hold_amount', 60, 'hold_captured', 20, 'hold_remaining', 40), 'a capture');
select is(pg_temp.data(103), jsonb_build_object('kind', 'reversal', 'reverses_id', pg_temp.id(102), 'amount_asked', 5, 'source_held', 0, 'target_held', 40), 'a reversal');
select is(pg_temp.data(104), jsonb_build_object('kind', 'capture', 'hold_id', pg_temp.id(101), 'amount_asked', 99, 'source_held', 0, 'target_held', 0), 'a capture that was refused');

select * from finish();
rollback;
