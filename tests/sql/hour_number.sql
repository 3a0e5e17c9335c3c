begin;
select plan(3);
\ir fixture.psql

select is(remit.hour_number('1970-01-01 00:59:59.999999+00'), 0::bigint, 'the first hour has the number 0');
select is(remit.hour_number('1970-01-02 01:00+00'), 25::bigint, 'a day later it is 25');
set local time zone 'Asia/Kolkata';
select is(remit.hour_number('1970-01-02 01:00+00'), 25::bigint, 'wherever the session thinks it is');

select * from finish();
rollback;
