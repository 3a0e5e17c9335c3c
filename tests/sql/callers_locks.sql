begin;
select plan(6);
\ir fixture.psql

-- Who may not spend from a wallet does not hold it up, and cannot tell by its lock whether it is
-- there.

select pg_temp.wallet(11);
select pg_temp.wallet(12);
do $$ begin perform remit_v1.user_create(1, (pg_temp.id(2), 'Grace', null, null, null)::remit_v1.user_request); end; $$;
select pg_temp.key('reader', 'reader');
select pg_temp.key('foreign', 'user', 2);
select pg_temp.key('own', 'user', 1);
create function pg_temp.locked_by(key bytea) returns integer language plpgsql as $$
begin
    perform remit_v1.transfers_post(1, array[pg_temp.request(101, 11, 12, 1)], array[key]);
    return (select count(*) from remit.wallets where xmax <> '0');
end;
$$;
select is(pg_temp.locked_by(sha256('nobody')), 0, 'an unknown key locks nothing');
select is(pg_temp.locked_by(sha256('reader')), 0, 'nor does a reader''s');
select is(pg_temp.locked_by(sha256('foreign')), 0, 'nor another user''s');
select is(pg_temp.refusal_of('remit_server', format($$ select remit_v1.transfer_create(1, (%L, %L, %L, 1, null, null, null, null)::remit_v1.transfer_request) $$,
    pg_temp.id(102), pg_temp.id(11), pg_temp.id(12))), 'WL016', 'who has no key is refused');
select is((select count(*) from remit.wallets where xmax <> '0'), 0::bigint, 'and locks nothing');
select is(pg_temp.locked_by(sha256('own')), 2, 'who may spend locks both');

select * from finish();
rollback;
