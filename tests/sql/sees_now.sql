begin transaction isolation level serializable;
select plan(1);

-- All other files are at read committed, where it is true: else no call would be accepted.
select is(remit.sees_now(), false, 'a serializable transaction sees the moment of its first statement');

select * from finish();
rollback;
