//! The call that posts gathered transfers, and what Redis is told of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::base::metrics::Metrics;
use crate::ledger::gather::{Batch, Held, Reply};
use crate::redis::answer_store::{AnswerStore, Place};
use crate::redis::wallet_cache::{NotTold, WalletCache, WalletChange, WalletRef};
use crate::sql::contract;
use crate::sql::database::Database;
use crate::sql::failure::Failure;
use crate::types::{ApiKeyDigest, TransferOutcome, TransferRequest, TransferResult};

/// How long a call that fails may be made again in halves.
const SPLIT_MS_MAX: u64 = 500;

/// A transfer to post, the caller's API key, and the place of its answer in Redis.
pub struct Posting {
    pub transfer: TransferRequest,
    pub key: ApiKeyDigest,
    pub place: Place,
    wallets: [Uuid; 2],
}

impl Posting {
    /// A transfer that waits for its call.
    pub fn new(transfer: TransferRequest, key: ApiKeyDigest, place: Place) -> Self {
        let wallets = [transfer.source_id, transfer.target_id];
        Self {
            transfer,
            key,
            place,
            wallets,
        }
    }
}

/// `transfers_post` on one ledger.
pub struct TransfersPost {
    pub ledger_id: i64,
    pub database: Arc<Database>,
    pub wallet_cache: Arc<WalletCache>,
    pub answer_store: Arc<AnswerStore>,
    pub metrics: Arc<Metrics>,
}

type Posted = Result<TransferResult, Failure>;

fn is_posted(posted: &Posted) -> bool {
    let outcome = posted.as_ref().map(|result| result.outcome);
    outcome == Ok(TransferOutcome::Posted)
}

impl Batch for TransfersPost {
    type Request = Posting;
    type Answer = Posted;

    fn wallets(posting: &Posting) -> &[Uuid] {
        &posting.wallets
    }

    async fn call(&self, postings: Vec<Posting>) -> Vec<Reply<Self>> {
        let keys: Vec<ApiKeyDigest> = postings.iter().map(|posting| posting.key).collect();
        let (transfers, places): (Vec<_>, Vec<_>) = postings
            .into_iter()
            .map(|posting| (posting.transfer, posting.place))
            .unzip();
        let split_until = Instant::now() + Duration::from_millis(SPLIT_MS_MAX);
        let mut results = self.post(&transfers, &keys, split_until).await;
        if let Err(NotTold(cause)) = self.remember(&results, &places).await {
            // They stay posted. A client that asks again hears it once it can be told.
            for posted in results.iter_mut().filter(|posted| is_posted(posted)) {
                *posted = Err(Failure::Unavailable(cause.clone()));
            }
        }
        let requests = transfers.into_iter().zip(keys).zip(places);
        let replies = results.into_iter().zip(requests);
        replies
            .map(|(posted, ((transfer, key), place))| match posted {
                Ok(result) if result.outcome == TransferOutcome::WalletBusy => {
                    Reply::Busy(Posting::new(transfer, key, place), Held::Wallet)
                }
                Err(Failure::Locked) => {
                    Reply::Busy(Posting::new(transfer, key, place), Held::Wallet)
                }
                Err(Failure::IdHeld) => Reply::Busy(Posting::new(transfer, key, place), Held::Id),
                posted => Reply::Done(posted),
            })
            .collect()
    }
}

impl TransfersPost {
    /// Posts transfers together. After any failure but `Unavailable` the call is made again in
    /// halves, so that only the transfer that causes the failure has it. When there is no more time
    /// for halves, all that are left are `Locked`: each of them may go in another call.
    fn post<'a>(
        &'a self,
        transfers: &'a [TransferRequest],
        keys: &'a [ApiKeyDigest],
        split_until: Instant,
    ) -> BoxFuture<'a, Vec<Posted>> {
        Box::pin(async move {
            match self.post_once(transfers, keys).await {
                Ok(results) => results.into_iter().map(Ok).collect(),
                Err(failure @ Failure::Unavailable(_)) => vec![Err(failure); transfers.len()],
                Err(_) if transfers.len() > 1 && Instant::now() >= split_until => {
                    vec![Err(Failure::Locked); transfers.len()]
                }
                Err(_) if transfers.len() > 1 => {
                    let half = transfers.len() / 2;
                    let (left, right) = transfers.split_at(half);
                    let (left_keys, right_keys) = keys.split_at(half);
                    let mut results = self.post(left, left_keys, split_until).await;
                    results.extend(self.post(right, right_keys, split_until).await);
                    results
                }
                // Another session used the id at the same moment: its row is there by now.
                Err(Failure::Conflict(cause)) => {
                    tracing::warn!(cause, "a transfer met its twin: calling again");
                    match self.post_once(transfers, keys).await {
                        Ok(results) => results.into_iter().map(Ok).collect(),
                        Err(failure) => vec![Err(failure)],
                    }
                }
                Err(failure) => vec![Err(failure)],
            }
        })
    }

    async fn post_once(
        &self,
        transfers: &[TransferRequest],
        keys: &[ApiKeyDigest],
    ) -> Result<Vec<TransferResult>, Failure> {
        self.metrics.transfers_call(transfers.len());
        let (database, ledger_id) = (&self.database, self.ledger_id);
        let results = contract::transfers_post(database, ledger_id, transfers, keys).await?;
        if results.len() == transfers.len() {
            Ok(results)
        } else {
            let cause = "transfers_post gave another number of results than it had requests";
            Err(Failure::Unexpected(cause.to_owned()))
        }
    }

    /// Tells Redis of new balances before any answer leaves, so that no client at any server reads
    /// older ones; then of the answers, as those who find them tell them at once.
    async fn remember(&self, results: &[Posted], places: &[Place]) -> Result<(), NotTold> {
        let results = || {
            results.iter().zip(places).filter_map(|(posted, place)| {
                let result = posted.as_ref().ok()?;
                Some((place, result))
            })
        };
        let changes = results().flat_map(|(_, result)| self.wallet_changes(result));
        self.wallet_cache.write(changes).await?;
        let stored = results().filter(|(_, result)| result.created_at.is_some());
        self.answer_store.store(stored);
        Ok(())
    }

    /// What a posted transfer did to its two wallets.
    fn wallet_changes(
        &self,
        result: &TransferResult,
    ) -> impl Iterator<Item = (WalletRef, WalletChange)> + use<> {
        let ledger_id = self.ledger_id;
        let is_posted = result.outcome == TransferOutcome::Posted;
        let created_at = result.created_at.filter(|_| is_posted);
        let sides = [
            (
                result.source_id,
                result.source_version,
                result.source_balance,
            ),
            (
                result.target_id,
                result.target_version,
                result.target_balance,
            ),
        ];
        sides
            .into_iter()
            .filter_map(move |(wallet_id, version, balance)| {
                let change = WalletChange::entry(version?, balance?, created_at?);
                Some(((ledger_id, wallet_id?), change))
            })
    }
}
