begin;
select plan(3);

select is(remit.event_digest('{"b": 1, "a": "é"}'), sha256(convert_to('{"a": "é", "b": 1}', 'UTF8') || sha256('')), 'anybody can compute it from the text that PostgreSQL writes');
set local client_encoding = 'LATIN1';
select is(remit.event_digest('{"a": "\u00e9"}'), '\x'::bytea || sha256(convert_to('{"a": "' || chr(233) || '"}', 'UTF8') || sha256('')), 'whatever the session''s encoding');
reset client_encoding;
select is(remit.event_digest(null), null, 'none of nothing');

select * from finish();
rollback;
