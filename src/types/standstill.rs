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
    /// The broker takes nothing from the active relay, as it is short of memory or disk.
    pub broker_blocked: bool,
    /// How many events the active relay has set aside, as the broker will never take them.
    pub events_aside: i32,
}
