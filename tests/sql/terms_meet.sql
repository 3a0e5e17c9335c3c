begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

-- ---- What it is about ---------------------------------------------------------------------------

create function pg_temp.meet(item pg_temp.item, about_outcome remit_v1.transfer_outcome, about_kind remit_v1.transfer_kind, outcome remit_v1.transfer_outcome default null)
    returns text language plpgsql as $$
declare
    draft remit.transfer_draft;
    about remit.transfer_draft;
begin
    draft.outcome := meet.outcome;
    draft.replayed := false;
    draft.terms := (item).terms;
    if about_outcome is not null then
        about.id := pg_temp.id(9);
        about.outcome := about_outcome;
        about.terms.kind := about_kind;
    end if;
    draft := remit.terms_meet(1, draft, about, null, 7, 7);
    return coalesce(concat_ws(' ', draft.outcome, draft.field), '');
end;
$$;
select is(pg_temp.meet(item, about_outcome, about_kind), expected, format('%s %s: %s', (item).terms, about_outcome, expected))
  from (values (pg_temp.capture(1, 9), 'posted'::remit_v1.transfer_outcome, 'hold'::remit_v1.transfer_kind, ''),
               (pg_temp.capture(1, 9), null, null, ''),
               (pg_temp.capture(1, 9), 'posted', null, 'hold_not_found subject_id'),
               (pg_temp.adjust(1, 9, 5), 'insufficient_funds', 'hold', 'hold_not_found subject_id'),
               (pg_temp.release(1, 9), 'invalid_field', 'hold', 'hold_not_found subject_id'),
               (pg_temp.reverse(1, 9), 'posted', null, ''),
               (pg_temp.reverse(1, 9), 'insufficient_funds', null, ''),
               (pg_temp.reverse(1, 9), 'invalid_field', null, 'transfer_not_found subject_id'),
               (pg_temp.reverse(1, 9), 'idempotency_key_reused', null, 'transfer_not_found subject_id')) as c (item, about_outcome, about_kind, expected);
select is(pg_temp.meet(pg_temp.capture(1, 9), 'wallet_busy', 'hold', outcome), expected, 'a draft that is ' || outcome)
  from (values ('wallet_frozen'::remit_v1.transfer_outcome, 'hold_not_found subject_id'), ('currency_mismatch', 'hold_not_found subject_id'),
               ('wallet_not_found', 'wallet_not_found'), ('group_refused', 'group_refused')) as c (outcome, expected);

-- Through transfers_post.
select pg_temp.wallet(n, 1000) from generate_series(11, 19) n;
select pg_temp.wallet(20, 1000, 'EUR');
do $$ begin perform remit_ops_v1.wallet_freeze(1, pg_temp.id(19), 'a test'); end; $$;
select is(pg_temp.told(pg_temp.hold(101, 11, 1001), pg_temp.capture(102, 101, 12), pg_temp.adjust(103, 101, 5), pg_temp.release(104, 101)),
          '{insufficient_funds,"hold_not_found subject_id","hold_not_found subject_id","hold_not_found subject_id"}', 'a hold that the call refused is none');
select is(pg_temp.told(pg_temp.capture(102, 101, 12), pg_temp.adjust(103, 101, 5), pg_temp.release(104, 101)),
          '{"hold_not_found subject_id","hold_not_found subject_id","hold_not_found subject_id"}', 'nor is it later: the answer is the same');
select is(pg_temp.told(pg_temp.hold(105, 19, 5), pg_temp.capture(106, 105, 12), pg_temp.item(107, null, null, 1, 'adjustment', pg_temp.id(105), source_version => 9)),
          '{wallet_frozen,"hold_not_found subject_id","hold_not_found subject_id"}', 'whatever else is wrong');
select is(pg_temp.told(pg_temp.hold(108, 11, 5, 20), pg_temp.capture(109, 108)), '{currency_mismatch,"hold_not_found subject_id"}', 'with its currency too');
select is(pg_temp.told(pg_temp.pay(111, 11, 12, 0), pg_temp.reverse(112, 111), pg_temp.item(113, null, null, 1, 'reversal', pg_temp.id(111), source_balance_min => 99999)),
          '{"invalid_field amount","transfer_not_found subject_id","transfer_not_found subject_id"}', 'a transfer that is not stored is none');
select is(pg_temp.told(pg_temp.pay(114, 19, 12, 5), pg_temp.reverse(115, 114), pg_temp.pay(116, 11, 12, 1001), pg_temp.reverse(117, 116)),
          '{wallet_frozen,wallet_frozen,insufficient_funds,not_reversible}', 'one that was rejected and stored is there');
