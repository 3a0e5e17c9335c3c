create or replace function remit.first_open(hold remit.holds, holds remit.holds[], first integer)
    returns integer
    language plpgsql
    immutable
as $$
-- The place of the first open hold of a source to end, once one of its holds is as it is now: a
-- part of transfers_decide. 0 if none of them is open.
--
-- Holds of one source stand side by side, and those that end later stand before those that end
-- earlier. first is the place of the first one to end before that, or of one after it. Each call
-- goes on where the last one ended: so a call that ends a thousand holds of a source looks at each
-- of them once.
--
-- Raises: nothing. Locks: nothing.
begin
    while holds[first].source_id = hold.source_id loop
        exit when case when holds[first].id = hold.id then hold.is_open else holds[first].is_open end;
        first := first - 1;
    end loop;
    return case when first is null or holds[first].source_id = hold.source_id then first else 0 end;
end;
$$;

comment on function remit.first_open(remit.holds, remit.holds[], integer) is
    'The place of the first open hold of a source to end, in the order of their ends.';
