//! Posts gathered transfers: one call, then one round of Redis, then the answers.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use hyper::body::Bytes;
use uuid::Uuid;

use crate::answer;
use crate::answer_store::{AnswerStore, Marker, StoredAnswer};
use crate::contract::{self, KeyDigest, TransferOutcome, TransferRequest, TransferResult};
use crate::database::Database;
use crate::gather::{Batch, Reply};
use crate::metrics::{Metrics, ReplaySource};
use crate::problem::{Code, Failure, Problem};
use crate::wallet_cache::{WalletCache, WalletChange, WalletKey};

/// A transfer to post, the caller's key, and the marker that the request left in Redis.
pub struct Posting {
    pub transfer: TransferRequest,
    pub key: KeyDigest,
    pub marker: Option<Marker>,
    wallets: [Uuid; 2],
}

impl Posting {
    /// A transfer that waits for its call.
    pub fn new(transfer: TransferRequest, key: KeyDigest, marker: Option<Marker>) -> Self {
        let wallets = [transfer.source_id, transfer.target_id];
        Self {
            transfer,
            key,
            marker,
            wallets,
        }
    }
}

/// What a posting came to: an answer that is stored, and whether it was given before; or a problem.
pub type Posted = Result<(StoredAnswer, bool), Problem>;

/// `transfers_post` on one ledger.
pub struct TransfersPost {
    pub ledger_id: i64,
    pub database: Arc<Database>,
    pub wallet_cache: Arc<WalletCache>,
    pub answer_store: Arc<AnswerStore>,
    pub metrics: Arc<Metrics>,
}

impl Batch for TransfersPost {
    type Request = Posting;
    type Answer = Posted;

    fn wallets(posting: &Posting) -> &[Uuid] {
        &posting.wallets
    }

    async fn call(&self, postings: Vec<Posting>) -> Vec<Reply<Self>> {
        let keys: Vec<KeyDigest> = postings.iter().map(|posting| posting.key).collect();
        let (transfers, markers): (Vec<_>, Vec<_>) = postings
            .into_iter()
            .map(|posting| (posting.transfer, posting.marker))
            .unzip();
        let results = self.post(&transfers, &keys).await;
        let changes = self.wallet_changes(&results);

        let mut replies = Vec::with_capacity(results.len());
        let (mut finished, mut released) = (Vec::new(), Vec::new());
        let requests = transfers.into_iter().zip(keys).zip(markers);
        for (result, ((transfer, key), marker)) in results.into_iter().zip(requests) {
            let is_busy = result
                .as_ref()
                .is_ok_and(|result| result.outcome == TransferOutcome::WalletBusy);
            if is_busy {
                replies.push(Reply::Busy(Posting::new(transfer, key, marker)));
                continue;
            }
            let posted = result.and_then(|result| self.posted(&result));
            match (&posted, marker) {
                (Ok((answer, _)), Some(marker)) => finished.push((marker, answer.clone())),
                (Err(_), Some(marker)) => released.push(marker),
                (_, None) => {}
            }
            replies.push(Reply::Done(posted));
        }
        // Before any answer leaves, so that a client reads its own writes.
        tokio::join!(
            self.wallet_cache.write(changes),
            self.answer_store.finish(finished),
            self.answer_store.release(released),
        );
        replies
    }
}

impl TransfersPost {
    /// Posts transfers together. An error that is not one transfer's own splits the call, so that it
    /// fails only the transfer that causes it.
    fn post<'a>(
        &'a self,
        transfers: &'a [TransferRequest],
        keys: &'a [KeyDigest],
    ) -> BoxFuture<'a, Vec<Result<TransferResult, Problem>>> {
        Box::pin(async move {
            match self.post_once(transfers, keys).await {
                Ok(results) => results.into_iter().map(Ok).collect(),
                Err(failure @ Failure::Unavailable(_)) => {
                    vec![Err(failure.into_problem()); transfers.len()]
                }
                Err(_) if transfers.len() > 1 => {
                    let half = transfers.len() / 2;
                    let (left, right) = transfers.split_at(half);
                    let (left_keys, right_keys) = keys.split_at(half);
                    let mut results = self.post(left, left_keys).await;
                    results.extend(self.post(right, right_keys).await);
                    results
                }
                // Another session used the id at the same moment: its row is there by now.
                Err(Failure::Conflict(cause)) => {
                    tracing::warn!(cause, "a transfer met its twin: calling again");
                    match self.post_once(transfers, keys).await {
                        Ok(results) => results.into_iter().map(Ok).collect(),
                        Err(failure) => vec![Err(failure.into_problem())],
                    }
                }
                Err(failure) => vec![Err(failure.into_problem())],
            }
        })
    }

    async fn post_once(
        &self,
        transfers: &[TransferRequest],
        keys: &[KeyDigest],
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

    fn wallet_changes(
        &self,
        results: &[Result<TransferResult, Problem>],
    ) -> Vec<(WalletKey, WalletChange)> {
        let posted = results
            .iter()
            .flatten()
            .filter(|result| result.outcome == TransferOutcome::Posted);
        posted
            .flat_map(|result| {
                let source = (
                    result.source_id,
                    result.source_version,
                    result.source_balance,
                );
                let target = (
                    result.target_id,
                    result.target_version,
                    result.target_balance,
                );
                [source, target].map(|side| (side, result.created_at))
            })
            .filter_map(|((wallet_id, version, balance), created_at)| {
                let change = WalletChange::entry(version?, balance?, created_at?);
                Some(((self.ledger_id, wallet_id?), change))
            })
            .collect()
    }

    /// The answer to a decided transfer. It depends on nothing but the stored row, so that a replay
    /// gives the same bytes.
    fn posted(&self, result: &TransferResult) -> Posted {
        let answer = match Code::of_outcome(result.outcome) {
            None => StoredAnswer {
                status: 201,
                body: answer::transfer(result).into(),
            },
            Some(code) => {
                let problem = refused(code, result);
                // What the journal has no row for has no moment.
                if result.created_at.is_none() {
                    return Err(problem);
                }
                StoredAnswer {
                    status: code.status(),
                    body: Bytes::from(
                        problem.to_json(result.request_id.as_deref().unwrap_or_default()),
                    ),
                }
            }
        };
        if result.replayed {
            self.metrics.replay(ReplaySource::Postgresql);
        }
        Ok((answer, result.replayed))
    }
}

fn refused(code: Code, result: &TransferResult) -> Problem {
    let detail = match code {
        Code::IdempotencyKeyReused => "Use a new key for a new request.",
        Code::InsufficientFunds
        | Code::WalletFrozen
        | Code::CurrencyMismatch
        | Code::LimitExceeded
        | Code::BalanceLimitExceeded => {
            "This answer is final for its key. A new attempt needs a new key."
        }
        Code::InvalidField => match result.field.as_deref() {
            Some("amount") => "Allowed: 1 to 9007199254740991.",
            Some("currency") => "Allowed: three capital letters.",
            Some("reference") => "Allowed: at most 200 characters.",
            Some("metadata") => "Allowed: a flat object of strings, at most 4 KiB.",
            _ => code.title(),
        },
        _ => code.title(),
    };
    let problem = match &result.field {
        Some(field) => Problem::at(code, field, detail),
        None => Problem::new(code, detail),
    };
    Problem {
        transfer_id: result.created_at.and(result.id),
        ..problem
    }
}
