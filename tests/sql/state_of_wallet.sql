begin;
select plan(4);
\ir fixture.psql

do $$ begin perform remit_v1.wallet_create(1, (pg_temp.id(11), pg_temp.id(1), 'USD', 500, 200, 'käse', '{"a": "b"}', null)::remit_v1.wallet_request); end; $$;
select is(
    (select remit.state_of_wallet(w) from remit.wallets w where w.id = pg_temp.id(11)),
    (select jsonb_build_object('wallet_id', w.id, 'user_id', pg_temp.id(1), 'currency', 'USD', 'floor', 200, 'created_at', remit.moment_text(w.created_at),
         'labels_sha256', encode(sha256(convert_to('["käse", {"a": "b"}, "' || encode(w.created_as, 'hex') || '"]', 'UTF8')), 'hex'))
       from remit.wallets w where w.id = pg_temp.id(11)), 'a wallet as it was made, a hash for its labels');
select is(
    (select w.data::jsonb from pg_temp.waiting w where w.type = 'wallet.created' and w.subject_id = pg_temp.id(11)),
    (select remit.state_of_wallet(w) from remit.wallets w where w.id = pg_temp.id(11)), 'the event tells it, before the initial balance is there');
select is(
    (select w.data::jsonb -> 'user_id' from pg_temp.waiting w where w.type = 'wallet.created' and w.subject_id = remit.issuance_wallet_id(1, 'USD')),
    'null', 'that of an issuance wallet has no user');
select is_empty('select * from remit_ops_v1.verify()', 'the books are right');

select * from finish();
rollback;
