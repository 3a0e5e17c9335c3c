begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

create function pg_temp.fault(item pg_temp.item) returns text language sql as $$
    select remit.request_fault(((item).request).source_id, ((item).request).target_id, ((item).request).amount, (item).terms, '2030-01-01');
$$;
select is_empty(
    $$ select item from unnest(array[
           pg_temp.pay(1, 11, 12, 1), pg_temp.pay(1, 11, 12, null, at_most => true), pg_temp.hold(1, 11, 1), pg_temp.hold(1, 11, 1, 12, expires_in => 1),
           pg_temp.hold(1, 11, 1, expires_at => '2030-01-01 00:00:00.000001'), pg_temp.capture(1, 2), pg_temp.capture(1, 2, 12, 1, false, true), pg_temp.adjust(1, 2, 5), pg_temp.adjust(1, 2, expires_in => 5),
           pg_temp.release(1, 2), pg_temp.reverse(1, 2), pg_temp.reverse(1, 2, 5, true), pg_temp.pay(1, 11, 12, 1, null, 0, -9007199254740991, 9007199254740991)]) item
        where pg_temp.fault(item) is not null $$, 'these are well formed');
select is(pg_temp.fault(item), field, 'a fault of ' || field || ': ' || description)
  from (values (pg_temp.item(1, 11, 12, 1, 'expiry', pg_temp.id(2)), 'kind', 'an expiry'), (pg_temp.item(1, 11, 12, 1, 'hold', pg_temp.id(2)), 'subject_id', 'a hold of another'),
               (pg_temp.item(1, 11, 12, 1, null, pg_temp.id(2)), 'subject_id', 'a transfer about one'), (pg_temp.item(1, null, null, 1, 'reversal'), 'subject_id', 'a reversal of none'),
               (pg_temp.pay(1, null, 12, 1), 'source_id', 'none'), (pg_temp.pay(1, 11, null, 1), 'target_id', 'none'), (pg_temp.item(1, 11, null, 1, 'capture', pg_temp.id(2)), 'target_id', 'none to capture to'),
               (pg_temp.item(1, 11, 12, null, 'release', pg_temp.id(2)), 'target_id', 'one to release to'), (pg_temp.pay(1, 11, 12, 9007199254740992), 'amount', 'too large'),
               (pg_temp.pay(1, 11, 12, null), 'amount', 'none'), (pg_temp.hold(1, 11, null), 'amount', 'none held'), (pg_temp.item(1, 11, null, 1, 'release', pg_temp.id(2)), 'amount', 'one to release'),
               (pg_temp.adjust(1, 2), 'amount', 'nothing to change'), (pg_temp.item(1, 11, 12, 1, is_final => false), 'is_final', 'of a transfer'), (pg_temp.item(1, 11, 12, 1, may_exceed => false), 'may_exceed', 'of one'),
               (pg_temp.item(1, 11, 12, 1, 'hold', at_most => true), 'at_most', 'of a hold'), (pg_temp.item(1, 11, 12, 1, 'hold', expires_at => now(), expires_in => 1), 'expires_at', 'two'),
               (pg_temp.item(1, 11, 12, 1, expires_at => '2030-01-02'), 'expires_at', 'of a transfer'), (pg_temp.hold(1, 11, 1, expires_at => '2030-01-01'), 'expires_at', 'now'),
               (pg_temp.adjust(1, 2, expires_at => '2039-12-30 00:00:00.000001'), 'expires_at', 'in more than ten years'), (pg_temp.hold(1, 11, 1, expires_in => 0), 'expires_in', 'too small'), (pg_temp.hold(1, 11, 1, expires_in => 315360001), 'expires_in', 'too large'),
               (pg_temp.pay(1, 11, 12, 1, null, -1), 'source_version', 'too small'), (pg_temp.pay(1, 11, 12, 1, null, null, 9007199254740992), 'source_balance_min', 'too large'),
               (pg_temp.pay(1, 11, 12, 1, null, null, null, -9007199254740992), 'target_balance_max', 'too small'), (pg_temp.item(1, 11, null, 1, 'hold', target_balance_max => 1), 'target_balance_max', 'of no target'))
       as c (item, field, description);

select * from finish();
rollback;
