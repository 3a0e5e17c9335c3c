//! What PostgreSQL says of the wallet cache.

use postgres_types::FromSql;
use uuid::Uuid;

/// `remit_ops_v1.cache_state`
#[derive(Debug, Clone, PartialEq, Eq, FromSql)]
#[postgres(name = "cache_state")]
pub struct CacheState {
    /// Whose queues there are.
    pub instance_id: Uuid,
    /// What leads every key in Redis.
    pub place: String,
    pub generation: i64,
    /// Milliseconds since it began, by the clock of PostgreSQL.
    pub age_ms: i64,
    /// The replication id of the Redis that the generation is in. None: it is closed.
    pub redis_id: Option<String>,
}
