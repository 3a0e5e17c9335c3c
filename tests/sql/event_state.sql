begin;
select plan(3);

select is_empty($$ select y from unnest(enum_range(null::remit_v1.event_type)) y where remit.event_is_of_journal(y) <> (remit.event_state(y) is null) $$,
    'what is not of the journal tells a state');
select is(remit.event_state('wallet.unfrozen'), remit.event_state('wallet.frozen'), 'several types may tell of one');
select is(remit.event_state('wallet.created'), 'wallet.created', 'the others of one each');

select * from finish();
rollback;
