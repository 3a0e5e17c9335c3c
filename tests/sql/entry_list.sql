begin;
select plan(23);
\ir fixture.psql

select pg_temp.wallet(11, 1000);
select pg_temp.wallet(12, 1000);
select pg_temp.wallet(13);
select pg_temp.wallet(14, 5000);
-- Wallet 11 pays and receives in turns of uneven length, in batches, with a rejection in each.
do $$
begin
    for batch in 1 .. 6 loop
        perform remit_v1.transfers_post(1, array_agg(
            case when n = 7 then pg_temp.request(batch * 100 + n, 11, 12, 1000000)
                 when n % 3 = batch % 3 then pg_temp.request(batch * 100 + n, 11, 12, n, reference => 'paid ' || n)
                 else pg_temp.request(batch * 100 + n, 12, 11, n)
            end order by n))
          from generate_series(1, 11) n;
    end loop;
end;
$$;

-- All pages of one size, one behind the other.
create function pg_temp.pages(size integer) returns setof remit_v1.entry language plpgsql as $$
declare
    entry remit_v1.entry;
    before_version bigint;
begin
    for page in 1 .. 200 loop
        entry := null;
        for entry in select e.* from remit_v1.entry_list(1, pg_temp.id(11), before_version, size) e loop
            return next entry;
        end loop;
        exit when entry.version is null;
        before_version := entry.version;
    end loop;
end;
$$;

create temporary table statement as
    select transfer_id, version, amount, balance, counterparty_id, reference, created_at, kind, held
      from remit.entries where ledger_id = 1 and wallet_id = pg_temp.id(11) order by version desc;
select is((select count(*) from statement), 61::bigint, 'the wallet has 61 entries: rejections are none');
select results_eq(
    $$ select * from remit_v1.entry_list(1, pg_temp.id(11), null, 1000) $$, $$ select * from statement order by version desc $$,
    'the statement has them all, newest first');
select results_eq(
    format('select * from pg_temp.pages(%s)', size), 'select * from statement order by version desc',
    'pages of ' || size || ' have no gap and no repeat')
  from (values (1), (2), (7), (60), (61), (62)) as s (size);
select is((select count(*) from remit_v1.entry_list(1, pg_temp.id(11), null, 7)), 7::bigint, 'a page holds as many as asked');
select results_eq(
    $$ select version from remit_v1.entry_list(1, pg_temp.id(11), 4, 100) $$, $$ values (3::bigint), (2), (1) $$,
    'a page ends before its version');
select is_empty($$ select * from remit_v1.entry_list(1, pg_temp.id(11), 1, 100) $$, 'nothing is before the first');
select results_eq(
    $$ select count(*) from remit_v1.entry_list(1, pg_temp.id(11), 1000000, 100) $$, $$ values (61::bigint) $$,
    'a version in the future hides nothing');

-- ---- What an entry tells ------------------------------------------------------------------------

select results_eq(
    $$ select version, amount, balance, counterparty_id from remit_v1.entry_list(1, pg_temp.id(12), 2, 1) $$,
    $$ select 1::bigint, 1000::bigint, 1000::bigint, remit.issuance_wallet_id(1, 'USD') $$,
    'the first entry is the initial balance');
select is(pg_temp.outcomes(pg_temp.request(901, 14, 13, 70, reference => 'rent')), '{posted}', 'a transfer');
select results_eq(
    $$ select pg_temp.number(transfer_id), version, amount, balance, pg_temp.number(counterparty_id), reference
         from remit_v1.entry_list(1, pg_temp.id(14), null, 1) $$,
    $$ values (901, 2::bigint, -70::bigint, 4930::bigint, 13, 'rent') $$,
    'is negative at its source');
select results_eq(
    $$ select pg_temp.number(transfer_id), version, amount, balance, pg_temp.number(counterparty_id), reference
         from remit_v1.entry_list(1, pg_temp.id(13), null, 1) $$,
    $$ values (901, 1::bigint, 70::bigint, 70::bigint, 14, 'rent') $$,
    'and positive at its target');
select results_eq(
    $$ select e.balance, sum(e.amount) over (order by e.version) from remit_v1.entry_list(1, pg_temp.id(11), null, 1000) e $$,
    $$ select balance, balance::numeric from statement order by version $$,
    'each balance is the sum of the entries so far');
select pg_temp.wallet(15);
select is_empty($$ select * from remit_v1.entry_list(1, pg_temp.id(15), null, 10) $$, 'an untouched wallet has no entries');

-- ---- Refusals -----------------------------------------------------------------------------------

select pg_temp.ledger(900);
select is(pg_temp.refusal(statement), expected, description)
  from (values ($$ select remit_v1.entry_list(1, pg_temp.id(11), null, 0) $$, 'WL001 request_limit', 'a limit of 0 is refused'),
               ($$ select remit_v1.entry_list(1, pg_temp.id(11), null, 1001) $$, 'WL001 request_limit', 'so is one of 1001'),
               ($$ select remit_v1.entry_list(1, pg_temp.id(11), null, null) $$, 'WL001 request_limit', 'so is none'),
               ($$ select remit_v1.entry_list(1, pg_temp.id(99), null, 1) $$, 'WL002 wallet_id', 'an unknown wallet is refused'),
               ($$ select remit_v1.entry_list(900, pg_temp.id(11), null, 1) $$, 'WL002 wallet_id', 'so is one of another ledger'))
       as c (statement, expected, description);

select * from finish();
rollback;
