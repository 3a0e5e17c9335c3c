begin;
select no_plan();
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
create function pg_temp.insist(variadic requests remit_v1.transfer_request[]) returns text[] language sql as $$
    select array_agg(concat_ws(' ', r.outcome, r.source_balance, r.target_balance) order by r.place)
      from unnest(remit.transfers_insist(1, requests, null, remit.caller_find(1, null))) with ordinality
           as r (id, outcome, field, replayed, source_id, target_id, amount, currency, source_version, source_balance,
                 target_version, target_balance, reference, metadata, request_id, created_at, terms, amount_asked, effect,
                 reversed, reversal_ids, place);
$$;
select is(pg_temp.insist(pg_temp.request(101, 11, 12, 30), pg_temp.request(102, 11, 12, 80), pg_temp.request(103, 12, 11, 5)),
          '{posted 70 30,insufficient_funds,posted 25 75}', 'results in order, stored rejections among them');
select is(pg_temp.refusal('select pg_temp.insist(pg_temp.request(104, 11, 12, 1), pg_temp.request(105, 11, 99, 1))'),
          'WL002 target_id', 'what is not stored is an error');
select is((select count(*) from remit.transfers where id in (pg_temp.id(104), pg_temp.id(105))), 0::bigint, 'which leaves nothing');
select is(pg_temp.refusal('select pg_temp.insist(pg_temp.request(101, 11, 12, 31))'), 'WL005 id', 'as is an id that was used for other content');

select * from finish();
rollback;
