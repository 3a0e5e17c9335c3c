begin;
select plan(4);

select is(remit.event_id('2024-06-01 12:00:00.123456+00', 77), '018fd3ab-c27b-7000-8000-00000000004d'::uuid, 'a moment in milliseconds, version, variant, and a number');
select is(remit.event_id('epoch', 1152921504606846975), '00000000-0000-7000-8fff-ffffffffffff'::uuid, 'which has 60 bits');
select is((select count(distinct remit.event_id('2024-06-01 12:00:00+00', n)) from generate_series(1, 1000) n), 1000::bigint, 'another one for each number');
select ok(remit.event_id('2024-06-01 12:00:00.001+00', 1) > remit.event_id('2024-06-01 12:00:00+00', 1000000), 'they rise with time');

select * from finish();
rollback;
