begin;
select plan(25);

select is_empty('select * from remit.guards_verify(1)', 'the tables are guarded');

-- What is found after a superuser's damage, which is then undone.
create function pg_temp.found_after(damage text) returns text language plpgsql as $$
declare
    found text;
begin
    execute damage;
    select string_agg(v.rule || ' ' || v.subject || coalesce(' ' || (v.detail ->> 'ways'), ''), ', ' order by v.rule, v.subject)
      into found from remit_ops_v1.verify(1) v;
    raise exception 'undone' using detail = coalesce(found, 'nothing');
exception
    when raise_exception then
        get stacked diagnostics found = pg_exception_detail;
        return found;
end;
$$;
-- As the migration makes it, with something instead of something.
create function pg_temp.remade(instead_of text, instead text) returns text language sql as $$
    select 'drop trigger journal_refuses_update_and_delete on remit.transfers; ' || replace(
        'create trigger journal_refuses_update_and_delete before update or delete on remit.transfers for each row '
        'execute function remit.journal_refuse(); '
        'alter table remit.transfers enable always trigger journal_refuses_update_and_delete', instead_of, instead);
$$;
create function public.nothing() returns trigger language plpgsql as 'begin return null; end';
-- A session that is to be damaged has no check waiting.
set constraints all immediate;

select is(pg_temp.found_after(damage), expected, damage)
  from (values
    (pg_temp.remade('', ''), 'nothing'),
    ('alter table remit.transfers disable trigger journal_refuses_update_and_delete', 'journal_is_guarded table transfers'),
    ('alter table remit.transfers enable trigger journal_refuses_update_and_delete', 'journal_is_guarded table transfers'),
    ('alter table remit.log_blocks enable replica trigger journal_refuses_truncate', 'journal_is_guarded table log_blocks'),
    ('drop trigger journal_refuses_truncate on remit.audit', 'journal_is_guarded table audit'),
    (pg_temp.remade('for each row', 'for each row when (false)'), 'journal_is_guarded table transfers'),
    (pg_temp.remade('update or delete', 'update of reference or delete'), 'journal_is_guarded table transfers'),
    (pg_temp.remade('update or delete', 'delete'), 'journal_is_guarded table transfers'),
    (pg_temp.remade('for each row', 'for each statement'), 'journal_is_guarded table transfers'),
    (pg_temp.remade('remit.journal_refuse', 'public.nothing'), 'journal_is_guarded table transfers'),
    ('create or replace function remit.journal_refuse() returns trigger language plpgsql as ''begin return new; end''',
     'guard_is_there journal_refuse 4e17dcc33c49721fc0885662e742f06f6535afa012ef088c1149855eda5749ce'),
    ('create rule r as on insert to remit.audit do instead nothing', 'nothing_goes_around_the_guards table audit ["rule r"]'),
    ('create rule r as on update to remit.transfers do instead nothing', 'nothing_goes_around_the_guards table transfers ["rule r"]'),
    ('create trigger t before insert on remit.spending for each row execute function public.nothing()',
     'nothing_goes_around_the_guards table spending ["trigger t"]'),
    ('alter table remit.keys enable row level security', 'nothing_goes_around_the_guards table keys ["row level security"]'),
    ('create table public.child () inherits (remit.transfers)', 'nothing_goes_around_the_guards table transfers ["inheritance"]'),
    ('alter table remit.notifications set unlogged', 'nothing_goes_around_the_guards table notifications ["kind or persistence"]'),
    ('alter table remit.transfers drop constraint wallets_differ', 'guard_is_there transfers wallets_differ'),
    ('alter table remit.transfers drop constraint wallets_differ, add constraint wallets_differ check (source_id <> target_id) not valid',
     'guard_is_there transfers wallets_differ'),
    ('alter domain remit.exact_amount drop constraint amount_is_positive_and_exact_in_json',
     'guard_is_there exact_amount amount_is_positive_and_exact_in_json'),
    ('alter table remit.spending alter column amount type bigint', 'guard_is_there spending amount exact_limit'),
    ('drop index remit.one_source_entry_per_version', 'guard_is_there transfers one_source_entry_per_version'),
    ('drop index remit.one_issuance_wallet_per_currency; create index one_issuance_wallet_per_currency on remit.wallets (ledger_id)',
     'guard_is_there wallets one_issuance_wallet_per_currency'))
    as c (damage, expected);
select matches(pg_temp.found_after('alter table remit.wallets disable trigger all'),
    '^nothing_goes_around_the_guards table wallets \["trigger RI_ConstraintTrigger', 'foreign keys that are not looked at');

select * from finish();
rollback;
