begin;
select plan(4);
\ir fixture.psql

create temporary table made as
    select * from remit.key_insert(1, ('one', 'reader', null, null)::remit_v1.key_request)
    union all select * from remit.key_insert(1, ('two', 'user', pg_temp.id(1), '2100-01-01')::remit_v1.key_request);
select results_eq('select name, scope::text, user_id, expires_at from made order by name',
    $$ values ('one', 'reader', null::uuid, null::timestamptz), ('two', 'user', pg_temp.id(1), '2100-01-01') $$,
    'the keys are as asked for');
select ok((select bool_and(secret ~ '^remit_1_[0-9a-f]{64}$') and count(distinct secret) = 2 from made),
    'each has a text of its own, with its ledger and 64 digits');
select results_eq('select name, sha256 from remit.keys order by name',
    $$ select name, sha256(secret::bytea) from made order by name $$, 'of which its SHA-256 is kept');
select is((select count(*) from remit.keys k, made m where k::text like '%' || m.secret || '%'), 0::bigint, 'and nothing else');

select * from finish();
rollback;
