begin;
select plan(17);
\ir fixture.psql

do $$
begin
    perform remit_v1.user_create(1, (pg_temp.id(2), 'Grace', null, null, null)::remit_v1.user_request);
    perform remit_v1.user_create(1, (pg_temp.id(3), 'Alan', null, null, null)::remit_v1.user_request);
    perform remit_v1.wallet_create(1, (pg_temp.id(80), pg_temp.id(2), 'USD', 0, 0, null, null, null)::remit_v1.wallet_request);
end;
$$;
-- 50 wallets of user 1, of which each five are of one age, and the highest ids are the oldest.
do $$ begin perform pg_temp.wallet(n) from generate_series(11, 60) n; end; $$;
update remit.wallets set created_at = now() - (pg_temp.number(id) / 5) * interval '1 minute' where user_id = pg_temp.id(1);

-- All pages of one size, one behind the other.
create function pg_temp.pages(size integer) returns table (page integer, id uuid, created_at timestamptz) language plpgsql as $$
declare
    after_created_at timestamptz;
    after_id uuid;
begin
    for n in 1 .. 100 loop
        page := n;
        for id, created_at in
            select w.id, w.created_at from remit_v1.wallet_list(1, pg_temp.id(1), after_created_at, after_id, size) w
        loop
            return next;
        end loop;
        exit when id is null;
        after_id := id;
        after_created_at := created_at;
    end loop;
end;
$$;

select results_eq(
    $$ select to_jsonb(r) - 'replayed' from remit_v1.wallet_list(1, pg_temp.id(1), null, null, 1) r $$,
    $$ select to_jsonb(w) - array['ledger_id', 'transfer_max', 'daily_max', 'counted_from', 'created_as'] from remit.wallets w where w.user_id = pg_temp.id(1) order by created_at, id limit 1 $$,
    'the oldest comes first, and is what its row says');
select results_eq(
    format('select id from pg_temp.pages(%s)', size),
    $$ select id from remit.wallets where user_id = pg_temp.id(1) order by created_at, id $$,
    'pages of ' || size || ' have no gap and no repeat')
  from (values (1), (3), (5), (7), (49), (50), (51), (1000)) as s (size);
select is((select max(page) from pg_temp.pages(7)), 8, 'a page holds as many as asked');
select results_eq(
    $$ select pg_temp.number(id) from remit_v1.wallet_list(1, pg_temp.id(2), null, null, 10) $$, array[80],
    'another user''s wallets are apart');
select is_empty($$ select * from remit_v1.wallet_list(1, pg_temp.id(3), null, null, 10) $$, 'a user may have none');
select is(pg_temp.refusal(statement), expected, description)
  from (values ($$ select remit_v1.wallet_list(1, pg_temp.id(1), null, null, 0) $$, 'WL001 request_limit', 'a limit of 0 is refused'),
               ($$ select remit_v1.wallet_list(1, pg_temp.id(1), null, null, 1001) $$, 'WL001 request_limit', 'so is one of 1001'),
               ($$ select remit_v1.wallet_list(1, pg_temp.id(1), null, null, null) $$, 'WL001 request_limit', 'so is none'),
               ($$ select remit_v1.wallet_list(1, pg_temp.id(99), null, null, 10) $$, 'WL003 user_id', 'an unknown user is refused'),
               ($$ select remit_v1.wallet_list(900, pg_temp.id(1), null, null, 10) $$, 'WL003 user_id', 'so is one of another ledger'))
       as c (statement, expected, description);

select * from finish();
rollback;
