begin;
select plan(19);
\ir fixture.psql

select is(remit_v1.transfer_id('6f1c2b1e-3d7a-4b52-9c55-0e2a4f6b8d10'), '6f1c2b1e-3d7a-4b52-9c55-0e2a4f6b8d10',
          'a UUID names itself');
select is(remit_v1.transfer_id('6F1C2B1E-3D7A-4B52-9C55-0E2A4F6B8D10'), '6f1c2b1e-3d7a-4b52-9c55-0e2a4f6b8d10',
          'in either case of letters');
select is(remit_v1.transfer_id('00000000-0000-0000-0000-000000000000'), '00000000-0000-0000-0000-000000000000',
          'whatever its version');

-- Literal ids: keys that were used once must name the same transfer for ever, at both doors.
select is(remit_v1.transfer_id('invoice-2024-0042'), '82b845b4-4e27-8460-a9b7-9526a39f4f44', 'a text names the UUIDv8 of its SHA-256');
select is(remit_v1.transfer_id('x'), '2d711642-b726-8044-8162-7ca9fbac32f5', 'one character is a key');
select is(remit_v1.transfer_id(' '), '36a9e7f1-c95b-82ff-b997-43e0c5c4ce95', 'even a space');
select is(remit_v1.transfer_id(repeat('x', 255)), 'd22609da-3ae3-856c-a487-7056a8e580ee', '255 characters are a key');
select isnt(remit_v1.transfer_id('Invoice-2024-0042'), remit_v1.transfer_id('invoice-2024-0042'), 'letters of a text have a case');
select is(remit_v1.transfer_id('{00000000-0000-4000-8000-000000000011}'), '38a569e9-90b8-82bd-b15b-3ee20d23f229',
          'only the canonical form of a UUID is one: with braces it is a text');
select is(remit_v1.transfer_id('00000000000040008000000000000011'), 'e54e6fc5-5fb0-8212-bb5f-f2dfbb590ed2',
          'and without hyphens');

select is(pg_temp.refusal(format('select remit_v1.transfer_id(%L)', key)), 'WL001 idempotency_key', description)
  from (values ('', 'an empty key is refused'),
               (repeat('x', 256), '256 characters are refused'),
               (E'a\tb', 'a tab is refused'),
               (E'a\nb', 'a line feed is refused'),
               (E'key\n', 'also at the end'),
               (E'\x7f', 'a delete character is refused'),
               ('schlüssel', 'letters beyond ASCII are refused'),
               (E'00000000-0000-4000-8000-000000000011\n', 'a UUID with a line feed is refused')) as k (key, description);
select is(remit_v1.transfer_id(null), null, 'no key, no id');

select * from finish();
rollback;
