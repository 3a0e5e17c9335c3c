begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

-- What a request comes to, of a source with 100 of which 30 are held: a hold of 50 of which 20 were
-- captured, or a transfer of which 40 are left.
create function pg_temp.weigh(item pg_temp.item, is_user boolean default false, bar bigint default 30, is_open boolean default true, is_frozen boolean default false) returns text language plpgsql as $$
declare
    draft remit.transfer_draft;
    source remit.locked_wallet;
    hold remit.holds;
    original remit.reversible := (40, 2);
begin
    source.is_frozen := is_frozen;
    draft.id := pg_temp.id(1);
    draft.source_id := pg_temp.id(11);
    draft.target_id := ((item).request).target_id;
    draft.currency := 'USD';
    draft.metadata := '{}';
    draft.created_at := '2030-01-01';
    draft.terms := (item).terms;
    draft.amount_asked := ((item).request).amount;
    if ((item).terms).kind in ('capture', 'adjustment', 'release') then
        hold := (1, pg_temp.id(9), pg_temp.id(11), pg_temp.id(12), 'USD', 50, 20, is_open, '2030-02-01', case when not is_open then 'release' end, null, '{}', 3, 5, '2029-12-01', '2029-12-01')::remit.holds;
    end if;
    draft := remit.terms_weigh(draft, source, 100, 7, bar, 200, hold, original, is_user);
    return case when draft.outcome is not null then concat_ws(' ', draft.outcome, draft.field)
                else format('%s: moved %s, exposed %s, counted %s%s', draft.amount, draft.moved, draft.exposed, draft.counted,
                            case when (draft.hold).id is not null then format('; %s of %s, %s at %s', (draft.hold).captured, (draft.hold).amount, (draft.effect).hold_remaining, (draft.hold).version) end) end;
end;
$$;
select is(pg_temp.weigh(item), expected, description)
  from (values (pg_temp.pay(1, 11, 12, 5), '5: moved 5, exposed 5, counted 5', 'a transfer'),
               (pg_temp.hold(1, 11, 5), '5: moved 0, exposed 5, counted 5; 0 of 5, 5 at 8', 'a hold'),
               (pg_temp.capture(1, 9, 12, 10, false), '10: moved 10, exposed 0, counted 0; 30 of 50, 20 at 8', 'a capture'),
               (pg_temp.capture(1, 9, 12, 10), '10: moved 10, exposed -20, counted -20; 30 of 50, 0 at 8', 'the last one'),
               (pg_temp.capture(1, 9, 12), '30: moved 30, exposed 0, counted 0; 50 of 50, 0 at 8', 'one of the rest'),
               (pg_temp.capture(1, 9, 12, 31), 'hold_exceeded', 'one of more'), (pg_temp.capture(1, 9, 12, 45, may_exceed => true), '45: moved 45, exposed 15, counted 15; 65 of 50, 0 at 8', 'one that may'),
               (pg_temp.capture(1, 9, 13), 'invalid_field target_id', 'one to another'), (pg_temp.adjust(1, 9, 60), '60: moved 0, exposed 10, counted 10; 20 of 60, 40 at 8', 'a hold that is raised'),
               (pg_temp.adjust(1, 9, 40), '40: moved 0, exposed -10, counted -10; 20 of 40, 20 at 8', 'lowered'), (pg_temp.adjust(1, 9, 20), '20: moved 0, exposed -30, counted -30; 20 of 20, 0 at 8', 'to its end'),
               (pg_temp.adjust(1, 9, 19), 'hold_exceeded', 'below it'), (pg_temp.adjust(1, 9, expires_in => 5), '50: moved 0, exposed 0, counted 0; 20 of 50, 30 at 8', 'in time'),
               (pg_temp.release(1, 9), '30: moved 0, exposed -30, counted -30; 20 of 50, 0 at 8', 'a release'),
               (pg_temp.reverse(1, 9, 15), '15: moved 15, exposed 15, counted 0', 'a reversal'), (pg_temp.reverse(1, 9), '40: moved 40, exposed 40, counted 0', 'one of the rest'),
               (pg_temp.reverse(1, 9, 41), 'reversal_exceeded', 'one of more'), (pg_temp.reverse(1, 9, 41, true), '40: moved 40, exposed 40, counted 0', 'one of at most that'),
               (pg_temp.pay(1, 11, 12, 90, true), '70: moved 70, exposed 70, counted 70', 'at most what is available'), (pg_temp.pay(1, 11, 12, null, true), '70: moved 70, exposed 70, counted 70', 'or all of it'),
               (pg_temp.pay(1, 11, 12, 1, null, 7, 100, 200), '1: moved 1, exposed 1, counted 1', 'conditions that are met'),
               (pg_temp.pay(1, 11, 12, 1, null, null, 101), 'condition_failed', 'too small a balance'), (pg_temp.pay(1, 11, 12, 1, null, null, null, 199), 'condition_failed', 'too large a one'))
       as c (item, expected, description);
select is(pg_temp.weigh(pg_temp.capture(1, 9, 12), is_open => false), 'hold_closed', 'a hold that is closed');
select is(pg_temp.weigh(pg_temp.adjust(1, 9, 60), is_frozen => true), 'wallet_frozen', 'a frozen source promises no more');
select is(pg_temp.weigh(pg_temp.adjust(1, 9, 40), is_frozen => true), '40: moved 0, exposed -10, counted -10; 20 of 40, 20 at 8', 'but less');
select is(pg_temp.weigh(pg_temp.adjust(1, 9, 40), true), 'forbidden', 'a user does not');
select is(pg_temp.weigh(pg_temp.adjust(1, 9, 60, expires_in => 5), true), 'forbidden', 'nor for a shorter time');
select is(pg_temp.weigh(pg_temp.adjust(1, 9, 60), true), '60: moved 0, exposed 10, counted 10; 20 of 60, 40 at 8', 'but more');
select is(pg_temp.weigh(pg_temp.pay(1, 11, 12, 5, true), bar => 100), 'insufficient_funds', 'of nothing there is no most');
select is(pg_temp.weigh(pg_temp.pay(1, 11, 12, null, true), bar => null), 'invalid_field amount', 'of what has no end no all');

select * from finish();
rollback;
