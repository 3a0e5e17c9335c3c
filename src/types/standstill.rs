//! What PostgreSQL says of work that does not get on.

use postgres_types::FromSql;

/// `remit_ops_v1.standstill`
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromSql)]
#[postgres(name = "standstill")]
pub struct Standstill {
    /// The oldest event was written more than 10 s ago and has not left the outbox.
    pub events_wait: bool,
    /// The last attempt to archive a file of PostgreSQL's log failed.
    pub archive_fails: bool,
}
