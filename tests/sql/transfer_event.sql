begin;
select no_plan();
\ir fixture.psql

select results_eq(
    $$ select k::text, remit.transfer_event('posted', k)::text from unnest(enum_range(null::remit_v1.transfer_kind)) k $$,
    $$ values ('hold', 'hold.authorised'), ('capture', 'transfer.posted'), ('adjustment', 'hold.adjusted'), ('release', 'hold.released'),
              ('expiry', 'hold.expired'), ('reversal', 'transfer.posted') $$, 'what moved money is transfer.posted, the rest is of a hold');
select is(remit.transfer_event('posted', null), 'transfer.posted', 'so is a transfer');
select is_empty(
    $$ select o, k from unnest(enum_range(null::remit_v1.transfer_outcome)) o, unnest(enum_range(null::remit_v1.transfer_kind)) k
        where o <> 'posted' and remit.transfer_event(o, k) <> 'transfer.rejected' $$, 'a rejection is transfer.rejected, whatever was asked');

select * from finish();
rollback;
