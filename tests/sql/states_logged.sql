begin;
select plan(2);
\ir fixture.psql

select pg_temp.wallet(11, 5);
create temporary table told as select w.type, w.subject_id, remit.event_digest(w.data) as digest from pg_temp.waiting w where w.data is not null;
select bag_eq('select state::text, subject_id, digest, position is null as waits, number is null as is_logged from remit.states_logged(1)', 'select type, subject_id, digest, true as waits, false as is_logged from told', 'events that wait, and not those of the journal');
select pg_temp.append() \g /dev/null
select bag_eq('select state::text, subject_id, digest, position is null as waits, number is null as is_logged from remit.states_logged(1)', 'select type, subject_id, digest, false as waits, true as is_logged from told', 'are the same in the log');

select * from finish();
rollback;
