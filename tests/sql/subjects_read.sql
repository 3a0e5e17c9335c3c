begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12, 100);
select is(pg_temp.told(pg_temp.hold(101, 11, 10, expires_in => 600), pg_temp.hold(102, 11, 20, expires_in => 700), pg_temp.pay(103, 11, 12, 30), pg_temp.reverse(104, 103, 5)), '{posted,posted,posted,posted}', 'two holds and a transfer');
create function pg_temp.read(variadic items pg_temp.item[]) returns remit.locked_wallets language sql as $$
    select remit.wallets_lock(1, remit.terms_resolve(1, array(select i.request from unnest(items) with ordinality as i (request, terms, p) order by p), array(select i.terms from unnest(items) with ordinality as i (request, terms, p) order by p), null));
$$;
create temporary table found as select r.* from pg_temp.read(pg_temp.capture(201, 101, 12), pg_temp.release(202, 101), pg_temp.release(203, 299), pg_temp.reverse(204, 103), pg_temp.reverse(205, 298), pg_temp.reverse(206, 101)) r;
select set_eq('select pg_temp.number(i) as named, pg_temp.number((f.holds[p]).id) as found from found f, unnest(f.hold_ids) with ordinality as u (i, p)', 'values (101, 101), (299, null::integer)', 'a hold that is named once, and the place of one that may come');
select set_eq('select pg_temp.number(i), (f.originals[p]).left_amount, (f.originals[p]).reversals from found f, unnest(f.original_ids) with ordinality as u (i, p)',
    'values (103, 25::bigint, 1), (298, null, 0), (101, null, 0)', 'what is left of transfers; of a hold, nothing');
select ok(f.others_untils[1] = h.expires_at and f.others_untils[2] is null, 'when the first one ends that is not named') from found f, remit.holds h where h.id = pg_temp.id(102);

select * from finish();
rollback;
