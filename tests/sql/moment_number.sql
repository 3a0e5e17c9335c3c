begin;
select plan(2);

select is(remit.moment_number('2000-01-01 00:00:01.000002+00'), 1000002::bigint, 'microseconds since 2000');
select is(remit.moment_number('1999-12-31 23:59:59.999999+00'), -1::bigint, 'before it they are negative');

select * from finish();
rollback;
