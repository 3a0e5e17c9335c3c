-- What the textbook's journal needs to answer for a wallet's statement, as Remit's does.

create index if not exists transfers_of_source on textbook.transfers (source_id, created_at);
create index if not exists transfers_of_target on textbook.transfers (target_id, created_at);
