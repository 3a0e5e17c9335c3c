begin;
select no_plan();
\ir fixture.psql

create function pg_temp.told(is_open boolean, closed_by remit_v1.transfer_kind, expires_at timestamptz default null) returns text language sql as $$
    select format('%s, %s', h.status, h.remaining)
      from remit.hold_told((1, pg_temp.id(1), pg_temp.id(11), null, 'USD', 50, 20, is_open, expires_at, closed_by, null, '{}', 1, 2, now(), now())::remit.holds, '2030-01-02') h;
$$;
select is(pg_temp.told(true, null), 'open, 30', 'an open hold, and what remains of it');
select is(pg_temp.told(true, null, '2030-01-02 00:00:00.000001'), 'open, 30', 'up to its end');
select is(pg_temp.told(true, null, '2030-01-02'), 'expired, 0', 'at its end it has expired, though nobody wrote it');
select is(pg_temp.told(false, 'expiry', '2030-01-01'), 'expired, 0', 'as when somebody did');
select is(pg_temp.told(false, 'release', '2030-01-01'), 'released, 0', 'one that was released');
select is(pg_temp.told(false, 'capture'), 'captured, 0', 'one that was captured');
select is(pg_temp.told(false, 'adjustment'), 'captured, 0', 'or adjusted to what was captured');
select is(remit.hold_told(null, now()), null, 'none is none');

select * from finish();
rollback;
