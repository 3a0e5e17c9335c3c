//! What servers do about the generation while nobody asks them for anything.

use std::time::Instant;

use super::{NotTold, WalletCache};
use crate::redis::connection::Unavailable;
use crate::redis::knowledge::Known;

/// A Redis takes a write when it has taken this key, which ends by itself.
const TRIAL_TTL_MS: u64 = 1_000;

impl WalletCache {
    /// Looks after the generation, as often as PostgreSQL is asked: closes it where it is in
    /// another Redis than the one that is there, and gives a closed one that may be opened now,
    /// with the Redis for the next one.
    ///
    /// # Errors
    /// PostgreSQL did not answer.
    pub async fn keep(&self) -> Result<Option<(i64, String)>, NotTold> {
        let redis_id = self.redis.identify().await;
        let Some((known, redis_id)) = self.knowledge.fresh(Instant::now()).zip(redis_id) else {
            return Ok(None);
        };
        if known.redis_id.as_ref().is_some_and(|id| *id != redis_id) {
            tracing::warn!("Redis is another one: closing the cache's generation");
            self.close().await?;
        }
        let may_open =
            known.may_open(Instant::now()) && self.takes_a_write(&known, &redis_id).await;
        Ok(may_open.then_some((known.generation, redis_id)))
    }

    async fn takes_a_write(&self, known: &Known, redis_id: &str) -> bool {
        let mut trial = redis::cmd("SET");
        trial.arg(format!("{}trial", known.prefix)).arg("");
        trial.arg("PX").arg(TRIAL_TTL_MS);
        let taken: Result<(), Unavailable> = self.redis.with_id(redis_id).command(&trial).await;
        taken.is_ok()
    }
}
