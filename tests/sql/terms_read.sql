begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
create function pg_temp.read(user_numbers integer[], variadic items pg_temp.item[]) returns remit.admission language sql as $$
    select remit.terms_read(1, array(select i.request from unnest(items) with ordinality as i (request, terms, p) order by p), array(select i.terms from unnest(items) with ordinality as i (request, terms, p) order by p),
        case when user_numbers is not null then array(select pg_temp.id(n) from unnest(user_numbers) with ordinality as u (n, p) order by p) end);
$$;
select results_eq($$ select t.is_final, t.may_exceed, t.at_most from unnest((pg_temp.read(null, pg_temp.capture(1, 9), pg_temp.capture(1, 9, is_final => false, may_exceed => false), pg_temp.reverse(1, 9, 1, false))).terms) t $$,
    $$ values (true, null::boolean, null::boolean), (false, null, null), (null, null, null) $$, 'what is left out is what is meant by it');
select results_eq($$ select r.id from unnest((pg_temp.read('{null,1}', pg_temp.pay(1, 11, 12, 1), pg_temp.pay(1, 11, 12, 1))).requests) r $$,
    $$ values (pg_temp.id(1)), (remit.user_transfer_id(pg_temp.id(1), pg_temp.id(1))) $$, 'a user''s ids are a name space of its own');
select results_eq($$ select r.id, t.group_id from pg_temp.read('{1,1}', variadic pg_temp.legs(7, pg_temp.pay(1, 11, 12, 1), pg_temp.pay(1, 11, 12, 1))) a, unnest(a.requests) with ordinality as r (id, s, d, a, c, f, m, q, p), unnest(a.terms[p:p]) t $$,
    $$ select remit_v1.leg_id(remit.user_transfer_id(pg_temp.id(1), pg_temp.id(7)), p), remit.user_transfer_id(pg_temp.id(1), pg_temp.id(7)) from generate_series(1, 2) p $$, 'so are its groups'' ids');
select is(((pg_temp.read('{1,1}', pg_temp.hold(1, 11, 5), pg_temp.adjust(2, 1, 6))).terms[2]).subject_id, remit.user_transfer_id(pg_temp.id(1), pg_temp.id(1)), 'what it makes in the call it names by the id that it gives');
select is(((pg_temp.read('{1,2}', pg_temp.hold(1, 11, 5), pg_temp.adjust(2, 1, 6))).terms[2]).subject_id, pg_temp.id(1), 'not what another makes');
select is((pg_temp.read(null, pg_temp.pay(1, 11, 12, 1))).terms[1] is distinct from null, false, 'no terms stay none');

select * from finish();
rollback;
