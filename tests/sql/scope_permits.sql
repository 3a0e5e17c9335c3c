begin;
select plan(1);
\ir fixture.psql

select results_eq(
    $$ select s::text, array(select p::text from unnest(enum_range(null::remit.permission)) p where remit.scope_permits(s, p))
         from unnest(enum_range(null::remit_v1.key_scope)) s $$,
    $$ values ('user', array['read', 'spend']), ('reader', array['read', 'observe']), ('service', array['read', 'observe', 'spend', 'serve']),
              ('admin', array['read', 'observe', 'spend', 'serve', 'administer']) $$,
    'each scope permits this and no more');

select * from finish();
rollback;
