//! What handlers share, put together from the configuration.

use std::sync::Arc;

use deadpool_postgres::Pool;

use crate::answer_store::AnswerStore;
use crate::database::Database;
use crate::gather::Gather;
use crate::metrics::Metrics;
use crate::readiness::{Broker, Probe};
use crate::redis::Redis;
use crate::transfers::TransfersPost;
use crate::wallet_cache::WalletCache;
use crate::wallets::{Wallets, WalletsGet};

/// The one book of this deployment.
pub const LEDGER_ID: i64 = 1;

/// The state of a running server.
pub struct App {
    pub database: Arc<Database>,
    pub answer_store: Arc<AnswerStore>,
    pub transfers: Gather<TransfersPost>,
    pub wallets: Wallets,
    pub metrics: Arc<Metrics>,
    pub probe: Probe,
}

impl App {
    /// Puts the parts together and starts their tasks.
    pub fn start(pool: Pool, redis: Redis, broker: Option<Broker>) -> Self {
        let redis = Arc::new(redis);
        let metrics = Arc::new(Metrics::new());
        let database = Arc::new(Database::new(pool, Arc::clone(&metrics)));
        let answer_store = Arc::new(AnswerStore::new(Arc::clone(&redis)));
        let wallet_cache = Arc::new(WalletCache::new(Arc::clone(&redis)));
        tokio::spawn({
            let wallet_cache = Arc::clone(&wallet_cache);
            async move { wallet_cache.repair().await }
        });
        Self {
            transfers: Gather::start(Arc::new(TransfersPost {
                ledger_id: LEDGER_ID,
                database: Arc::clone(&database),
                wallet_cache: Arc::clone(&wallet_cache),
                answer_store: Arc::clone(&answer_store),
                metrics: Arc::clone(&metrics),
            })),
            wallets: Wallets::new(
                WalletsGet {
                    ledger_id: LEDGER_ID,
                    database: Arc::clone(&database),
                },
                wallet_cache,
                Arc::clone(&metrics),
            ),
            probe: Probe::new(Arc::clone(&database), redis, broker),
            database,
            answer_store,
            metrics,
        }
    }
}
