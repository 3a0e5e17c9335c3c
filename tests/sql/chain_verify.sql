begin;
select plan(39);
\ir fixture.psql

-- Two blocks: 101 to 103 with the wallet's first balance, then 104 and 105. 106 waits in the
-- outbox. 900 has a block too.
select pg_temp.wallet(11, 1000);
select pg_temp.wallet(12);
create function pg_temp.settle(ledger_id bigint default 1) returns integer language sql as $$
    select remit_worker_v1.outbox_settle(settle.ledger_id, array(
        select o.id from remit.outbox o where o.ledger_id = settle.ledger_id));
$$;
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 300, metadata => '{"k": "v"}'), pg_temp.request(102, 11, 12, 5000),
                           pg_temp.request(103, 12, 11, 1)), '{posted,insufficient_funds,posted}', 'transfers');
select is(pg_temp.settle(), 4, 'a block');
select is(pg_temp.outcomes(pg_temp.request(104, 11, 12, 2), pg_temp.request(105, 12, 11, 2)), '{posted,posted}', 'more transfers');
select is(pg_temp.settle(), 2, 'another block');
select is(pg_temp.outcomes(pg_temp.request(106, 11, 12, 3)), '{posted}', 'one that waits');
insert into remit.ledgers (ledger_id, name) values (900, 'another');
do $$ begin perform remit_v1.user_create(900, (pg_temp.id(1), 'Ada', null, null, null)::remit_v1.user_request); end; $$;
select pg_temp.wallet(51, 100, ledger_id => 900);
select is(pg_temp.settle(900), 1, 'another ledger');

select is_empty('select * from remit.chain_verify(1)', 'a chain that is right has no violations');
select is_empty('select * from remit.chain_verify(900)', 'nor has another');
select is_empty('select * from remit.chain_verify(77)', 'nor has none at all');
select is_empty('select * from remit_ops_v1.verify()', 'the books are right');

-- How many rows of the chain are read: a row by row look at one slice takes as many again.
create function pg_temp.blocks_read() returns bigint language plpgsql as $$
declare
    before constant bigint := pg_stat_get_xact_tuples_returned('remit.chain_blocks_pkey'::regclass);
begin
    perform from remit.chain_verify(1, slice_rows => 2);
    return pg_stat_get_xact_tuples_returned('remit.chain_blocks_pkey'::regclass) - before;
end;
$$;
select is(pg_temp.blocks_read(), 4::bigint, 'however many slices, each block is read once for its links, and once for itself');

-- What is found after a superuser has switched the triggers off and done damage, which is then
-- undone.
create function pg_temp.found_after(damage text, ledger_id bigint default 1) returns text[] language plpgsql as $$
declare
    violations text[];
begin
    begin
        alter table remit.transfers disable trigger all;
        alter table remit.chain_blocks disable trigger all;
        execute damage;
        select array_agg(concat_ws(' ', v.rule, regexp_replace(v.subject, '0{8}-0{4}-4000-8000-0*', ''))
                         order by v.rule, v.subject)
          into violations from remit.chain_verify(found_after.ledger_id, slice_rows => 2) v;
        raise exception using errcode = 'DAMAG';
    exception
        when sqlstate 'DAMAG' then
            return violations;
    end;
end;
$$;

-- ---- Damage to the journal ----------------------------------------------------------------------

select is(pg_temp.found_after('select 1'), null, 'without damage nothing is found');
select is(
    pg_temp.found_after(format('update remit.transfers set %s where id = pg_temp.id(%s)', change, number)),
    array['transfer_matches_the_chain transfer ' || number], change)
  from (values (101, 'amount = amount + 1'), (101, 'metadata = ''{"k": "w"}'''), (102, 'reference = '''''),
               (102, 'outcome = ''wallet_frozen'''), (103, 'created_at = created_at + interval ''1 microsecond'''),
               (104, 'created_at = ''infinity'''), (105, 'target_balance = 0'), (105, 'request_id = ''r'''))
       as c (number, change);
select is(
    pg_temp.found_after('update remit.transfers set id = pg_temp.id(199) where id = pg_temp.id(101)'),
    '{chained_transfer_is_in_the_journal transfer 101,transfer_is_chained_or_waits transfer 199}', 'a row under another id');
select is(
    pg_temp.found_after('delete from remit.transfers where id = pg_temp.id(102)'),
    '{chained_transfer_is_in_the_journal transfer 102}', 'a row that was deleted');
