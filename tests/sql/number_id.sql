begin;
select plan(3);

select is(remit.number_id(77), '00000000-0000-8000-8000-00000000004d'::uuid, 'version, variant, and a number');
select is(remit.number_id(1152921504606846975), '00000000-0000-8000-8fff-ffffffffffff'::uuid, 'which has 60 bits');
select is_empty('select n from generate_series(1, 100000, 777) n where remit.id_number(remit.number_id(n)) <> n', 'and is told by it');

select * from finish();
rollback;
