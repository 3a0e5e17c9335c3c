create or replace function remit.guards_expected()
    returns table (owner text, guard text)
    language sql
    immutable
    set search_path = pg_catalog, pg_temp
as $$
-- What keeps what cannot be out of the tables: constraints of tables and domains, unique indexes,
-- columns with their domains, and the body of the function that refuses changes of the journal, by
-- its SHA-256. guards_verify looks for each of them.
--
-- Raises: nothing. Locks: nothing.
    select g.owner, btrim(u.guard)
      from (values
        ('audit', '{audit_pkey,detail_is_small,reason_is_short,subjects_are_few,texts_are_short}'),
        ('cache', '{cache_has_one_row,cache_pkey,generations_count_from_one,redis_id_is_short}'),
        ('content_digest', '{content_digest_has_32_bytes}'),
        ('cursors', '{channel_is_short,cursors_pkey,position_is_not_negative}'),
        ('currencies', '{code_is_iso_4217,currencies_pkey,exponent_is_small}'),
        ('currency_code', '{currency_has_three_letters}'),
        ('event_data', '{event_data_is_small}'),
        ('told_subjects', '{told_subjects_are_those_of_a_call}'),
        ('told_traces', '{told_traces_are_small}'),
        ('told_types', '{told_types_are_those_of_a_call}'),
        ('events_aside', '{events_aside_pkey,reason_is_short}'),
        ('exact_amount', '{amount_is_positive_and_exact_in_json}'),
        ('exact_balance', '{balance_is_exact_in_json}'),
        ('exact_limit', '{limit_is_exact_in_json}'),
        ('flat_metadata', '{metadata_is_a_flat_object_of_strings}'),
        ('holds', '{amount exact_amount,captured natural_number,closed_by_something,currency currency_code,
            holds_of_wallet,holds_pkey,metadata small_metadata,reference short_reference}'),
        ('journal_refuse', '{4e17dcc33c49721fc0885662e742f06f6535afa012ef088c1149855eda5749ce}'),
        ('key_moments', '{key_moments_ledger_id_fkey,key_moments_pkey}'),
        ('keys', '{expires_at_is_a_date_of_rfc_3339,keys_ledger_id_fkey,keys_ledger_id_sha256_key,
            keys_ledger_id_user_id_fkey,keys_pkey,name_is_short,sha256_has_32_bytes,user_keys_name_their_user}'),
        ('ledgers', '{ledgers_pkey,name_is_short}'),
        ('log_blocks', '{block_is_whole,blocks_count_from_one,log_blocks_ledger_id_block_key,log_blocks_pkey}'),
        ('log_details', '{datas_are_those_of_a_block,log_details_pkey,traceparents_are_those_of_a_block}'),
        ('natural_number', '{natural_number_not_negative}'),
        ('notifications', '{attempts_is_positive,channel_is_short,notifications_pkey,type_is_short}'),
        ('outbox', '{data event_data,outbox_pkey,subject_ids told_subjects,traceparents told_traces,types told_types}'),
        ('relay', '{relay_has_one_row,relay_pkey}'),
        ('reversed_transfers', '{amount exact_amount,reversals_are_bounded,reversed_transfers_pkey}'),
        ('short_reference', '{reference_is_short}'),
        ('short_request_id', '{request_id_is_short}'),
        ('small_metadata', '{metadata_is_small}'),
        ('spending', '{amount exact_limit,spending_ledger_id_wallet_id_fkey,spending_pkey}'),
        ('transfers', '{amount exact_amount,currency currency_code,metadata small_metadata,
            one_source_entry_per_version,one_target_entry_per_version,outcome_is_posted_or_rejected,
            posted_means_versions_and_balances,reference short_reference,request_id short_request_id,
            transfers_pkey,wallets_differ}'),
        ('users', '{created_as content_digest,email_is_short,metadata_is_a_flat_object_of_strings,name_is_short,
            profile_salt_has_32_bytes,reference_is_short,users_ledger_id_fkey,users_pkey}'),
        ('wallets', '{balance exact_balance,balance_not_below_floor,counted_from natural_number,
            created_as content_digest,daily_max exact_limit,floor exact_balance,held natural_number,
            issuance_wallet_has_no_floor,metadata flat_metadata,one_issuance_wallet_per_currency,
            reference short_reference,status_version natural_number,transfer_max exact_limit,
            version natural_number,wallets_currency_fkey,wallets_ledger_id_fkey,wallets_ledger_id_user_id_fkey,
            wallets_pkey}'),
        ('webhook_failures', '{attempts_tell_their_outcome,failures_are_of_a_webhook,subjects_are_few,webhook_failures_pkey}'),
        ('webhook_types', '{types_are_few}'),
        ('webhook_url', '{url_is_http_without_userinfo}'),
        ('webhooks', '{description_is_short,generations_count_from_one,one_webhook_per_place,
            replay_is_whole,replay_types webhook_types,salt_has_32_bytes,types webhook_types,
            url webhook_url,webhooks_are_few,webhooks_ledger_id_fkey,webhooks_pkey}'),
        ('webhooks_lead', '{webhooks_lead_has_one_row,webhooks_lead_pkey}')
      ) as g (owner, guards), unnest(g.guards::text[]) as u (guard);
$$;

comment on function remit.guards_expected() is
    'What keeps what cannot be out of the tables: constraints, unique indexes, domains.';
