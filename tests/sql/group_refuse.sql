begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

create function pg_temp.refuse(failed integer, variadic outcomes text[]) returns text[] language sql as $$
    select array_agg(concat_ws(' ', d.outcome, d.field, d.source_version) order by d.place)
      from unnest(remit.group_refuse(array(
               select (o, 'amount', false, pg_temp.id(p::integer), pg_temp.id(11), pg_temp.id(12), 7, 'USD', case when o = 'posted' then 9 end, null, null, null, null, '{}', null, now(), 1, 2, null,
                       (pg_temp.leg(pg_temp.pay(1, 11, 12, 1), 5, p::integer - 1, cardinality(outcomes) - 2)).terms, 7, null, 7, 7, 7, null)::remit.transfer_draft
                 from unnest(outcomes) with ordinality as u (o, p)), failed)) with ordinality
           as d (outcome, field, replayed, id, source_id, target_id, amount, currency, source_version, source_balance, target_version, target_balance, reference, metadata, request_id, created_at,
                 source, target, stored, terms, amount_asked, effect, moved, exposed, counted, hold, place);
$$;
select is(pg_temp.refuse(3, 'posted', 'posted', 'insufficient_funds', null, 'posted'),
    '{"posted amount 9",group_refused,"insufficient_funds amount",group_refused,"posted amount 9"}', 'the legs of the group are refused, and no others');
select is(pg_temp.refuse(3, 'posted', 'posted', 'wallet_busy', null, 'posted'),
    '{"posted amount 9",wallet_busy,"wallet_busy amount",wallet_busy,"posted amount 9"}', 'a reason that is not stored is that of all');
select is(pg_temp.refuse(2, 'posted', 'limit_exceeded', 'currency_mismatch', 'invalid_field', 'posted'),
    '{"posted amount 9","limit_exceeded amount",group_refused,"invalid_field amount","posted amount 9"}', 'a later leg with one has its turn');
select is(pg_temp.refuse(2, 'posted', 'wallet_busy', 'currency_mismatch', 'invalid_field', 'posted'),
    '{"posted amount 9","wallet_busy amount",wallet_busy,wallet_busy,"posted amount 9"}', 'but for the first of them');

select * from finish();
rollback;
