begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);

select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 60)), '{posted}', 'a transfer');
select results_eq(
    $$ select outcome::text, amount, pg_temp.number(source_id), (terms).kind::text, reference, metadata from remit_v1.transfer_reverse(1, pg_temp.id(102), pg_temp.id(101), 20, reference => 'refund', metadata => '{"a": "b"}') $$,
    $$ values ('posted', 20::bigint, 12, 'reversal', 'refund', '{"a": "b"}'::jsonb) $$, 'a part goes back');
select is((remit_v1.transfer_reverse(1, pg_temp.id(103), pg_temp.id(101), 41)).outcome, 'reversal_exceeded', 'a rejection is a result');
select is((remit_v1.transfer_reverse(1, pg_temp.id(104), pg_temp.id(101), 50, true)).amount, 40::bigint, 'at most what is left');
select is((remit_v1.transfer_reverse(1, pg_temp.id(105), pg_temp.id(102))).outcome, 'not_reversible', 'a reversal is not reversed');
select is(pg_temp.refusal('select remit_v1.transfer_reverse(1, pg_temp.id(106), pg_temp.id(199))'), 'WL004 subject_id', 'an unknown transfer is an error');

select * from finish();
rollback;
