//! Every error that a client may see, in one table, as RFC 9457 problem details.
//!
//! Only these codes speak to clients. Whatever else goes wrong is `internal_error`, with a request id
//! under which the log has the rest.

use serde::Serialize;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use crate::contract::TransferOutcome;
use crate::postgres::describe;

macro_rules! codes {
    ($($variant:ident $code:literal $status:literal $sqlstate:expr, $title:literal;)*) => {
        /// A kind of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($variant),* }

        impl Code {
            /// Every kind, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word that programs match on.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            /// The HTTP status.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status),* }
            }

            /// What the SQL functions raise for it, where they do.
            pub fn sqlstate(self) -> Option<&'static str> {
                match self { $(Self::$variant => $sqlstate),* }
            }

            /// A short text that does not depend on the occurrence.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),* }
            }
        }
    };
}

codes! {
    MalformedJson "malformed_json" 400 None, "The body is not JSON.";
    MalformedBody "malformed_body" 400 None, "The body does not have the shape that this route takes.";
    UnknownField "unknown_field" 400 None, "The body has a member that this route does not know.";
    MalformedId "malformed_id" 400 None, "The path does not hold a well-formed id.";
    MalformedQuery "malformed_query" 400 None, "The query string is not one that this route takes.";
    IdempotencyKeyMissing "idempotency_key_missing" 400 None, "The Idempotency-Key header is missing.";
    IdempotencyKeyMalformed "idempotency_key_malformed" 400 None, "The Idempotency-Key header is malformed.";
    Unauthenticated "unauthenticated" 401 Some("WL016"), "The request has no valid API key.";
    Forbidden "forbidden" 403 Some("WL017"), "The API key does not allow this.";
    RouteNotFound "route_not_found" 404 None, "There is nothing at this path.";
    WalletNotFound "wallet_not_found" 404 Some("WL002"), "There is no such wallet.";
    UserNotFound "user_not_found" 404 Some("WL003"), "There is no such user.";
    TransferNotFound "transfer_not_found" 404 Some("WL004"), "There is no such transfer.";
    KeyNotFound "key_not_found" 404 Some("WL018"), "There is no such key.";
    LedgerNotFound "ledger_not_found" 404 Some("WL009"), "There is no such ledger.";
    MethodNotAllowed "method_not_allowed" 405 None, "This path does not take this method.";
    RequestTimeout "request_timeout" 408 None, "Request timeout";
    TransferInProgress "transfer_in_progress" 409 None, "A request with this key is in progress.";
    BodyTooLarge "body_too_large" 413 None, "The body is too large.";
    UnsupportedMediaType "unsupported_media_type" 415 None, "The body must be application/json.";
    InvalidField "invalid_field" 422 Some("WL001"), "A field has a value that is not allowed.";
    IdempotencyKeyReused "idempotency_key_reused" 422 Some("WL005"), "The key belongs to another request.";
    SameWallet "same_wallet" 422 Some("WL006"), "Source and target are the same wallet.";
    CurrencyUnknown "currency_unknown" 422 Some("WL008"), "The currency is unknown.";
    BalanceLimitExceeded "balance_limit_exceeded" 422 Some("WL010"), "A balance would leave ±(2^53 − 1).";
    InsufficientFunds "insufficient_funds" 422 Some("WL012"), "The source has not enough funds.";
    WalletFrozen "wallet_frozen" 422 Some("WL013"), "A wallet of the transfer is frozen.";
    CurrencyMismatch "currency_mismatch" 422 Some("WL014"), "The currencies differ.";
    LimitExceeded "limit_exceeded" 422 Some("WL015"), "A limit of the source would be exceeded.";
    WalletBusy "wallet_busy" 503 Some("WL007"), "A wallet is locked by another session.";
    Overloaded "overloaded" 503 None, "There are more requests than can be served.";
    DatabaseUnavailable "database_unavailable" 503 None, "The database does not answer.";
    InternalError "internal_error" 500 None, "Something went wrong inside.";
}

