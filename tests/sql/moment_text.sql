begin;
select plan(3);
\ir fixture.psql

select is(remit.moment_text('2026-01-02 03:04:05+00'), '2026-01-02T03:04:05.000000Z', 'a whole second has six digits too');
set local time zone 'Asia/Kolkata';
set local datestyle = 'SQL, DMY';
select is(remit.moment_text('2026-12-31 23:59:59.12-01'), '2027-01-01T00:59:59.120000Z', 'it is in UTC, whatever the session says');
select is(remit.moment_text(null), null, 'no moment has no text');

select * from finish();
rollback;
