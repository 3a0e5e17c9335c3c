begin;
select plan(2);

select is(remit.id_number('00000000-0000-8000-8000-00000000004d'), 77::bigint, 'the number');
select is(remit.id_number('00000000-0000-8000-8fff-ffffffffffff'), 1152921504606846975, 'of 60 bits');

select * from finish();
rollback;