impl Code {
    /// After how many seconds it makes sense to try again, if it does.
    pub fn retry_after_s(self) -> Option<u32> {
        matches!(self.status(), 409 | 503).then_some(1)
    }

    fn of_sqlstate(sqlstate: &str) -> Option<Self> {
        let is_same = |code: &&Self| code.sqlstate() == Some(sqlstate);
        Self::ALL.iter().find(is_same).copied()
    }

    /// The problem that an outcome is, unless the transfer is posted.
    pub fn of_outcome(outcome: TransferOutcome) -> Option<Self> {
        Some(match outcome {
            TransferOutcome::Posted => return None,
            TransferOutcome::InsufficientFunds => Self::InsufficientFunds,
            TransferOutcome::WalletFrozen => Self::WalletFrozen,
            TransferOutcome::CurrencyMismatch => Self::CurrencyMismatch,
            TransferOutcome::LimitExceeded => Self::LimitExceeded,
            TransferOutcome::BalanceLimitExceeded => Self::BalanceLimitExceeded,
            TransferOutcome::WalletNotFound => Self::WalletNotFound,
            TransferOutcome::SameWallet => Self::SameWallet,
            TransferOutcome::InvalidField => Self::InvalidField,
            TransferOutcome::IdempotencyKeyReused => Self::IdempotencyKeyReused,
            TransferOutcome::WalletBusy => Self::WalletBusy,
            TransferOutcome::Unauthenticated => Self::Unauthenticated,
            TransferOutcome::Forbidden => Self::Forbidden,
        })
    }
}

/// One problem, as the client will see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub code: Code,
    /// What a person can do about it. Never repeats a value of the request.
    pub detail: String,
    /// A JSON pointer (RFC 6901) to the member of the body.
    pub pointer: Option<String>,
    /// The stored transfer that this is the answer of.
    pub transfer_id: Option<Uuid>,
    /// For `method_not_allowed`.
    pub allow: Option<&'static str>,
    /// For `unauthenticated`: not even a bad key was sent.
    pub is_anonymous: bool,
    /// The inside of the error, for the log alone.
    pub cause: Option<String>,
}

impl Problem {
    /// A problem of the request as a whole.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            pointer: None,
            transfer_id: None,
            allow: None,
            is_anonymous: false,
            cause: None,
        }
    }

    /// The same with what the log should say of it.
    pub fn because(self, cause: impl Into<String>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..self
        }
    }

    /// A problem of one member of the body.
    pub fn at(code: Code, field: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: Some(format!("/{field}")),
            ..Self::new(code, detail)
        }
    }

    /// What `WWW-Authenticate` says with it (RFC 6750, section 3).
    pub fn challenge(&self) -> Option<&'static str> {
        match self.code {
            Code::Unauthenticated if self.is_anonymous => Some(r#"Bearer realm="remit""#),
            Code::Unauthenticated => Some(r#"Bearer realm="remit", error="invalid_token""#),
            Code::Forbidden => Some(r#"Bearer realm="remit", error="insufficient_scope""#),
            _ => None,
        }
    }

    /// The body, for the request with this id.
    pub fn to_json(&self, request_id: &str) -> Vec<u8> {
        #[derive(Serialize)]
        struct Body<'a> {
            r#type: String,
            title: &'a str,
            status: u16,
            detail: &'a str,
            code: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            sqlstate: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            pointer: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            transfer_id: Option<Uuid>,
            request_id: &'a str,
        }
        serde_json::to_vec(&Body {
            r#type: format!("/problems/{}", self.code.name()),
            title: self.code.title(),
            status: self.code.status(),
            detail: &self.detail,
            code: self.code.name(),
            sqlstate: self.code.sqlstate(),
            pointer: self.pointer.as_deref(),
            transfer_id: self.transfer_id,
            request_id,
        })
        .expect("strings and numbers always serialize")
    }
}

/// What the database's failure means for a client, and whether calling again could help. All but a
/// refusal carry their cause, which the log shows under the id of each request that it fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// A refusal that speaks to the client.
    Refused(Problem),
    /// Another session was in the way: the same call may succeed now.
    Conflict(String),
    /// The connection is gone or the server is going down. What was asked may have been done.
    Unavailable(String),
    /// Anything else.
    Unexpected(String),
}

