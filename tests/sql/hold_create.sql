begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);

select results_eq(
    $$ select outcome::text, amount, pg_temp.number(target_id), currency, reference, metadata, (terms).kind::text, (terms).expires_in, (effect).source_held from
         remit_v1.hold_create(1, pg_temp.id(101), pg_temp.id(11), 60, pg_temp.id(12), 'USD', expires_in => 600, reference => 'room 7', metadata => '{"a": "b"}') $$,
    $$ values ('posted', 60::bigint, 12, 'USD', 'room 7', '{"a": "b"}'::jsonb, 'hold', 600, 60::bigint) $$, 'a hold is authorised');
select is((remit_v1.hold_create(1, pg_temp.id(102), pg_temp.id(11), 41)).outcome, 'insufficient_funds', 'a rejection is a result');
select ok((remit_v1.hold_create(1, pg_temp.id(101), pg_temp.id(11), 60, pg_temp.id(12), 'USD', expires_in => 600, reference => 'room 7', metadata => '{"a": "b"}')).replayed, 'a retry is told again');
select is(pg_temp.refusal(statement), expected, description)
  from (values ('select remit_v1.hold_create(1, pg_temp.id(101), pg_temp.id(11), 61)', 'WL005 id', 'other content is refused'), ('select remit_v1.hold_create(1, pg_temp.id(103), pg_temp.id(99), 1)', 'WL002 source_id', 'so is an unknown source'),
               ('select remit_v1.hold_create(1, pg_temp.id(103), pg_temp.id(11), 1, pg_temp.id(11))', 'WL006 target_id', 'a target that is the source'), ('select remit_v1.hold_create(1, pg_temp.id(103), pg_temp.id(11), null)', 'WL001 amount', 'no amount'),
               ('select remit_v1.hold_create(1, pg_temp.id(103), pg_temp.id(11), 1, expires_at => now())', 'WL001 expires_at', 'an end in the past'), ('select remit_v1.hold_create(1, null, pg_temp.id(11), 1)', 'WL001 id', 'no id'),
               ('select remit_v1.hold_create(2, pg_temp.id(103), pg_temp.id(11), 1)', 'WL002 source_id', 'another ledger')) as c (statement, expected, description);

select * from finish();
rollback;