select is(
    pg_temp.found_after('insert into remit.transfers
        select t.ledger_id, pg_temp.id(199), t.outcome, t.source_id, t.target_id, t.amount, t.currency, t.source_version,
               t.source_balance, t.target_version, t.target_balance, t.reference, t.metadata, t.request_id, t.created_at
          from remit.transfers t where t.id = pg_temp.id(102)'),
    '{transfer_is_chained_or_waits transfer 199}', 'a row that was added');
select is(
    pg_temp.found_after('delete from remit.outbox where subject_id = pg_temp.id(106)'),
    '{transfer_is_chained_or_waits transfer 106}', 'an event that left the outbox unsettled');
select is(
    pg_temp.found_after('update remit.outbox set data = ''{}'' where subject_id = pg_temp.id(106)'),
    '{transfer_is_chained_or_waits transfer 106}', 'or whose event was made another one');
select is(
    pg_temp.found_after('delete from remit.transfers where id = pg_temp.id(106); select pg_temp.settle()'),
    '{chained_transfer_is_in_the_journal transfer 106}', 'a row that was deleted before it was chained');
select is(
    pg_temp.found_after('insert into remit.outbox (ledger_id, type, subject_id, created_at)
                         values (1, ''transfer.posted'', pg_temp.id(104), now()); select pg_temp.settle()'),
    '{transfer_is_chained_once transfer 104}', 'an event that was told again');
select is(
    pg_temp.found_after('insert into remit.outbox (ledger_id, type, subject_id, created_at)
                         values (1, ''transfer.posted'', pg_temp.id(104), now())'),
    '{transfer_is_chained_once transfer 104}', 'or will be');
select is(
    pg_temp.found_after('update remit.outbox set type = ''transfer.rejected'' where subject_id = pg_temp.id(106)'),
    '{event_tells_of_one_journal_row transfer 106}', 'an event of another type');
select is(
    pg_temp.found_after('alter table remit.chain_blocks drop constraint one_digest_per_transfer;
                         update remit.chain_blocks set digests[3] = null where ledger_id = 1 and block = 1;
                         delete from remit.transfers where id = (select transfer_ids[3] from remit.chain_blocks where ledger_id = 1 and block = 1)'),
    '{block_follows_from_its_predecessor block 1,chained_transfer_is_in_the_journal transfer 102}', 'a row and its digest that were deleted');
select is(
    pg_temp.found_after('update remit.transfers set amount = 7 where ledger_id = 900', 900),
    array['transfer_matches_the_chain transfer ' || remit.initial_transfer_id(pg_temp.id(51))], 'damage in another ledger is found there');
select is(pg_temp.found_after('update remit.transfers set amount = 7 where ledger_id = 900', 1), null, 'and not here');

-- ---- Damage to the chain ------------------------------------------------------------------------

select is(
    pg_temp.found_after('update remit.transfers set amount = 301 where id = pg_temp.id(101);
                         update remit.chain_blocks b
                            set digests = array(select d.digest from unnest(b.transfer_ids) with ordinality as c (id, place)
                                                  join remit.transfer_digests d using (id) order by c.place)
                          where b.ledger_id = 1 and b.block = 1'),
    '{block_follows_from_its_predecessor block 1}', 'a row that was changed with its digest');
select is(
    pg_temp.found_after('update remit.chain_blocks b
                            set hash = remit.chain_hash(null, 1, 1, 4, b.created_at - interval ''1 day'', b.digests),
                                created_at = b.created_at - interval ''1 day''
                          where b.ledger_id = 1 and b.block = 1'),
    '{block_follows_from_its_predecessor block 2}', 'a block that was made anew');
select is(
    pg_temp.found_after('update remit.chain_blocks set transfers = transfers + 1 where ledger_id = 1 and block = 2'),
    '{block_follows_from_its_predecessor block 2}', 'a count');
select is(
    pg_temp.found_after('update remit.chain_blocks
                            set transfer_ids = array[transfer_ids[2], transfer_ids[1]] where ledger_id = 1 and block = 2'),
    '{transfer_matches_the_chain transfer 104,transfer_matches_the_chain transfer 105}', 'ids that changed places');
select is(
    pg_temp.found_after('delete from remit.chain_blocks where ledger_id = 1 and block = 1; delete from remit.transfers
                          where ledger_id = 1 and id in (pg_temp.id(101), pg_temp.id(102), pg_temp.id(103),
                                                         remit.initial_transfer_id(pg_temp.id(11)))'),
    '{blocks_are_dense block 2}', 'the beginning of the chain, with its transfers');
select is(
    pg_temp.found_after('delete from remit.chain_blocks where ledger_id = 1 and block = 2'),
    '{transfer_is_chained_or_waits transfer 104,transfer_is_chained_or_waits transfer 105}', 'the end of the chain');
select is(
    pg_temp.found_after('insert into remit.chain_blocks
                         select 1, 3, 5, array[c.id], array[c.digest], remit.chain_hash(b.hash, 1, 3, 5, now(), array[c.digest]), now()
                           from remit.chain_blocks b, unnest(b.transfer_ids, b.digests) as c (id, digest)
                          where b.ledger_id = 1 and b.block = 2 and c.id = pg_temp.id(104)'),
    '{block_follows_from_its_predecessor block 3,transfer_is_chained_once transfer 104}', 'a block with what is chained, and a wrong count');

select * from finish();
rollback;
