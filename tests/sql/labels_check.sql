begin;
select plan(7);
\ir fixture.psql

select is(pg_temp.refusal($$ select remit.labels_check(null, null) $$), 'accepted', 'absent labels are accepted');
select is(pg_temp.refusal($$ select remit.labels_check('', '{}') $$), 'accepted', 'empty labels are accepted');
select is(pg_temp.refusal($$ select remit.labels_check(repeat('é', 200), null) $$), 'accepted', '200 characters are a reference');
select is(pg_temp.refusal($$ select remit.labels_check(repeat('é', 201), null) $$), 'WL001 reference', '201 are not');
select is(pg_temp.refusal($$ select remit.labels_check(null, pg_temp.metadata_of(4096)) $$), 'accepted', '4096 bytes are metadata');
select is(pg_temp.refusal($$ select remit.labels_check(null, pg_temp.metadata_of(4097)) $$), 'WL001 metadata', '4097 are not');
select is(pg_temp.refusal($$ select remit.labels_check(null, '{"a": ["b"]}') $$), 'WL001 metadata', 'nor is what nests');

select * from finish();
rollback;
