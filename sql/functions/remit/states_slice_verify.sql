create or replace function remit.states_slice_verify(
    ledger_id bigint, state remit_v1.event_type, slice integer, slices integer)
    returns setof remit_ops_v1.violation
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set work_mem = '64MB' -- A slice of states_verify takes less.
    set jit = off
as $$
-- Holds the rows of one of so many slices of a ledger's users, wallets, keys or acts of operators
-- against the last event of each. A row per violation.
--
-- Raises: nothing. Locks: nothing.
begin
    return query
    with told as (
        select distinct on (e.subject_id) e.subject_id, e.digest, e.position
          from remit.states_logged(states_slice_verify.ledger_id) e
         where e.state = states_slice_verify.state
           and remit.states_slice(e.subject_id, states_slice_verify.slices) = states_slice_verify.slice
         order by e.subject_id, e.number desc nulls last, e.position desc -- What waits comes after what is in the log.
    ), found as (
        select d.subject_id, d.digest, d.is_initial
          from remit.states_found(states_slice_verify.ledger_id) d
         where d.state = states_slice_verify.state
           and remit.states_slice(d.subject_id, states_slice_verify.slices) = states_slice_verify.slice
    ), differences as (
        select coalesce(f.subject_id, t.subject_id) as subject_id, t.position,
               case when f.digest is null then 'its row is gone' when t.digest is null then 'it has no event' else 'its row is another' end as difference
          from told t
          full join found f on f.subject_id = t.subject_id
         where f.digest is distinct from t.digest and not (t.digest is null and f.is_initial)
    )
    select states_slice_verify.ledger_id,
           case split_part(states_slice_verify.state::text, '.', 1) when 'operator' then 'act' else split_part(states_slice_verify.state::text, '.', 1) end
           || '_is_as_the_log_says',
           case states_slice_verify.state
               when 'operator.acted' then 'act ' || remit.id_number(d.subject_id)
               when 'ledger.created' then 'ledger ' || remit.id_number(d.subject_id)
               else split_part(states_slice_verify.state::text, '.', 1) || ' ' || d.subject_id end,
           jsonb_build_object('state', states_slice_verify.state, 'difference', d.difference, 'position', d.position)
      from differences d
     order by d.subject_id;
end;
$$;

comment on function remit.states_slice_verify(bigint, remit_v1.event_type, integer, integer) is
    'Holds some rows of users, wallets, keys or acts against the last event of each. A row per violation.';
