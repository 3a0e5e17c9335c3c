begin;
select plan(8);
\ir fixture.psql

create function pg_temp.digest(request remit_v1.wallet_request) returns bytea language sql as $$
    select remit.wallet_request_sha256(request);
$$;
select is(pg_temp.digest(row(pg_temp.id(5), pg_temp.id(1), 'USD', null, 0, null, null, 'r')),
          pg_temp.digest(row(null, pg_temp.id(1), 'USD', 0, 0, null, '{}', null)), 'the id and what is left out are no content');
select isnt(pg_temp.digest(row(null, user_id, currency, balance, floor, reference, metadata, null)),
            pg_temp.digest(row(null, pg_temp.id(1), 'USD', 0, 0, null, null, null)), description || ' is')
  from (values (pg_temp.id(2), 'USD', 0::bigint, 0::bigint, null, null::jsonb, 'the user'), (pg_temp.id(1), 'EUR', 0, 0, null, null, 'the currency'),
               (pg_temp.id(1), 'USD', 1, 0, null, null, 'the balance'), (pg_temp.id(1), 'USD', 0, null, null, null, 'a floor'),
               (pg_temp.id(1), 'USD', 0, 0, '', null, 'a reference'), (pg_temp.id(1), 'USD', 0, 0, null, '{"a": "b"}', 'metadata'),
               (pg_temp.id(1), 'USD', 0, -1, null, null, 'another floor'))
       as c (user_id, currency, balance, floor, reference, metadata, description);

select * from finish();
rollback;
