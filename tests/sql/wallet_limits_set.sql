begin;
select plan(19);
\ir fixture.psql

select pg_temp.wallet(11, 1000);
select pg_temp.wallet(12, 1000);
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 60)), '{posted}', 'something has left');
insert into remit.spending values (1, pg_temp.id(12), remit.hour_number(now()), 1, 1);
select results_eq($$ select * from remit_ops_v1.wallet_limits_set(1, pg_temp.id(11), 50, 100, 'ticket 7') $$,
    $$ values (50::bigint, 100::bigint, 60::bigint) $$, 'a new daily limit counts it');
select is(pg_temp.outcomes(pg_temp.request(102, 11, 12, 51), pg_temp.request(103, 11, 12, 41), pg_temp.request(104, 11, 12, 40), pg_temp.request(105, 11, 12, 1)),
    '{limit_exceeded,limit_exceeded,posted,limit_exceeded}', 'a transfer may not be larger, nor all of a day');
select is(pg_temp.outcomes(pg_temp.request(102, 11, 12, 51)), '{"limit_exceeded replayed"}', 'the refusal is stored');
select is(pg_temp.outcomes(pg_temp.request(106, 12, 11, 500)), '{posted}', 'what comes in is not limited, nor another wallet');
select is((remit_v1.wallet_limits_get(1, pg_temp.id(11))).daily_spent, 100::bigint, 'what left is counted');
update remit.spending set hour = hour - 25 where wallet_id = pg_temp.id(11);
select is(pg_temp.outcomes(pg_temp.request(107, 11, 12, 50), pg_temp.request(108, 11, 12, 50), pg_temp.request(109, 11, 12, 1)),
    '{posted,posted,limit_exceeded}', 'a day later it may leave again');
select results_eq($$ select * from remit_ops_v1.wallet_limits_set(1, pg_temp.id(11), null, null, 'ticket 8') $$,
    $$ values (null::bigint, null::bigint, null::bigint) $$, 'limits can be lifted');
select is(pg_temp.outcomes(pg_temp.request(110, 11, 12, 900)), '{posted}', 'then all may leave');
select is((remit_ops_v1.wallet_limits_set(1, pg_temp.id(11), null, 5000, 'ticket 9')).daily_spent, 1100::bigint,
    'a limit that is set again counts what left without it');
select results_eq('select action, reason, detail from remit.audit where action = ''wallet_limits_set'' order by id limit 1',
    $$ values ('wallet_limits_set', 'ticket 7', '{"transfer_max": 50, "daily_max": 100}'::jsonb) $$, 'the audit log has it');
select is(pg_temp.refusal(statement), expected, description)
  from (values ($$ select remit_ops_v1.wallet_limits_set(1, pg_temp.id(11), -1, null, 'why') $$, 'WL001 transfer_max', 'a limit is not below 0'),
               ($$ select remit_ops_v1.wallet_limits_set(1, pg_temp.id(11), null, -1, 'why') $$, 'WL001 daily_max', 'neither is'),
               ($$ select remit_ops_v1.wallet_limits_set(1, pg_temp.id(99), 1, 1, 'why') $$, 'WL002 wallet_id', 'an unknown wallet is not found'),
               ($$ set local remit.reason = ''; select remit_ops_v1.wallet_limits_set(1, pg_temp.id(11), 1, 1) $$, 'WL001 reason', 'a person says why'))
       as c (statement, expected, description);
select is(pg_temp.refusal(format('select remit_ops_v1.wallet_limits_set(1, pg_temp.id(11), 1, 1, ''why'', %L)', pg_temp.key('service', 'service'))),
    'WL017', 'a service may not');
select pg_temp.wallet(31, 1000);
do $$
begin
    perform remit_v1.hold_create(1, pg_temp.id(301), pg_temp.id(31), 100);
    perform remit_v1.hold_capture(1, pg_temp.id(302), pg_temp.id(301), 30, pg_temp.id(12), false);
    perform remit_v1.transfer_create(1, pg_temp.request(303, 12, 31, 50));
    perform remit_v1.transfer_reverse(1, pg_temp.id(304), pg_temp.id(303), 7);
end;
$$;
select is((remit_ops_v1.wallet_limits_set(1, pg_temp.id(31), null, 100, 'ticket 10')).daily_spent, 30::bigint, 'a hold or a reversal in the past is not counted, a capture is');
select is((remit_v1.hold_create(1, pg_temp.id(305), pg_temp.id(31), 1)).outcome, 'limit_exceeded', 'but what is held is');
select is_empty('select * from remit_ops_v1.verify()', 'the books are right');

select * from finish();
rollback;
