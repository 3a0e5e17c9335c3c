//! The Rust mirrors of what a replay needs of `remit_ops_v1`.

use postgres_types::FromSql;
use time::OffsetDateTime;
use uuid::Uuid;

/// `remit_ops_v1.event_aside`: what the broker does not get, and why.
#[derive(Debug, Clone, FromSql)]
#[postgres(name = "event_aside")]
pub struct EventAside {
    pub ledger_id: i64,
    pub position: i64,
    pub event_id: Uuid,
    #[postgres(name = "type")]
    pub kind: String,
    pub subject_id: Uuid,
    pub reason: String,
    pub at: OffsetDateTime,
}

/// `remit_ops_v1.replay_window`: the events after a position and up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromSql)]
#[postgres(name = "replay_window")]
pub struct ReplayWindow {
    pub after: i64,
    pub until: i64,
}
