//! The calls that a case consists of, and their SQL.

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cast::Key;
use crate::terms::{REQUESTS, TERMS, Terms, arguments, by_hand};

/// Whose login the session has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Session {
    Operator,
    Server,
}

/// Who calls: by a key, or without one by the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    pub session: Session,
    pub key: Option<Key>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UserRequest {
    pub id: Option<Uuid>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub reference: Option<String>,
    pub metadata: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WalletRequest {
    pub id: Option<Uuid>,
    pub user_id: Option<Uuid>,
    pub currency: Option<String>,
    pub initial_balance: Option<i64>,
    pub floor: Option<i64>,
    pub reference: Option<String>,
    pub metadata: Option<Value>,
    pub request_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TransferRequest {
    pub id: Option<Uuid>,
    pub source_id: Option<Uuid>,
    pub target_id: Option<Uuid>,
    pub amount: Option<i64>,
    pub currency: Option<String>,
    pub reference: Option<String>,
    pub metadata: Option<Value>,
    pub request_id: Option<String>,
}

/// A request of `transfers_post` and the key of who asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    pub key: Option<Key>,
    pub request: TransferRequest,
    pub terms: Option<Terms>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    UserCreate(Caller, UserRequest),
    UserGet(Caller, Uuid),
    WalletCreate(Caller, WalletRequest),
    WalletGet(Caller, Uuid),
    WalletsGet(Session, Vec<(Option<Key>, Uuid)>),
    EntryList {
        caller: Caller,
        wallet: Uuid,
        before: Option<i64>,
        limit: Option<i32>,
    },
    TransfersPost(Session, Vec<Ask>),
    /// The same, and nothing is written.
    DryRun(Session, Vec<Ask>),
    /// A transfer, or whatever the terms make of it, by the function that people in psql have.
    TransferCreate(Caller, TransferRequest, Option<Terms>),
    GroupCreate(Caller, Uuid, Vec<(TransferRequest, Option<Terms>)>),
    GroupGet(Caller, Uuid),
    HoldsGet(Caller, Vec<Uuid>),
    HoldList {
        caller: Caller,
        wallet: Uuid,
        is_open: Option<bool>,
    },
    /// So many seconds go by.
    Pass(i32),
    TransferGet(Caller, Uuid),
    WalletFreeze(Caller, Uuid, Option<String>),
    WalletUnfreeze(Caller, Uuid, Option<String>),
    WalletLimitsSet {
        caller: Caller,
        wallet: Uuid,
        transfer_max: Option<i64>,
        daily_max: Option<i64>,
        reason: Option<String>,
    },
    WalletLimitsGet(Caller, Uuid),
    KeyRevoke(Caller, Key, Option<String>),
    /// Moves the events of this ledger that wait to its log.
    OutboxAppend,
    Verify,
}

impl Call {
    /// The function's name, and its parameters in SQL: the ledger is always the first, `$1` holds
    /// the others.
    fn function(&self) -> (&'static str, &'static str) {
        match self {
            Self::UserCreate(..) => (
                "remit_v1.user_create",
                "jsonb_populate_record(null::remit_v1.user_request, $1->'request')",
            ),
            Self::UserGet(..) => ("remit_v1.user_get", "($1->>'id')::uuid"),
            Self::WalletCreate(..) => (
                "remit_v1.wallet_create",
                "jsonb_populate_record(null::remit_v1.wallet_request, $1->'request')",
            ),
            Self::WalletGet(..) => ("remit_v1.wallet_get", "($1->>'id')::uuid"),
            Self::WalletsGet(..) => (
                "remit_v1.wallets_get",
                "array(select id::uuid from jsonb_array_elements_text($1->'ids') id)",
            ),
            Self::EntryList { .. } => (
                "remit_v1.entry_list",
                "($1->>'id')::uuid, ($1->>'before')::bigint, ($1->>'limit')::integer",
            ),
            Self::GroupGet(..) => ("remit_v1.group_get", "($1->>'id')::uuid"),
            Self::HoldsGet(..) => (
                "remit_v1.holds_get",
                "array(select id::uuid from jsonb_array_elements_text($1->'ids') id)",
            ),
            Self::HoldList { .. } => (
                "remit_v1.hold_list",
                "($1->>'id')::uuid, ($1->>'is_open')::boolean, null, 1000",
            ),
            Self::TransferGet(..) => ("remit_v1.transfer_get", "($1->>'id')::uuid"),
            Self::WalletFreeze(..) => ("remit_ops_v1.wallet_freeze", STATUS),
            Self::WalletUnfreeze(..) => ("remit_ops_v1.wallet_unfreeze", STATUS),
            Self::WalletLimitsSet { .. } => (
                "remit_ops_v1.wallet_limits_set",
                "($1->>'id')::uuid, ($1->>'transfer_max')::bigint, ($1->>'daily_max')::bigint, $1->>'reason'",
            ),
            Self::WalletLimitsGet(..) => ("remit_v1.wallet_limits_get", "($1->>'id')::uuid"),
            Self::KeyRevoke(..) => ("remit_v1.key_revoke", STATUS),
            Self::TransfersPost(..)
            | Self::DryRun(..)
            | Self::TransferCreate(..)
            | Self::GroupCreate(..)
            | Self::Pass(..)
            | Self::OutboxAppend
            | Self::Verify => ("", ""),
        }
    }

    /// The statement, whose parameter `$1` is `arguments`.
    pub fn statement(&self) -> String {
        let key = match self {
            Self::OutboxAppend => return OUTBOX_APPEND.to_owned(),
            Self::Verify => return VERIFY.to_owned(),
            Self::Pass(..) => return PASS.to_owned(),
            Self::TransferCreate(_, request, terms) => return by_hand(request, terms.as_ref()),
            Self::TransfersPost(..) | Self::DryRun(..) => {
                let is_dry_run = matches!(self, Self::DryRun(..));
                return format!(
                    "select * from remit_v1.transfers_post(($1->>'ledger')::bigint, {REQUESTS}, {KEYS}, {TERMS}, {is_dry_run})"
                );
            }
            Self::GroupCreate(..) => {
                return format!(
                    "select * from remit_v1.group_create(
                         ($1->>'ledger')::bigint, ($1->>'id')::uuid, {REQUESTS}, {TERMS}, decode($1->>'key', 'hex'))"
                );
            }
            Self::WalletsGet(..) => KEYS,
            _ => "decode($1->>'key', 'hex')",
        };
        let (function, parameters) = self.function();
        format!("select * from {function}(($1->>'ledger')::bigint, {parameters}, {key})")
    }

    /// The role whose login the session has.
    pub fn role(&self) -> &'static str {
        let session = match self {
            Self::OutboxAppend => return "remit_worker",
            Self::Verify => return "remit_auditor",
            Self::Pass(..) => return "",
            Self::TransfersPost(session, _)
            | Self::DryRun(session, _)
            | Self::WalletsGet(session, _) => *session,
            _ => self.caller().expect("the others have one caller").session,
        };
        match session {
            Session::Operator => "remit_operator",
            Session::Server => "remit_server",
        }
    }

    /// Who calls, where it is one.
    pub fn caller(&self) -> Option<Caller> {
        match self {
            Self::UserCreate(caller, _)
            | Self::UserGet(caller, _)
            | Self::WalletCreate(caller, _)
            | Self::WalletGet(caller, _)
            | Self::EntryList { caller, .. }
            | Self::TransferCreate(caller, ..)
            | Self::GroupCreate(caller, ..)
            | Self::GroupGet(caller, _)
            | Self::HoldsGet(caller, _)
            | Self::HoldList { caller, .. }
            | Self::TransferGet(caller, _)
            | Self::WalletFreeze(caller, ..)
            | Self::WalletUnfreeze(caller, ..)
            | Self::WalletLimitsSet { caller, .. }
            | Self::WalletLimitsGet(caller, _)
            | Self::KeyRevoke(caller, ..) => Some(*caller),
            _ => None,
        }
    }

    /// What the statement's `$1` is.
    pub fn arguments(&self, ledger: i64) -> Value {
        let mut arguments = match self {
            Self::UserCreate(_, request) => json!({"request": request}),
            Self::WalletCreate(_, request) => json!({"request": request}),
            Self::TransferCreate(_, request, terms) => json!({"request": request, "terms": terms}),
            Self::GroupCreate(_, id, legs) => {
                let [requests, terms] =
                    arguments(legs.iter().map(|(request, terms)| (request, terms)));
                json!({"id": id, "requests": requests, "terms": terms})
            }
            Self::HoldsGet(_, ids) => json!({"ids": ids}),
            Self::HoldList {
                wallet, is_open, ..
            } => json!({"id": wallet, "is_open": is_open}),
            Self::Pass(seconds) => json!({"seconds": seconds}),
            Self::UserGet(_, id)
            | Self::WalletGet(_, id)
            | Self::TransferGet(_, id)
            | Self::GroupGet(_, id)
            | Self::WalletLimitsGet(_, id) => json!({"id": id}),
            Self::WalletsGet(_, wallets) => json!({
                "ids": wallets.iter().map(|(_, id)| id).collect::<Vec<_>>(),
                "keys": wallets.iter().map(|(key, _)| key.map(Key::sha256)).collect::<Vec<_>>(),
            }),
            Self::EntryList {
                wallet,
                before,
                limit,
                ..
            } => json!({"id": wallet, "before": before, "limit": limit}),
            Self::TransfersPost(_, asks) | Self::DryRun(_, asks) => {
                let [requests, terms] =
                    arguments(asks.iter().map(|ask| (&ask.request, &ask.terms)));
                let keys: Vec<_> = asks.iter().map(|ask| ask.key.map(Key::sha256)).collect();
                json!({"requests": requests, "keys": keys, "terms": terms})
            }
            Self::WalletFreeze(_, id, reason) | Self::WalletUnfreeze(_, id, reason) => {
                json!({"id": id, "reason": reason})
            }
            Self::WalletLimitsSet {
                wallet,
                transfer_max,
                daily_max,
                reason,
                ..
            } => json!({
                "id": wallet, "transfer_max": transfer_max, "daily_max": daily_max, "reason": reason,
            }),
            Self::KeyRevoke(_, key, reason) => json!({"id": key.id(), "reason": reason}),
            Self::OutboxAppend | Self::Verify => json!({}),
        };
        arguments["ledger"] = json!(ledger);
        if let Some(caller) = self.caller() {
            arguments["key"] = json!(caller.key.map(Key::sha256));
        }
        arguments
    }
}

const KEYS: &str = "array(select decode(k, 'hex') from jsonb_array_elements_text($1->'keys') k)";
const PASS: &str = "select public.book_pass(($1->>'ledger')::bigint, make_interval(secs => ($1->>'seconds')::integer))";
const STATUS: &str = "($1->>'id')::uuid, $1->>'reason'";
const OUTBOX_APPEND: &str = "
    select concat_ws(' ', e.type, e.subject_id, e.data->>'status_version') as event
      from remit_worker_v1.outbox_append(10000) e
     where e.ledger_id = ($1->>'ledger')::bigint
       and (e.transfer is distinct from null or e.type in ('wallet.frozen', 'wallet.unfrozen'))";
/// But for what follows from the journal of the books' databases, of which times may be moved.
const VERIFY: &str = "select * from remit_ops_v1.verify(($1->>'ledger')::bigint) v
    where v.subject not like 'journal_refuse %' and v.rule not in ('spending_has_the_hour_of_what_left', 'event_has_the_time_of_its_transfer')
      and v.rule !~ '_is_as_the_log_says$'";
