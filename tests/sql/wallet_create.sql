begin;
select plan(68);
\ir fixture.psql

-- With a floor and an initial balance of zero unless the test says otherwise, as HTTP's defaults
-- are.
create function pg_temp.create_wallet(
    number integer, balance bigint default 0, currency text default 'USD', floor bigint default 0,
    user_number integer default 1, reference text default null, metadata jsonb default null,
    request_id text default null, ledger_id bigint default 1) returns remit_v1.wallet_result language sql as $$
    select remit_v1.wallet_create(ledger_id, (
        pg_temp.id(number), pg_temp.id(user_number), currency, balance, floor,
        reference, metadata, request_id)::remit_v1.wallet_request);
$$;

do $$
begin
    perform remit_v1.user_create(1, (pg_temp.id(2), 'Grace', null, null, null)::remit_v1.user_request);
end;
$$;

-- ---- An empty wallet ----------------------------------------------------------------------------

create temporary table empty_made as select * from pg_temp.create_wallet(11, reference => 'savings', metadata => '{"a": "b"}');
select results_eq(
    $$ select pg_temp.number(id), pg_temp.number(user_id), currency, balance, held, floor, status::text, version,
              status_version, reference, metadata, updated_at = created_at, replayed
         from empty_made $$,
    $$ values (11, 1, 'USD', 0::bigint, 0::bigint, 0::bigint, 'active', 0::bigint, 0::bigint, 'savings',
               '{"a": "b"}'::jsonb, true, false) $$,
    'the result tells the new wallet');
select results_eq(
    $$ select to_jsonb(w) - array['ledger_id', 'transfer_max', 'daily_max', 'counted_from', 'created_as'] from remit.wallets w where w.ledger_id = 1 and w.id = pg_temp.id(11) $$,
    $$ select to_jsonb(m) - 'replayed' from empty_made m $$,
    'the row is what the result says');
select is((select count(*) from remit.wallets), 1::bigint, 'no issuance wallet is made for it');
select results_eq($$ select pg_temp.journal_count(), pg_temp.event_count() $$, $$ values (0::bigint, 0::bigint) $$,
                  'no transfer, no event');
select is((pg_temp.create_wallet(12, null)).balance, 0::bigint, 'an absent initial balance is zero');
select isnt((pg_temp.create_wallet(null)).id, (pg_temp.create_wallet(null)).id,
            'without an id each call makes a wallet of its own');

-- ---- A wallet with an initial balance -----------------------------------------------------------

create temporary table funded_made as select * from pg_temp.create_wallet(13, 500, request_id => 'request-1');
select results_eq(
    $$ select balance, version, floor, updated_at >= created_at, replayed from funded_made $$,
    $$ values (500::bigint, 1::bigint, 0::bigint, true, false) $$,
    'an initial balance is the first entry');
select results_eq(
    $$ select to_jsonb(w) - array['ledger_id', 'transfer_max', 'daily_max', 'counted_from', 'created_as'] from remit.wallets w where w.ledger_id = 1 and w.id = pg_temp.id(13) $$,
    $$ select to_jsonb(m) - 'replayed' from funded_made m $$,
    'the row is what the result says');
select results_eq(
    $$ select outcome::text, source_id, pg_temp.number(target_id), amount::bigint, currency::text, source_version, source_balance,
              target_version, target_balance, request_id::text
         from remit.transfers where id = remit.initial_transfer_id(pg_temp.id(13)) $$,
    $$ select 'posted', remit.issuance_wallet_id(1, 'USD'), 13, 500::bigint, 'USD', 1::bigint, -500::bigint,
              1::bigint, 500::bigint, 'request-1' $$,
    'it is a transfer from the issuance wallet');
select results_eq(
    $$ select type, subject_id from pg_temp.waiting where type in ('wallet.created', 'transfer.posted') and number >= (select number from pg_temp.waiting where subject_id = pg_temp.id(13)) order by number $$,
    $$ values ('wallet.created', pg_temp.id(13)), ('wallet.created', remit.issuance_wallet_id(1, 'USD')), ('transfer.posted', remit.initial_transfer_id(pg_temp.id(13))) $$,
    'and has its event, behind those of its wallets');
select results_eq(
    $$ select user_id, currency, floor::bigint, balance::bigint, version::bigint from remit.wallets where user_id is null $$,
    $$ values (null::uuid, 'USD', null::bigint, -500::bigint, 1::bigint) $$,
    'the issuance wallet goes below zero');
select is((pg_temp.create_wallet(14, 700, 'EUR')).balance, 700::bigint, 'another currency');
select is((select count(*) from remit.wallets where user_id is null), 2::bigint, 'has its own issuance wallet');
select is((pg_temp.create_wallet(15, 1)).version, 1::bigint, 'the smallest initial balance');

