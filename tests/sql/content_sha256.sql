begin;
select plan(2);

select is(remit.content_sha256('["a", {"b": "1", "a": "2"}]'), remit.content_sha256('[ "a", {"a":"2","b":"1"} ]'),
    'equal content has one digest, however it is written');
select isnt(remit.content_sha256('["a", "b"]'), remit.content_sha256('["a, b"]'), 'other content has another');

select * from finish();
rollback;
