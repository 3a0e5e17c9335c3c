begin;
select plan(2);

-- What is told is a notice: tests/it/verify.rs reads it.
select lives_ok($$ select remit.progress_tell(1, 'begun') $$, 'a caller that does not ask is told nothing');
set local client_min_messages = error;
set local remit.progress = on;
select lives_ok($$ select remit.progress_tell(1, 'begun') $$, 'nor does it fail for one that does');

select * from finish();
rollback;
