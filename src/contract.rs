//! The SQL contract: every query of the server, and the Rust mirrors of the SQL types it uses.
//!
//! A composite type mirrors as a struct with the same fields in the same order, an enum as an enum, a
//! function as an async function of the same name. `check` holds them against the database.
//!
//! A function decides by its caller's key what he may see and do. Where there is no key, it is the session's
//! own role that counts: that is how an operator calls from the command line.

use deadpool_postgres::Client;
use postgres_types::{FromSql, ToSql, Type};
use time::OffsetDateTime;
use uuid::Uuid;

mod calls;
pub mod ops;
mod query;
mod secret;
mod types;

pub use calls::*;
use query::Query;
pub use secret::*;
pub use types::*;

const KEYS_GET: Query = Query {
    text: "select c from remit_v1.keys_get($1, $2) c",
    takes: &[<Vec<i64> as ToSql>::accepts, keys_to_sql],
    gives: <Caller as FromSql>::accepts,
};
const KEY_CREATE: Query = Query {
    text: "select remit_v1.key_create($1, $2, $3, $4)",
    takes: &[
        i64_to_sql,
        <KeyRequest as ToSql>::accepts,
        text_to_sql,
        key_to_sql,
    ],
    gives: <KeyCreated as FromSql>::accepts,
};
const KEY_LIST: Query = Query {
    text: "select k from remit_v1.key_list($1, $2, $3, $4, $5) k",
    takes: &[
        i64_to_sql,
        moment_to_sql,
        uuid_to_sql,
        i32_to_sql,
        key_to_sql,
    ],
    gives: <KeyResult as FromSql>::accepts,
};
const KEY_REVOKE: Query = Query {
    text: "select remit_v1.key_revoke($1, $2, $3, $4)",
    takes: &[i64_to_sql, uuid_to_sql, text_to_sql, key_to_sql],
    gives: <KeyResult as FromSql>::accepts,
};
const LEDGER_CREATE: Query = Query {
    text: "select remit_v1.ledger_create($1, $2, $3, $4)",
    takes: &[i64_to_sql, text_to_sql, text_to_sql, key_to_sql],
    gives: <LedgerCreated as FromSql>::accepts,
};
const LEDGER_GET: Query = Query {
    text: "select remit_v1.ledger_get($1, $2)",
    takes: &[i64_to_sql, key_to_sql],
    gives: <LedgerResult as FromSql>::accepts,
};
const USER_CREATE: Query = Query {
    text: "select remit_v1.user_create($1, $2, $3)",
    takes: &[i64_to_sql, <UserRequest as ToSql>::accepts, key_to_sql],
    gives: <UserResult as FromSql>::accepts,
};
const USER_GET: Query = Query {
    text: "select remit_v1.user_get($1, $2, $3)",
    takes: &[i64_to_sql, uuid_to_sql, key_to_sql],
    gives: <UserResult as FromSql>::accepts,
};
const WALLET_CREATE: Query = Query {
    text: "select remit_v1.wallet_create($1, $2, $3)",
    takes: &[i64_to_sql, <WalletRequest as ToSql>::accepts, key_to_sql],
    gives: <WalletResult as FromSql>::accepts,
};
const WALLETS_GET: Query = Query {
    // A row of nulls is no wallet.
    text: "select case when w.id is not null then w end from remit_v1.wallets_get($1, $2, $3) w",
    takes: &[i64_to_sql, <Vec<Uuid> as ToSql>::accepts, keys_to_sql],
    gives: <WalletResult as FromSql>::accepts,
};
const WALLET_LIST: Query = Query {
    text: "select w from remit_v1.wallet_list($1, $2, $3, $4, $5, $6) w",
    takes: &[
        i64_to_sql,
        uuid_to_sql,
        moment_to_sql,
        uuid_to_sql,
        i32_to_sql,
        key_to_sql,
    ],
    gives: <WalletResult as FromSql>::accepts,
};
const WALLET_FREEZE: Query = Query {
    text: "select remit_ops_v1.wallet_freeze($1, $2, $3, $4)",
    takes: &[i64_to_sql, uuid_to_sql, text_to_sql, key_to_sql],
    gives: <WalletResult as FromSql>::accepts,
};
const WALLET_UNFREEZE: Query = Query {
    text: "select remit_ops_v1.wallet_unfreeze($1, $2, $3, $4)",
    ..WALLET_FREEZE
};
const WALLET_LIMITS_GET: Query = Query {
    text: "select remit_v1.wallet_limits_get($1, $2, $3)",
    takes: &[i64_to_sql, uuid_to_sql, key_to_sql],
    gives: <WalletLimits as FromSql>::accepts,
};
const WALLET_LIMITS_SET: Query = Query {
    text: "select remit_ops_v1.wallet_limits_set($1, $2, $3, $4, $5, $6)",
    takes: &[
        i64_to_sql,
        uuid_to_sql,
        i64_to_sql,
        i64_to_sql,
        text_to_sql,
        key_to_sql,
    ],
    gives: <WalletLimits as FromSql>::accepts,
};
const ENTRY_LIST: Query = Query {
    text: "select e from remit_v1.entry_list($1, $2, $3, $4, $5) e",
    takes: &[i64_to_sql, uuid_to_sql, i64_to_sql, i32_to_sql, key_to_sql],
    gives: <Entry as FromSql>::accepts,
};
const TRANSFERS_POST: Query = Query {
    text: "select t from remit_v1.transfers_post($1, $2, $3) t",
    takes: &[
        i64_to_sql,
        <Vec<TransferRequest> as ToSql>::accepts,
        keys_to_sql,
    ],
    gives: <TransferResult as FromSql>::accepts,
};
const TRANSFER_GET: Query = Query {
    text: "select remit_v1.transfer_get($1, $2, $3)",
    takes: &[i64_to_sql, uuid_to_sql, key_to_sql],
    gives: <TransferResult as FromSql>::accepts,
};
const OUTBOX_LAG: Query = Query {
    text: "select remit_v1.outbox_lag()",
    takes: &[],
    gives: <OutboxLag as FromSql>::accepts,
};
const QUERIES: [Query; 19] = [
    KEYS_GET,
    KEY_CREATE,
    KEY_LIST,
    KEY_REVOKE,
    LEDGER_CREATE,
    LEDGER_GET,
    USER_CREATE,
    USER_GET,
    WALLET_CREATE,
    WALLETS_GET,
    WALLET_LIST,
    WALLET_FREEZE,
    WALLET_UNFREEZE,
    WALLET_LIMITS_GET,
    WALLET_LIMITS_SET,
    ENTRY_LIST,
    TRANSFERS_POST,
    TRANSFER_GET,
    OUTBOX_LAG,
];

fn i64_to_sql(sql: &Type) -> bool {
    <i64 as ToSql>::accepts(sql)
}

fn i32_to_sql(sql: &Type) -> bool {
    <i32 as ToSql>::accepts(sql)
}

fn uuid_to_sql(sql: &Type) -> bool {
    <Uuid as ToSql>::accepts(sql)
}

fn text_to_sql(sql: &Type) -> bool {
    <&str as ToSql>::accepts(sql)
}

fn moment_to_sql(sql: &Type) -> bool {
    <OffsetDateTime as ToSql>::accepts(sql)
}

fn key_to_sql(sql: &Type) -> bool {
    <KeyDigest as ToSql>::accepts(sql)
}

fn keys_to_sql(sql: &Type) -> bool {
    <Vec<KeyDigest> as ToSql>::accepts(sql)
}

/// Prepares every query and compares its types with their mirrors.
///
/// # Errors
/// The first query that the database refuses, or whose types differ.
pub async fn check(client: &Client) -> Result<(), String> {
    for query in &QUERIES {
        query.check(client).await?;
    }
    Ok(())
}
