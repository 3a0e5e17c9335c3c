//! The row of the cache's generation, asked for through the server's connections, and kept.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::metrics::Metrics;
use crate::redis::knowledge::Knowledge;
use crate::redis::wallet_cache::{Asked, GenerationRow, NotTold, WalletCache};
use crate::sql::contract;
use crate::sql::database::Database;
use crate::sql::failure::Failure;
use crate::sql::pulse::{PULSE_MS, Question};

/// The row.
pub struct Row(pub Arc<Database>);

impl GenerationRow for Row {
    fn state(&self) -> Asked<'_> {
        Box::pin(async { contract::cache_state(&self.0).await.map_err(cause) })
    }

    fn close(&self) -> Asked<'_> {
        Box::pin(async { contract::cache_close(&self.0).await.map_err(cause) })
    }
}

fn cause(failure: Failure) -> String {
    failure.cause().to_owned()
}

/// Feels the pulse by asking for the row.
pub fn question(knowledge: &Arc<Knowledge>) -> Question {
    let knowledge = Arc::clone(knowledge);
    Box::new(move |client| {
        let knowledge = Arc::clone(&knowledge);
        Box::pin(async move {
            let asked_at = Instant::now();
            if let Ok(state) = contract::cache_state_of(client).await {
                knowledge.hear(state, asked_at);
            }
        })
    })
}

/// Opens and closes generations, for as long as the process lives.
pub async fn keep(
    cache: Arc<WalletCache>,
    knowledge: Arc<Knowledge>,
    database: Arc<Database>,
    metrics: Arc<Metrics>,
) {
    let mut ticks = tokio::time::interval(Duration::from_millis(PULSE_MS));
    loop {
        ticks.tick().await;
        if let Err(cause) = keep_once(&cache, &knowledge, &database).await {
            tracing::warn!(cause, "the cache's generation cannot be changed");
        }
        if let Some((generation, is_open)) = knowledge.generation() {
            metrics.cache_generation(generation, is_open);
        }
    }
}

async fn keep_once(
    cache: &WalletCache,
    knowledge: &Knowledge,
    database: &Database,
) -> Result<(), String> {
    let due = cache.keep().await.map_err(|NotTold(cause)| cause)?;
    if let Some((closed_generation, redis_id)) = due {
        let asked_at = Instant::now();
        let opened = contract::cache_open(database, closed_generation, &redis_id).await;
        knowledge.hear(opened.map_err(cause)?, asked_at);
    }
    Ok(())
}
