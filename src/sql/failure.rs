//! What can go wrong with a call to PostgreSQL.

use std::error::Error as _;
use std::io;

use tokio_postgres::error::{DbError, SqlState};

use super::fault::describe;

/// The class of the codes that are Remit's own.
const CLASS: &str = "WL";

/// What a SQL function refused, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// A code of the class `WL`.
    pub sqlstate: String,
    /// The field that is wrong.
    pub field: Option<String>,
    /// What is allowed there.
    pub rule: Option<String>,
}

impl Refusal {
    /// The functions put the field into `column` and the rule, a constant, into a JSON detail.
    fn of(refusal: &DbError) -> Self {
        let detail = refusal.detail();
        let detail =
            detail.and_then(|detail| serde_json::from_str::<serde_json::Value>(detail).ok());
        let rule = detail.and_then(|detail| Some(detail.get("rule")?.as_str()?.to_owned()));
        Self {
            sqlstate: refusal.code().code().to_owned(),
            field: refusal.column().map(ToOwned::to_owned),
            rule,
        }
    }
}

/// A call that failed, and whether calling again could help.
///
/// All but a refusal and a lock carry their cause. The log shows it under the id of each request
/// that it fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// A function refused. The same call would be refused again.
    Refused(Refusal),
    /// Another session held what the call needs for the whole `lock_timeout`: a wallet, or a table.
    Locked,
    /// Another session held the id for the whole `lock_timeout`: it has used it, and not committed.
    IdHeld,
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
            let is_lost =
                error.is_closed() || error.source().is_some_and(|cause| cause.is::<io::Error>());
            return if is_lost {
                Self::Unavailable(describe(error))
            } else {
                Self::Unexpected(describe(error))
            };
        };
        let state = refusal.code();
        if state.code().starts_with(CLASS) {
            return Self::Refused(Refusal::of(refusal));
        }
        match *state {
            SqlState::LOCK_NOT_AVAILABLE if waited_for_id(refusal) => Self::IdHeld,
            SqlState::LOCK_NOT_AVAILABLE => Self::Locked,
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
            Self::Refused(refusal) => &refusal.sqlstate,
            Self::Locked | Self::IdHeld => "a lock did not come in time",
            Self::Conflict(cause) | Self::Unavailable(cause) | Self::Unexpected(cause) => cause,
        }
    }
}

/// Whether what did not come in time was the right to put an id into an index. Where `lc_messages`
/// is not English, nothing says so.
fn waited_for_id(refusal: &DbError) -> bool {
    let context = refusal.where_().unwrap_or_default();
    context.contains("while inserting index tuple")
}