select is(pg_temp.told(pg_temp.reverse(118, 114), pg_temp.reverse(119, 116)), '{wallet_frozen,not_reversible}', 'as it is later');
select is((select count(*) from remit.transfers t where t.id = any (array(select pg_temp.id(n) from unnest(array[102, 103, 104, 106, 107, 109, 112, 113]) n))), 0::bigint, 'what is about nothing is not stored');
-- An id that stands twice in a call: its first request was not stored, and names other wallets.
select is(pg_temp.told(pg_temp.hold(121, 11, 50), pg_temp.hold(122, 11, 0), pg_temp.hold(122, 12, 10), pg_temp.capture(123, 122, 13)),
          '{posted,"invalid_field amount",posted,"hold_not_found subject_id"}', 'nothing is taken from a wallet that does not hold it');
select is(array[pg_temp.held(11), pg_temp.held(12), pg_temp.held(13)], '{1000 - 50 at 2,1000 - 10 at 2,1000 - 0 at 1}', 'the wallets have what they had');
select is(pg_temp.told(pg_temp.pay(124, 14, 15, 0), pg_temp.pay(124, 16, 17, 10), pg_temp.reverse(125, 124)),
          '{"invalid_field amount",posted,"transfer_not_found subject_id"}', 'nor given back to one that did not pay');
select is(pg_temp.told(pg_temp.capture(123, 122, 13), pg_temp.reverse(125, 124)), '{posted,posted}', 'a later call finds both');

-- ---- A version ----------------------------------------------------------------------------------

select pg_temp.wallet(31, 1000);
select pg_temp.wallet(32, 0);
select is(pg_temp.told(pg_temp.hold(301, 31, 10, expires_in => 600), pg_temp.hold(302, 31, 10, expires_in => 600), pg_temp.hold(303, 31, 10, expires_in => 9000)), '{posted,posted,posted}', 'three holds, at version 4');
select pg_temp.end_hold(301, 302);
select is((remit_v1.wallet_get(1, pg_temp.id(31))).version, 4::bigint, 'two have ended, which is read at version 4');
select is(pg_temp.told(pg_temp.pay(311, 31, 32, 1, source_version => 3), pg_temp.pay(312, 31, 32, 1, source_version => 7)), '{condition_failed,condition_failed}',
          'the version before it is another one, and so is one to come');
select is(pg_temp.held(31), '1000 - 10 at 6', 'their ends are written now, at versions 5 and 6');
select is(pg_temp.told(pg_temp.pay(313, 31, 32, 1, source_version => 4), pg_temp.pay(314, 31, 32, 1, source_version => 4)), '{posted,condition_failed}',
          'which says nothing new to who has read version 4, but a transfer does');
select is(pg_temp.told(pg_temp.pay(315, 31, 32, 1, source_version => 6), pg_temp.pay(316, 31, 32, 1, source_version => 7)), '{condition_failed,posted}', 'also to who has read the last end');
select pg_temp.end_hold(303);
select is(pg_temp.told(pg_temp.pay(317, 31, 32, 1, source_version => 8), pg_temp.pay(318, 31, 32, 1, source_version => 8)), '{posted,condition_failed}', 'the same call may write the end');
select is((select array_agg(r.outcome::text) from pg_temp.post_items(array[pg_temp.pay(319, 31, 32, 1, source_version => 10)], dry_run => true) r), '{posted}', 'the version of now is met');
select is(pg_temp.told(pg_temp.pay(313, 31, 32, 1, source_version => 4), pg_temp.pay(313, 31, 32, 1, source_version => 6)), '{"posted replayed",idempotency_key_reused}', 'a replay has the version that it named');
select is(pg_temp.told(pg_temp.hold(304, 31, 10, expires_in => 600)), '{posted}', 'a hold at version 11');
select pg_temp.end_hold(304);
select is(pg_temp.told(pg_temp.pay(320, 32, 31, 1), pg_temp.pay(321, 31, 32, 1, source_version => 11)), '{posted,condition_failed}', 'what the call itself has done before is news');
select is(pg_temp.told(pg_temp.hold(305, 31, 10, expires_in => 600), pg_temp.pay(322, 32, 31, 1)), '{posted,posted}', 'a hold and a payment to the wallet, at version 15');
select pg_temp.end_hold(305);
select is(pg_temp.told(pg_temp.pay(323, 31, 32, 1, source_version => 14), pg_temp.pay(324, 31, 32, 1, source_version => 0), pg_temp.pay(325, 31, 32, 1, source_version => 15)),
          '{condition_failed,condition_failed,posted}', 'what came to it is news too');
select is_empty('select * from remit_ops_v1.verify()', 'the books are right');

select * from finish();
rollback;
