//! What each ledger has for itself: its gathered calls.
//!
//! Requests of different ledgers never share a call, and never wait for each other's wallets.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::base::metrics::Metrics;
use crate::ledger::posting::Transfers;
use crate::ledger::reading::Wallets;
use crate::ledger::transfers_post::TransfersPost;
use crate::ledger::wallets_get::WalletsGet;
use crate::redis::answer_store::AnswerStore;
use crate::redis::wallet_cache::WalletCache;
use crate::sql::database::Database;

/// The gathered calls of one ledger.
pub struct Ledger {
    pub transfers: Transfers,
    pub wallets: Wallets,
}

/// What the ledgers share.
pub struct Shared {
    pub database: Arc<Database>,
    /// The connections of calls that post transfers.
    pub posts: Arc<Database>,
    pub wallet_cache: Arc<WalletCache>,
    pub answer_store: Arc<AnswerStore>,
    pub metrics: Arc<Metrics>,
}

/// The ledgers that a caller has asked for since the start.
pub struct Ledgers {
    shared: Shared,
    started: RwLock<HashMap<i64, Arc<Ledger>>>,
}

impl Ledgers {
    /// None yet.
    pub fn new(shared: Shared) -> Self {
        Self {
            shared,
            started: RwLock::default(),
        }
    }

    /// A ledger that a valid key has named. So there are never more of them than in the database.
    pub fn get(&self, ledger_id: i64) -> Arc<Ledger> {
        let started = self.started.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(ledger) = started.get(&ledger_id) {
            return Arc::clone(ledger);
        }
        drop(started);
        let mut started = self.started.write().unwrap_or_else(PoisonError::into_inner);
        let ledger = started
            .entry(ledger_id)
            .or_insert_with(|| Arc::new(self.start(ledger_id)));
        Arc::clone(ledger)
    }

    fn start(&self, ledger_id: i64) -> Ledger {
        let shared = &self.shared;
        let transfers = TransfersPost {
            ledger_id,
            database: Arc::clone(&shared.posts),
            wallet_cache: Arc::clone(&shared.wallet_cache),
            answer_store: Arc::clone(&shared.answer_store),
            metrics: Arc::clone(&shared.metrics),
        };
        let wallets = WalletsGet {
            ledger_id,
            database: Arc::clone(&shared.database),
        };
        let (cache, metrics) = (&shared.wallet_cache, &shared.metrics);
        Ledger {
            transfers: Transfers::new(transfers),
            wallets: Wallets::new(wallets, Arc::clone(cache), Arc::clone(metrics)),
        }
    }
}
