-- Fills Remit's journal with transfers among the wallets of wallets.sql.
--
--   -- until ledger 1 has so many rows, among the wallets 1 to 1000000
--   call bench.journal_fill(10000000, 1000000);
--
-- Rows are what transfers_post leaves behind once the relay has settled their events: random ids in
-- the order of time, dense versions, right balances, wallets that match, blocks in the chain, and
-- no events. verify() finds nothing. Every tenth row is paid by one of the first ten wallets, so
-- that some statements are long at each size. Amounts are 1 to 10, so the wallets need a balance
-- that lasts, 1000000 each, or a floor below zero. Nobody else may use ledger 1 meanwhile. Each
-- batch is a transaction; a run that was stopped goes on where it was, but the two indexes of the
-- versions, which are made anew at the end, are then to be made by hand (V004).

create or replace procedure bench.journal_fill(row_count bigint, wallet_count bigint, batch_size integer default 2500000)
    language plpgsql
as $$
declare
    definitions constant text[] := array(
        select pg_get_indexdef(i.indexrelid) from pg_index i
         where i.indrelid = 'remit.transfers'::regclass and not i.indisprimary);
    definition text;
    missing bigint;
    batch bigint;
begin
    drop index remit.one_source_entry_per_version, remit.one_target_entry_per_version;
    loop
        -- The plans are made once, before there is anything to plan for: a batch is many rows, and
        -- joins hash.
        set local enable_nestloop = off;
        set local work_mem = '512MB';
        select row_count - count(*) into missing from remit.transfers t where t.ledger_id = 1;
        exit when missing <= 0;
        batch := least(missing, batch_size);

        create temporary table drawn on commit drop as
        select d.place, gen_random_uuid() as id, bench.wallet_id(d.source) as source_id,
               bench.wallet_id(1 + (d.source + d.distance - 1) % wallet_count) as target_id, d.amount
          from (select place,
                       case when place % 10 = 0 then 1 + place / 10 % 10
                            else 1 + floor(random() * wallet_count)::bigint end as source,
                       1 + floor(random() * (wallet_count - 1))::bigint as distance,
                       1 + floor(random() * 10)::bigint as amount
                  from generate_series(1, batch) as place) d;
        analyze drawn;

        create temporary table entries on commit drop as
        select e.place, e.is_source, e.wallet_id,
               w.version + row_number() over history as version,
               (w.balance + sum(e.amount) over history)::bigint as balance
          from (select place, true as is_source, source_id as wallet_id, -amount as amount from drawn
                union all
                select place, false, target_id, amount from drawn) e
          join remit.wallets w on w.ledger_id = 1 and w.id = e.wallet_id
        window history as (partition by e.wallet_id order by e.place);
        analyze entries;

        insert into remit.transfers (
               ledger_id, id, outcome, source_id, target_id, amount, currency,
               source_version, source_balance, target_version, target_balance, metadata, request_id, created_at)
        select 1, d.id, 'posted', d.source_id, d.target_id, d.amount, 'USD',
               s.version, s.balance, t.version, t.balance, '{}', md5(d.id::text), clock_timestamp()
          from drawn d
          join entries s on s.place = d.place and s.is_source
          join entries t on t.place = d.place and not t.is_source
         order by d.place;
        update remit.wallets w
           set version = e.version, balance = e.balance, updated_at = now()
          from (select distinct on (wallet_id) wallet_id, version, balance from entries order by wallet_id, version desc) e
         where w.ledger_id = 1 and w.id = e.wallet_id;
        perform bench.transfers_chain(array(select id from drawn order by place));
        commit;
    end loop;
    set local maintenance_work_mem = '512MB';
    foreach definition in array definitions loop
        execute definition;
    end loop;
end;
$$;
