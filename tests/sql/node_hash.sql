begin;
select plan(2);

select is(remit.node_hash(sha256('a'), sha256('b')), sha256('\x01'::bytea || sha256('a') || sha256('b')), 'a node is a hash of a one and two hashes');
select isnt(remit.node_hash(sha256('b'), sha256('a')), remit.node_hash(sha256('a'), sha256('b')), 'in their order');

select * from finish();
rollback;
