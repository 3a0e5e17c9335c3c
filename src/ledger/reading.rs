//! Reads wallets: from the cache, else gathered from PostgreSQL.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::base::metrics::{CacheRead, Metrics};
use crate::ledger::NoResult;
use crate::ledger::gather::Gather;
use crate::ledger::wallets_get::{Reading, WalletsGet};
use crate::redis::connection::Unavailable;
use crate::redis::wallet_cache::{Lease, WalletCache};
use crate::types::{Caller, WalletResult};

/// The wallets of one ledger.
pub struct Wallets {
    ledger_id: i64,
    cache: Arc<WalletCache>,
    gather: Gather<WalletsGet>,
    turns: Turns,
    metrics: Arc<Metrics>,
}

impl Wallets {
    /// Reads through this cache and this batch.
    pub fn new(batch: WalletsGet, cache: Arc<WalletCache>, metrics: Arc<Metrics>) -> Self {
        Self {
            ledger_id: batch.ledger_id,
            cache,
            gather: Gather::start(Arc::new(batch)),
            turns: Turns::default(),
            metrics,
        }
    }

    /// A wallet, if there is one for this caller, and how it was read. The cache's is taken if it
    /// has this version or a newer one.
    ///
    /// # Errors
    /// PostgreSQL did not say.
    pub async fn get(
        &self,
        caller: &Caller,
        wallet_id: Uuid,
        min_version: i64,
    ) -> Result<(Option<WalletResult>, CacheRead), NoResult> {
        let (wallet, read) = self.read(caller, wallet_id, min_version).await?;
        self.metrics.cache_read(read);
        Ok((wallet, read))
    }

    async fn read(
        &self,
        caller: &Caller,
        wallet_id: Uuid,
        min_version: i64,
    ) -> Result<(Option<WalletResult>, CacheRead), NoResult> {
        let reading = Reading {
            wallet_id,
            key: caller.key_sha256,
        };
        match self.cached(caller, wallet_id).await {
            Ok(Some(wallet)) if wallet.version >= min_version => {
                return Ok((Some(wallet), CacheRead::Hit));
            }
            Ok(None) => {}
            Ok(Some(_)) | Err(Unavailable) => return self.bypass(reading).await,
        }
        // Several readers may miss a wallet at the same time. One of them asks PostgreSQL, and the
        // others find in the cache what it filled in. They take turns per API key, because a
        // reader with another key may be shown something else.
        let turn = self.turns.join(reading).await;
        if turn.is_none()
            && let Ok(Some(wallet)) = self.cached(caller, wallet_id).await
            && wallet.version >= min_version
        {
            return Ok((Some(wallet), CacheRead::Hit));
        }
        let wallet = self.miss(caller, reading).await?;
        Ok((wallet, CacheRead::Miss))
    }

    /// Asks PostgreSQL, whatever the cache has.
    async fn bypass(
        &self,
        reading: Reading,
    ) -> Result<(Option<WalletResult>, CacheRead), NoResult> {
        let wallet = self.query(reading).await?;
        if let Some(wallet) = &wallet {
            self.cache.seen((self.ledger_id, reading.wallet_id), wallet);
        }
        Ok((wallet, CacheRead::Bypass))
    }

    /// Asks PostgreSQL and fills in what it says. A lost fill costs the next reader a query.
    async fn miss(
        &self,
        caller: &Caller,
        reading: Reading,
    ) -> Result<Option<WalletResult>, NoResult> {
        let key = (self.ledger_id, reading.wallet_id);
        let lease = self.cache.lease(key, caller.user_id).await;
        let wallet = self.query(reading).await?;
        let filled = match (&wallet, lease) {
            (Some(wallet), Ok(lease)) => {
                self.cache.remember_owner(key, wallet);
                self.fill(wallet, lease).await
            }
            // A lease that stays ends by itself.
            (None, Ok(lease)) => self.cache.release(lease).await,
            (_, Err(Unavailable)) => Err(Unavailable),
        };
        if let (Some(wallet), Err(Unavailable)) = (&wallet, filled) {
            self.cache.seen(key, wallet);
        }
        Ok(wallet)
    }

    /// A wallet of issuance changes whenever a wallet is made with a balance, of which no server
    /// tells the cache: it is never filled in.
    async fn fill(&self, found: &WalletResult, lease: Lease) -> Result<(), Unavailable> {
        match found.user_id {
            Some(_) => self.cache.fill(found, lease).await,
            None => self.cache.release(lease).await,
        }
    }

    /// A cached wallet that the caller may see. One that it may not see is a miss. Then the same
    /// steps follow as for a wallet that does not exist, and the answer is the same.
    async fn cached(
        &self,
        caller: &Caller,
        wallet_id: Uuid,
    ) -> Result<Option<WalletResult>, Unavailable> {
        let cached = self.cache.read((self.ledger_id, wallet_id)).await?;
        Ok(cached.filter(|wallet| caller.sees(wallet.user_id)))
    }

    async fn query(&self, reading: Reading) -> Result<Option<WalletResult>, NoResult> {
        Ok(self.gather.ask(reading).await??)
    }
}

/// The readings for which a reader has the turn to ask PostgreSQL.
#[derive(Default)]
struct Turns(Mutex<HashMap<Reading, Arc<Semaphore>>>);

impl Turns {
    /// The turn to ask for a wallet. If another reader has it, waits until that turn ends, and
    /// gives none.
    async fn join(&self, reading: Reading) -> Option<Turn<'_>> {
        let landing = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match turns.get(&reading) {
                Some(landing) => Arc::clone(landing),
                None => {
                    turns.insert(reading, Arc::new(Semaphore::new(0)));
                    return Some(Turn {
                        turns: self,
                        reading,
                    });
                }
            }
        };
        // It never has a permit; it is closed when the turn ends.
        let _ = landing.acquire().await;
        None
    }
}

struct Turn<'a> {
    turns: &'a Turns,
    reading: Reading,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut turns = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(landing) = turns.remove(&self.reading) {
            landing.close();
        }
    }
}
