//! What PostgreSQL or the way to it got wrong, in words, and what to do about it.

use deadpool_postgres::{HookError, PoolError, TimeoutType};
use serde_json::Value;
use tokio_postgres::error::{DbError, SqlState};

use crate::base::complaint::{Complaint, with_causes};

/// What to do about a code of PostgreSQL. Of codes that are not here its log says more.
const ADVICE: [(&[SqlState], &str); 11] = [
    (&[SqlState::PROTOCOL_VIOLATION], POOLER),
    (
        &[
            SqlState::INVALID_PASSWORD,
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        ],
        "check user and password in DATABASE_URL, and pg_hba.conf",
    ),
    (
        &[SqlState::UNDEFINED_DATABASE],
        "make the database, or name another one in DATABASE_URL",
    ),
    (
        &[SqlState::INSUFFICIENT_PRIVILEGE],
        "DATABASE_URL must name the login that this command's --help asks for",
    ),
    (
        &[SqlState::READ_ONLY_SQL_TRANSACTION],
        "DATABASE_URL must name the primary, and its transactions must be allowed to write",
    ),
    (
        &[
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
        ],
        "try again once PostgreSQL has started",
    ),
    (
        &[SqlState::TOO_MANY_CONNECTIONS],
        "end sessions (pg_stat_activity), or allow the server or the role more connections",
    ),
    (
        &[SqlState::DISK_FULL],
        "make room on the disk of PostgreSQL, then try again",
    ),
    (
        &[SqlState::LOCK_NOT_AVAILABLE, SqlState::QUERY_CANCELED],
        "end the session that holds it up (pg_stat_activity, pg_locks), then try again",
    ),
    (
        &[
            SqlState::UNDEFINED_FUNCTION,
            SqlState::UNDEFINED_OBJECT,
            SqlState::UNDEFINED_TABLE,
            SqlState::INVALID_SCHEMA_NAME,
        ],
        "run `remit migrate` of the same version on this database",
    ),
    (
        &[
            SqlState::DUPLICATE_SCHEMA,
            SqlState::DUPLICATE_OBJECT,
            SqlState::DUPLICATE_TABLE,
            SqlState::DUPLICATE_FUNCTION,
        ],
        "something else has made it: use a database that holds nothing but Remit",
    ),
];

/// What to do when PostgreSQL said nothing at all.
pub const UNREACHED: &str = "see that PostgreSQL, and nothing else, runs where DATABASE_URL says, \
                             and that this machine reaches it";
/// What to do where sessions are not one's own.
pub const POOLER: &str = "connect to PostgreSQL itself, not through a pooler: Remit pools its own";
/// What the functions raise for a ledger that does not exist.
const LEDGER_NOT_FOUND: &str = "WL009";
const UNKNOWN: &str = "PostgreSQL's log says more";

/// What the functions raise for a field that breaks its rule.
const FIELD_REFUSED: &str = "WL001";

/// What went wrong, with the database's own words where it has some.
pub fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(refusal) => match field_and_rule(refusal) {
            Some((field, rule)) => format!("{field} must be {rule}"),
            None => format!("{} (SQLSTATE {})", refusal.message(), refusal.code().code()),
        },
        None => with_causes(error),
    }
}

/// Which field a function refuses, and what the rule is (`remit.field_refuse`).
fn field_and_rule(refusal: &DbError) -> Option<(&str, String)> {
    let detail = refusal
        .detail()
        .filter(|_| is_field_refused(refusal.code()))?;
    let detail: Value = serde_json::from_str(detail).ok()?;
    Some((refusal.column()?, detail.get("rule")?.as_str()?.to_owned()))
}

fn is_field_refused(code: &SqlState) -> bool {
    code.code() == FIELD_REFUSED
}

/// Why the pool gave no connection.
pub fn describe_refusal(error: &PoolError) -> String {
    match error {
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
            describe(error)
        }
        PoolError::PostCreateHook(HookError::Message(cause)) => cause.to_string(),
        PoolError::Timeout(TimeoutType::Wait) => "all connections are in use".to_owned(),
        PoolError::Timeout(_) => "a new one was not opened in time".to_owned(),
        error => error.to_string(),
    }
}

/// What to do about it.
pub fn advice(error: &tokio_postgres::Error) -> &'static str {
    let Some(code) = error.code() else {
        return UNREACHED;
    };
    if is_field_refused(code) {
        return "give another value, then try again";
    }
    if code.code() == LEDGER_NOT_FOUND {
        return "name a ledger that is there with --ledger";
    }
    let found = ADVICE.iter().find(|(codes, _)| codes.contains(code));
    found.map_or(UNKNOWN, |(_, advice)| advice)
}

/// What a command says that failed while it was `doing` this.
pub fn complaint(doing: &str, error: &tokio_postgres::Error) -> Complaint {
    Complaint::new(format!("{doing}: {}", describe(error)), advice(error))
}

/// What a command says that got no connection to this place.
pub fn refusal(place: &str, error: &PoolError) -> Complaint {
    let advice = match error {
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
            advice(error)
        }
        PoolError::PostCreateHook(HookError::Message(cause)) => {
            return Complaint::of_lines([cause.to_string()]);
        }
        _ => UNREACHED,
    };
    let cause = describe_refusal(error);
    Complaint::new(
        format!("connecting to PostgreSQL at {place}: {cause}"),
        advice,
    )
}
