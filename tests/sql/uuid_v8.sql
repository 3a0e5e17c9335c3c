begin;
select plan(4);

select is(remit.uuid_v8('\x00000000000000000000000000000000'), '00000000-0000-8000-8000-000000000000',
          'version and variant are set in a digest of zeros');
select is(remit.uuid_v8('\xffffffffffffffffffffffffffffffff'), 'ffffffff-ffff-8fff-bfff-ffffffffffff',
          'and in a digest of ones');
select is(remit.uuid_v8('\x0123456789abcdef0123456789abcdefdeadbeef'), '01234567-89ab-8def-8123-456789abcdef',
          'all other bits are the first of the digest');
select is(remit.uuid_v8(null), null, 'no digest, no id');

select * from finish();
rollback;
