create or replace function remit.call_check(
    requests remit_v1.transfer_request[], key_sha256s bytea[], terms remit_v1.transfer_terms[],
    traceparents text[] default null)
    returns void
    language plpgsql
    immutable
    set search_path = pg_catalog, pg_temp
as $$
-- Refuses a call of transfers_post whose arrays are not what it takes: 1 to 1,000 requests, with a
-- key, terms and a trace for each. Arrays of other dimensions or bounds have elements in other places than
-- those where its steps look.
--
-- The legs of a group are one caller's and stand side by side, from 1 to its size, and a call has a
-- group once.
--
-- Raises: WL001. Locks: nothing.
declare
    request_count constant integer := coalesce(cardinality(requests), 0);
begin
    if request_count not between 1 and 1000 or array_ndims(requests) <> 1 or array_lower(requests, 1) <> 1 then
        perform remit.field_refuse('requests', '1 to 1000 requests, numbered from 1');
    elsif pg_column_size(requests) > 16777216 then -- More than 1,000 of the largest have.
        perform remit.field_refuse('requests', 'at most 16 MiB');
    elsif cardinality(key_sha256s) <> request_count or array_ndims(key_sha256s) <> 1
          or array_lower(key_sha256s, 1) <> 1 then
        perform remit.field_refuse('key_sha256s', 'one for each request');
    elsif '' = any (key_sha256s) then
        perform remit.field_refuse('key_sha256s', '32 bytes each');
    elsif cardinality(terms) <> request_count or array_ndims(terms) <> 1 or array_lower(terms, 1) <> 1 then
        perform remit.field_refuse('terms', 'one for each request');
    elsif cardinality(traceparents) <> request_count or array_ndims(traceparents) <> 1
          or array_lower(traceparents, 1) <> 1
          or exists (select from unnest(traceparents) as t (p)
                      where p !~ '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' or p ~ '^ff') then
        perform remit.field_refuse('traceparents', 'one for each request, or null, as W3C Trace Context has them');
    elsif exists (
        select
          from unnest(terms) with ordinality as t
         where t.group_id is not null or t.group_place is not null or t.group_size is not null
         group by t.group_id
        having (t.group_id is not null and count(*) >= 2
                and count(t.group_size) = count(*) and min(t.group_size) = count(*) and max(t.group_size) = count(*)
                and count(t.group_place) = count(*) and min(t.group_place) = 1 and max(t.group_place) = count(*)
                and min(t.ordinality - t.group_place) = max(t.ordinality - t.group_place)
                and count(distinct coalesce(key_sha256s[t.ordinality], '')) = 1) is not true
    ) then
        perform remit.field_refuse('terms', 'groups of 2 to 1000 legs of one caller, side by side in the order of their places');
    end if;
end;
$$;

comment on function remit.call_check(remit_v1.transfer_request[], bytea[], remit_v1.transfer_terms[], text[]) is
    'Raises WL001 for a call of transfers_post whose arrays are not what it takes.';
