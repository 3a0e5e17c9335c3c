begin;
select no_plan();
\ir fixture.psql

create function pg_temp.draw(target_version bigint, effect remit_v1.transfer_effect, helds bigint[]) returns text language plpgsql as $$
declare
    draft remit.transfer_draft;
begin
    draft.source := 1;
    draft.target := 2;
    draft.target_version := target_version;
    draft.effect := effect;
    return to_jsonb(remit.effect_draw(draft, helds, array['2030-01-01', '2040-01-01']::timestamptz[])) - '{hold_expires_at}'::text[];
end;
$$;
select is(pg_temp.draw(7, null, '{30,40}')::jsonb - '{hold_before,hold_amount,hold_captured,hold_remaining}'::text[],
    jsonb_build_object('source_held', 30, 'source_held_until', '2030-01-01'::timestamptz, 'target_held', 40, 'target_held_until', '2040-01-01'::timestamptz), 'what both hold');
select is(pg_temp.draw(null, null, '{30,40}')::jsonb ->> 'target_held', null, 'the target alone if it changes');
select is(pg_temp.draw(7, null, '{0,40}')::jsonb ->> 'source_held', null, 'nothing is null');
select is(remit.effect_draw(null, '{0}', '{null}'), null, 'and an effect of nothing is none');
select is(pg_temp.draw(null, (null, null, null, null, 5, 0, 5, null, 3)::remit_v1.transfer_effect, '{0,0}')::jsonb ->> 'hold_before', '3', 'what is said of a hold stays');

select * from finish();
rollback;
