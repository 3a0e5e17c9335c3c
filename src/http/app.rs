//! What handlers share, put together from the configuration.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Pool;
use tokio::sync::watch;

use crate::base::metrics::Metrics;
use crate::http::readiness::{Broker, Probe};
use crate::ledger::feed::Feed;
use crate::ledger::generation;
use crate::ledger::key_ring::KeyRing;
use crate::ledger::ledgers::{Ledgers, Shared};
use crate::redis::answer_store::AnswerStore;
use crate::redis::connection::Redis;
use crate::redis::knowledge::Knowledge;
use crate::redis::wallet_cache::WalletCache;
use crate::sql::database::Database;
use crate::sql::pulse::Pulse;
use crate::types::MasterSecret;

/// Connections to PostgreSQL: for most calls, for those that post transfers, for those about keys,
/// and one to feel the pulse.
pub struct Pools {
    pub calls: Pool,
    pub posts: Pool,
    pub keys: Pool,
    pub pulse: Pool,
}

/// What is shown of webhooks, and accepted for them.
pub struct Webhooks {
    pub master: MasterSecret,
    /// Whether their URLs may be of http, as in development.
    pub allows_http: bool,
}

/// The state of a running server.
pub struct App {
    pub database: Arc<Database>,
    pub keys: Arc<KeyRing>,
    pub answer_store: Arc<AnswerStore>,
    pub wallet_cache: Arc<WalletCache>,
    pub ledgers: Ledgers,
    pub metrics: Arc<Metrics>,
    pub probe: Probe,
    pub feed: Arc<Feed>,
    stopping: watch::Sender<bool>,
    pub webhooks: Webhooks,
}

impl App {
    /// Puts the parts together and starts their tasks.
    pub fn start(
        pools: Pools,
        redis: Redis,
        cache_ttl: Duration,
        broker: Option<Broker>,
        webhooks: Webhooks,
    ) -> Self {
        let redis = Arc::new(redis);
        let metrics = Arc::new(Metrics::new());
        let knowledge = Arc::new(Knowledge::default());
        let all = vec![pools.calls.clone(), pools.posts.clone(), pools.keys.clone()];
        let pulse = Pulse::start(pools.pulse, all.clone(), generation::question(&knowledge));
        let database = |pool| {
            let (all, pulse, metrics) = (all.clone(), pulse.clone(), Arc::clone(&metrics));
            Database::new(pool, all, pulse, metrics)
        };
        let keys = Arc::new(KeyRing::new(Arc::new(database(pools.keys))));
        let posts = Arc::new(database(pools.posts));
        let database = Arc::new(database(pools.calls).patient());
        tokio::spawn({
            let keys = Arc::clone(&keys);
            async move { keys.refresh().await }
        });
        let answer_store = Arc::new(AnswerStore::new(Arc::clone(&redis), Arc::clone(&knowledge)));
        let row = generation::Row(Arc::clone(&database));
        let wallet_cache =
            WalletCache::new(Arc::clone(&redis), Arc::clone(&knowledge), row, cache_ttl);
        let wallet_cache = Arc::new(wallet_cache);
        tokio::spawn(generation::keep(
            Arc::clone(&wallet_cache),
            knowledge,
            Arc::clone(&database),
            Arc::clone(&metrics),
        ));
        Self {
            ledgers: Ledgers::new(Shared {
                database: Arc::clone(&database),
                posts,
                wallet_cache: Arc::clone(&wallet_cache),
                answer_store: Arc::clone(&answer_store),
                metrics: Arc::clone(&metrics),
            }),
            feed: Feed::start(
                Arc::clone(&database),
                Arc::clone(&keys),
                Arc::clone(&metrics),
            ),
            probe: Probe::new(Arc::clone(&database), redis, broker),
            database,
            keys,
            answer_store,
            wallet_cache,
            metrics,
            stopping: watch::Sender::new(false),
            webhooks,
        }
    }

    /// From now on `is_stopping`.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether the server has been asked to end, so that clients had better ask another one.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Tells those who wait when it has been asked to.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }
}
