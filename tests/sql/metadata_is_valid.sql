begin;
select plan(22);
\ir fixture.psql

select is(remit.metadata_is_valid(metadata::jsonb), expected, description)
  from (values (null, true, 'absent metadata is valid'),
               ('{}', true, 'an empty object is valid'),
               ('{"a": "", "": "b"}', true, 'strings are valid, also empty ones'),
               ('null', false, 'JSON null is not'),
               ('"text"', false, 'a string is not'),
               ('1', false, 'a number is not'),
               ('[]', false, 'an array is not'),
               ('[{"a": "b"}]', false, 'an array of objects is not'),
               ('{"a": 1}', false, 'a number in it is not'),
               ('{"a": null}', false, 'a null in it is not'),
               ('{"a": true}', false, 'a boolean in it is not'),
               ('{"a": {"b": "c"}}', false, 'an object in it is not'),
               ('{"a": {}}', false, 'nor an empty one'),
               ('{"a": ["b"]}', false, 'an array of strings in it is not'),
               ('{"a": []}', false, 'nor an empty one'),
               ('{"a": "b", "c": 1, "d": "e"}', false, 'one wrong member is enough'))
       as m (metadata, expected, description);
select is(octet_length(pg_temp.metadata_of(4096)::text), 4096, 'the largest metadata has 4096 bytes');
select ok(remit.metadata_is_valid(pg_temp.metadata_of(4096)), '4096 bytes are valid');
select ok(not remit.metadata_is_valid(pg_temp.metadata_of(4097)), '4097 bytes are not');
select ok(not remit.metadata_is_valid(jsonb_build_object('k', repeat('é', 2044))), 'bytes count, not characters');

-- The tables prove the function right.
select is(pg_temp.refusal('update remit.users set metadata = ''{"a": ["b"]}'''), '23514', 'a user cannot hold invalid metadata');
select pg_temp.wallet(11);
select is(pg_temp.refusal('update remit.wallets set metadata = ''{"a": ["b"]}'''), '23514', 'nor can a wallet');

select * from finish();
rollback;