impl Failure {
    /// Reads a failed call.
    pub fn of(error: &tokio_postgres::Error) -> Self {
        let Some(refusal) = error.as_db_error() else {
            let is_lost = error.is_closed()
                || std::error::Error::source(error)
                    .is_some_and(|cause| cause.is::<std::io::Error>());
            return if is_lost {
                Self::Unavailable(describe(error))
            } else {
                Self::Unexpected(describe(error))
            };
        };
        let state = refusal.code();
        if let Some(code) = Code::of_sqlstate(state.code()) {
            return Self::Refused(refused(code, refusal));
        }
        match *state {
            SqlState::LOCK_NOT_AVAILABLE => Self::Refused(busy()),
            SqlState::UNIQUE_VIOLATION
            | SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::T_R_SERIALIZATION_FAILURE => Self::Conflict(describe(error)),
            SqlState::QUERY_CANCELED
            | SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
            | SqlState::TOO_MANY_CONNECTIONS
            | SqlState::DISK_FULL
            | SqlState::OUT_OF_MEMORY
            | SqlState::READ_ONLY_SQL_TRANSACTION => Self::Unavailable(describe(error)),
            _ => Self::Unexpected(describe(error)),
        }
    }

    /// What the log should say of it.
    pub fn cause(&self) -> &str {
        match self {
            Self::Refused(problem) => problem.code.name(),
            Self::Conflict(cause) | Self::Unavailable(cause) | Self::Unexpected(cause) => cause,
        }
    }

    /// What the client hears when the call is not tried again.
    pub fn into_problem(self) -> Problem {
        match self {
            Self::Refused(problem) => problem,
            Self::Conflict(cause) | Self::Unavailable(cause) => unavailable().because(cause),
            Self::Unexpected(cause) => Problem::new(
                Code::InternalError,
                "The log has the cause under the request id.",
            )
            .because(cause),
        }
    }
}

/// The key is not a valid one: it never was, it was revoked, or it has expired. Which of them is not said.
pub fn unauthenticated() -> Problem {
    Problem::new(
        Code::Unauthenticated,
        "Send a valid API key: Authorization: Bearer remit_….",
    )
}

/// There is no key at all.
pub fn anonymous() -> Problem {
    Problem {
        is_anonymous: true,
        ..unauthenticated()
    }
}

/// The key's scope is too narrow.
pub fn forbidden() -> Problem {
    Problem::new(Code::Forbidden, "This needs a key of another scope.")
}

/// A wallet stayed locked.
pub fn busy() -> Problem {
    Problem::new(
        Code::WalletBusy,
        "Nothing was written. Try again with the same key.",
    )
}

/// The database is away.
pub fn unavailable() -> Problem {
    Problem::new(
        Code::DatabaseUnavailable,
        "Try again with the same key: it is safe, whether or not the first attempt was carried out.",
    )
}

/// What a failure means for a request that makes another thing each time. `advice` says how to find out what
/// became of it.
pub fn unrepeatable(failure: Failure, advice: &str) -> Problem {
    match failure {
        Failure::Unavailable(_) => Problem {
            detail: format!("Whether it was carried out is not known. {advice}"),
            ..failure.into_problem()
        },
        _ => failure.into_problem(),
    }
}

/// The SQL functions put the field into `column` and the rule, a constant, into a JSON detail.
fn refused(code: Code, refusal: &tokio_postgres::error::DbError) -> Problem {
    let rule = refusal
        .detail()
        .and_then(|detail| serde_json::from_str::<serde_json::Value>(detail).ok())
        .and_then(|detail| Some(detail.get("rule")?.as_str()?.to_owned()));
    let detail = rule.map_or_else(
        || code.title().to_owned(),
        |rule| format!("Allowed: {rule}."),
    );
    match refusal.column() {
        Some(field) if code != Code::IdempotencyKeyReused => Problem::at(code, field, detail),
        _ => Problem::new(code, detail),
    }
}