-- ---- Floors -------------------------------------------------------------------------------------

select results_eq(
    $$ select (w).floor, (w).balance, (w).version from pg_temp.create_wallet(21, 0, floor => null) w $$,
    $$ values (null::bigint, 0::bigint, 0::bigint) $$,
    'a null floor is no limit');
select results_eq(
    $$ select (w).floor, (w).balance from pg_temp.create_wallet(22, 10, floor => null) w $$,
    $$ values (null::bigint, 10::bigint) $$,
    'also with an initial balance');
select is((pg_temp.create_wallet(23, 0, floor => -100)).floor, -100::bigint, 'a floor may be negative');
select results_eq(
    $$ select (w).floor, (w).balance from pg_temp.create_wallet(24, 100, floor => 100) w $$,
    $$ values (100::bigint, 100::bigint) $$,
    'a floor may be as high as the initial balance');
select is(pg_temp.refusal('select pg_temp.create_wallet(25, 99, floor => 100)'), 'WL001 initial_balance', 'but not higher');
select is((pg_temp.create_wallet(26, 0, floor => -9007199254740991)).floor, -9007199254740991, 'the lowest floor');
select is(pg_temp.refusal('select pg_temp.create_wallet(25, 0, floor => -9007199254740992)'), 'WL001 floor', 'and one below');
select is(pg_temp.refusal('select pg_temp.create_wallet(25, 0, floor => 9007199254740992)'), 'WL001 floor', 'one too high');

-- ---- Refusals -----------------------------------------------------------------------------------

select is(pg_temp.refusal(statement), expected, description)
  from (values ($$ select remit_v1.wallet_create(1, null) $$, 'WL001 user_id', 'null is no request'),
               ($$ select pg_temp.create_wallet(31, user_number => null) $$, 'WL001 user_id', 'a user is required'),
               ($$ select pg_temp.create_wallet(31, user_number => 99) $$, 'WL003 user_id', 'an unknown user is refused'),
               ($$ select pg_temp.create_wallet(31, ledger_id => 77) $$, 'WL003 user_id', 'an unknown ledger has no users'),
               ($$ select pg_temp.create_wallet(31, -1) $$, 'WL001 initial_balance', 'a negative initial balance is refused'),
               ($$ select pg_temp.create_wallet(31, -1, floor => null) $$, 'WL001 initial_balance', 'whatever the floor'),
               ($$ select pg_temp.create_wallet(31, 9007199254740992) $$, 'WL001 initial_balance', 'so is 2^53'),
               ($$ select pg_temp.create_wallet(31, currency => null) $$, 'WL008 currency', 'a currency is required'),
               ($$ select pg_temp.create_wallet(31, currency => 'QQQ') $$, 'WL008 currency', 'an unknown currency is refused'),
               ($$ select pg_temp.create_wallet(31, currency => 'usd') $$, 'WL008 currency', 'so are small letters'),
               ($$ select pg_temp.create_wallet(31, reference => repeat('x', 201)) $$, 'WL001 reference', 'a long reference is refused'),
               ($$ select pg_temp.create_wallet(31, metadata => '{"a": ["b"]}') $$, 'WL001 metadata', 'nested metadata is refused'),
               ($$ select pg_temp.create_wallet(31, metadata => pg_temp.metadata_of(4097)) $$, 'WL001 metadata', 'long metadata is refused'),
               ($$ select pg_temp.create_wallet(32, reference => repeat('x', 200), metadata => pg_temp.metadata_of(4096)) $$,
                'accepted', 'the largest labels are accepted'))
       as c (statement, expected, description);
select is(pg_temp.refusal('select pg_temp.create_wallet(33, 9007199254740991, ''CHF'')'), 'accepted', 'an initial balance of 2^53 - 1');
select is(pg_temp.refusal('select pg_temp.create_wallet(31, 1, ''CHF'')'), 'WL010 initial_balance', 'leaves the issuance wallet at its limit');
create temporary table counts_before_frozen as select pg_temp.journal_count() as journal, pg_temp.event_count() as events;
update remit.wallets set status = 'frozen' where user_id is null and currency = 'EUR';
select is(pg_temp.refusal('select pg_temp.create_wallet(31, 1, ''EUR'')'), 'WL013 initial_balance', 'a frozen issuance wallet issues nothing');
select is_empty($$ select id from remit.wallets where id in (pg_temp.id(25), pg_temp.id(31)) $$, 'a refused request makes no wallet');
select results_eq(
    $$ select pg_temp.journal_count(), pg_temp.event_count() $$, $$ select * from counts_before_frozen $$,
    'and leaves no transfer and no event');
