begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);

do $$ begin perform pg_temp.post_items(array(select pg_temp.hold(100 + n, 11, 1) from generate_series(1, 9) n) || array(select pg_temp.release(200 + n, 100 + n) from generate_series(2, 8, 2) n)); end; $$;
create function pg_temp.page(is_open boolean, before_version bigint, request_limit integer) returns integer[] language sql as $$
    select array_agg(pg_temp.number(h.id)) from remit_v1.hold_list(1, pg_temp.id(11), is_open, before_version, request_limit) h;
$$;
select is(pg_temp.page(null, null, 100), '{109,108,107,106,105,104,103,102,101}', 'all holds, newest first');
select is(pg_temp.page(true, null, 100), '{109,107,105,103,101}', 'those that are open');
select is(pg_temp.page(false, null, 100), '{108,106,104,102}', 'those that are closed');
select is(pg_temp.page(null, null, 2), '{109,108}', 'a page');
select is(pg_temp.page(null, (select created_version from remit.holds where id = pg_temp.id(108)), 2), '{107,106}', 'and the next');
select is(pg_temp.page(true, 2, 2), null, 'nothing is before the first');
select is_empty('select * from remit_v1.hold_list(1, pg_temp.id(12), null, null, 10)', 'the target has none');
select is(pg_temp.refusal(statement), expected, expected)
  from (values ('select remit_v1.hold_list(1, pg_temp.id(11), null, null, 0)', 'WL001 request_limit'), ('select remit_v1.hold_list(1, pg_temp.id(11), null, null, 1001)', 'WL001 request_limit'),
               ('select remit_v1.hold_list(1, pg_temp.id(11), null, null, null)', 'WL001 request_limit'), ('select remit_v1.hold_list(1, pg_temp.id(99), null, null, 1)', 'WL002 wallet_id')) as c (statement, expected);

select * from finish();
rollback;
