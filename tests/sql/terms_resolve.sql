begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select is(pg_temp.told(pg_temp.hold(101, 11, 10, 12), pg_temp.hold(102, 11, 20), pg_temp.pay(103, 11, 12, 30), pg_temp.pay(104, 11, 12, 99)), '{posted,posted,posted,insufficient_funds}', 'holds and transfers');
create function pg_temp.meant(user_id uuid, variadic items pg_temp.item[]) returns text[] language sql as $$
    select array_agg(format('%s to %s %s', pg_temp.number(r.source_id), pg_temp.number(r.target_id), r.currency) order by r.p)
      from unnest((remit.terms_resolve(1, array(select i.request from unnest(items) with ordinality as i (request, terms, p) order by p), array(select i.terms from unnest(items) with ordinality as i (request, terms, p) order by p),
                                       array_fill(user_id, array[cardinality(items)]))).requests) with ordinality as r (id, source_id, target_id, amount, currency, f, m, q, p);
$$;
select is(pg_temp.meant(null, pg_temp.pay(1, 11, 12, 1), pg_temp.hold(2, 11, 1)), '{"11 to 12 ","11 to  "}', 'what names its wallets means them');
select is(pg_temp.meant(null, pg_temp.capture(1, 101), pg_temp.capture(1, 102, 13), pg_temp.adjust(1, 101, 1), pg_temp.release(1, 101)), '{"11 to 12 USD","11 to 13 USD","11 to  USD","11 to  USD"}', 'those of a hold follow from it');
select is(pg_temp.meant(null, pg_temp.reverse(1, 103), pg_temp.reverse(1, 104), pg_temp.reverse(1, 101)), '{"12 to 11 USD","12 to 11 USD","12 to 11 USD"}', 'those of a reversal are exchanged');
select is(pg_temp.meant(null, pg_temp.reverse(1, 102)), '{"11 to  USD"}', 'of what has no target there is one');
select is(pg_temp.meant(null, pg_temp.capture(1, 199), pg_temp.reverse(1, 199)), '{" to  "," to  "}', 'of nothing there is none');
select is(pg_temp.meant(null, pg_temp.hold(1, 11, 1, 12), pg_temp.capture(2, 1), pg_temp.reverse(3, 2), pg_temp.adjust(4, 1, 2)), '{"11 to 12 ","11 to 12 ","12 to 11 ","11 to  "}', 'a subject comes before in the call, also one about another');
select is(pg_temp.meant(null, pg_temp.capture(2, 101), pg_temp.reverse(3, 2)), '{"11 to 12 USD","12 to 11 USD"}', 'or one about one that was there');
select is(pg_temp.meant(null, pg_temp.reverse(3, 2), pg_temp.capture(2, 101)), '{" to  ","11 to 12 USD"}', 'not behind it');
select is(pg_temp.meant(null, pg_temp.item(1, 12, 12, 1, 'capture', pg_temp.id(101)), pg_temp.item(1, 12, 13, 1, 'reversal', pg_temp.id(103)), pg_temp.hold(2, 11, 1, 12), pg_temp.item(3, 12, 12, 1, 'capture', pg_temp.id(2))),
    '{" to 12 USD"," to 13 USD","11 to 12 "," to 12 "}', 'other wallets than are named are none');
select is(pg_temp.meant(pg_temp.id(1), pg_temp.adjust(1, 101, 1), pg_temp.reverse(1, 103)), '{"11 to  USD","12 to 11 USD"}', 'a user finds what is of its wallets');
select is(pg_temp.meant(pg_temp.id(2), pg_temp.adjust(1, 101, 1), pg_temp.reverse(1, 103), pg_temp.hold(2, 11, 1), pg_temp.adjust(3, 2, 4)), '{" to  "," to  ","11 to  "," to  "}', 'and nothing else');

select * from finish();
rollback;