update remit.wallets set status = 'active' where user_id is null and currency = 'EUR';
select is(pg_temp.refusal('select pg_temp.create_wallet(31, 1, ''EUR'')'), 'accepted', 'its id is still free');

-- ---- Replay -------------------------------------------------------------------------------------

create temporary table counts_before_replay as
    select pg_temp.journal_count() as journal, pg_temp.event_count() as events, count(*) as wallets from remit.wallets;
select results_eq(
    $$ select to_jsonb(r) from pg_temp.create_wallet(11, reference => 'savings', metadata => '{"a": "b"}') r $$,
    $$ select to_jsonb(m) || '{"replayed": true}' from empty_made m $$,
    'a retry gets the same answer');
select results_eq(
    $$ select to_jsonb(r) from pg_temp.create_wallet(13, 500, request_id => 'request-2') r $$,
    $$ select to_jsonb(m) || '{"replayed": true}' from funded_made m $$,
    'also with an initial balance');
select ok((pg_temp.create_wallet(12, 0, metadata => '{}')).replayed, 'defaults may be named or omitted');
select ok((pg_temp.create_wallet(22, 10, floor => null)).replayed, 'a null floor is replayed');
select ok((pg_temp.create_wallet(24, 100, floor => 100)).replayed, 'so is a positive one');
select is(pg_temp.refusal(statement), 'WL005 id', 'the same id with another ' || difference || ' is refused')
  from (values ('user', $$ select pg_temp.create_wallet(13, 500, user_number => 2) $$),
               ('currency', $$ select pg_temp.create_wallet(13, 500, 'EUR') $$),
               ('initial balance', $$ select pg_temp.create_wallet(13, 501) $$),
               ('initial balance of zero', $$ select pg_temp.create_wallet(13) $$),
               ('initial balance than none', $$ select pg_temp.create_wallet(12, 1) $$),
               ('floor', $$ select pg_temp.create_wallet(13, 500, floor => -1) $$),
               ('floor, null,', $$ select pg_temp.create_wallet(13, 500, floor => null) $$),
               ('floor than null', $$ select pg_temp.create_wallet(22, 10, floor => 0) $$),
               ('reference', $$ select pg_temp.create_wallet(13, 500, reference => 'x') $$),
               ('metadata', $$ select pg_temp.create_wallet(13, 500, metadata => '{"a": "b"}') $$))
       as d (difference, statement);
select is(
    pg_temp.refusal(format(
        $$ select remit_v1.wallet_create(1, (%L, pg_temp.id(1), 'USD', 0, 0, null, null, null)::remit_v1.wallet_request) $$,
        remit.issuance_wallet_id(1, 'USD'))),
    'WL005 id', 'the id of an issuance wallet is taken');
select results_eq(
    $$ select pg_temp.journal_count(), pg_temp.event_count(), count(*) from remit.wallets $$,
    $$ select * from counts_before_replay $$,
    'neither a replay nor a reuse makes anything');
select is(pg_temp.outcomes(pg_temp.request(901, 13, 11, 200), pg_temp.request(902, 11, 13, 50)), '{posted,posted}', 'the balances move');
select lives_ok($$ select remit_ops_v1.wallet_freeze(1, pg_temp.id(11), 'a test') $$, 'and one is frozen');
select results_eq(
    $$ select to_jsonb(r) from pg_temp.create_wallet(13, 500) r $$,
    $$ select to_jsonb(m) || '{"replayed": true}' from funded_made m $$,
    'a retry still gets the answer that the first call gave');
select results_eq(
    $$ select to_jsonb(r) from pg_temp.create_wallet(11, reference => 'savings', metadata => '{"a": "b"}') r $$,
    $$ select to_jsonb(m) || '{"replayed": true}' from empty_made m $$,
    'whatever happened to the wallet');

-- ---- The initial transfer's id belongs to the wallet --------------------------------------------

select is(
    (select array_agg(r.outcome::text) from remit_v1.transfers_post(1, array[(
        remit.initial_transfer_id(pg_temp.id(41)), pg_temp.id(13), pg_temp.id(15), 1, null, null, null, null
        )::remit_v1.transfer_request]) r),
    '{posted}', 'someone takes the id of a future initial transfer');
select is(pg_temp.refusal('select pg_temp.create_wallet(41, 1)'), 'WL005 initial_balance', 'that wallet cannot have an initial balance');
select is(pg_temp.refusal('select pg_temp.create_wallet(42, 1)'), 'accepted', 'others can');

select is_empty($$ select currency, sum(balance) from remit.wallets group by 1 having sum(balance) <> 0 $$,
                'balances sum to zero in each currency');
select is_empty($$ select * from remit_ops_v1.verify() $$, 'the books are right');

select * from finish();
rollback;
