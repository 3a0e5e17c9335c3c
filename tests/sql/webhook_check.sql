begin;
select plan(37);
\ir fixture.psql

create function pg_temp.try(url text, types text[] default null, description text default null, members remit_v1.webhook_member[] default '{url,types,description}')
    returns text language sql as $$
    select pg_temp.refusal(format('select remit.webhook_check((%L, %L, %L)::remit_v1.webhook_request, %L)', url, types, description, members));
$$;
select is(pg_temp.try(url), 'accepted', url || ' is accepted')
  from unnest(array['https://hooks.example', 'https://hooks.example/', 'https://hooks.example:8443/a/b?c=d&e=%20', 'http://127.0.0.1:80/x',
                    'https://[2606:4700::1]:443/x', 'https://h?x', 'https://xn--mnchen-3ya.example/~a/@b']) url;
select is(pg_temp.try(url), 'WL001 url', coalesce(url, 'no URL') || ' is refused')
  from unnest(array[null, '', 'hooks.example', 'ftp://hooks.example', 'HTTPS://hooks.example', 'https://', 'https:///x', 'https://?x',
                    'https://user@hooks.example/', 'https://user:password@hooks.example/', 'https://hooks.example/#fragment',
                    'https://hooks.example/a b', 'https://hooks.example/é', 'https://münchen.example/', 'https://hooks.example:123456/',
                    'https://hooks.example:/x', 'https://hooks.example\@10.0.0.1/', E'https://hooks.example/\n', '//hooks.example', 'https://a,b/']) url;
select is(pg_temp.try('https://h/' || repeat('x', 2038)), 'accepted', 'a URL may have 2048 characters');
select is(pg_temp.try('https://h/' || repeat('x', 2039)), 'WL001 url', 'and no more');
select is(pg_temp.try('https://h', '{transfer.posted,key.created}'), 'accepted', 'types are those of events');
select is(pg_temp.try('https://h', types), 'WL001 types', 'no other: ' || types::text)
  from (values ('{}'::text[]), ('{nothing}'), ('{NULL}'), (array_fill('transfer.posted'::text, array[101]))) as t (types);
select is(pg_temp.try('https://h', null, description), expected, 'a description of ' || length(description))
  from (values ('', 'WL001 description'), (repeat('é', 200), 'accepted'), (repeat('é', 201), 'WL001 description')) as d (description, expected);

select * from finish();
rollback;
