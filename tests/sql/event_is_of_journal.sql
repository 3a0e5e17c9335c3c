begin;
select plan(2);

select set_eq(
    $$ select y::text from unnest(enum_range(null::remit_v1.event_type)) y where remit.event_is_of_journal(y) $$,
    $$ select distinct remit.transfer_event(o, k)::text
         from unnest(enum_range(null::remit_v1.transfer_outcome)) o, unnest(enum_range(null::remit_v1.transfer_kind) || null::remit_v1.transfer_kind) k
        where remit.outcome_is_stored(o) $$, 'these are what rows of the journal are told as');
select is(remit.event_is_of_journal('wallet.created'), false, 'all others carry data');

select * from finish();
rollback;
