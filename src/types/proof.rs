//! The Rust mirror of a proof.

use postgres_types::FromSql;
use uuid::Uuid;

/// `remit_v1.transfer_proof`. Times are microseconds since 2000.
#[derive(Debug, Clone, FromSql)]
#[postgres(name = "transfer_proof")]
pub struct TransferProof {
    pub ledger_id: i64,
    pub transfer_id: Uuid,
    pub position: i64,
    pub event_id: Uuid,
    pub event_type: String,
    pub event_time: i64,
    pub digest: Vec<u8>,
    pub core: Option<String>,
    pub labels: Option<String>,
    pub block: i64,
    pub block_position: i64,
    pub block_events: i32,
    pub block_time: i64,
    pub event_path: Vec<Vec<u8>>,
    pub head_block: i64,
    pub head_position: i64,
    pub head_hash: Vec<u8>,
    pub block_path: Vec<Vec<u8>>,
}
