//! The call that posts gathered transfers, and what Redis is told of it.

use std::iter;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::base::metrics::Metrics;
use crate::ledger::gather::{Batch, Held, Reply};
use crate::redis::answer_store::{AnswerStore, Place};
use crate::redis::wallet_cache::{EntryChange, NotTold, WalletCache, WalletChange, WalletRef};
use crate::sql::contract::{self, TransfersCall};
use crate::sql::database::Database;
use crate::sql::failure::Failure;
use crate::types::{ApiKeyDigest, TransferOutcome, TransferRequest, TransferResult, TransferTerms};

/// How long a call that fails may be made again in halves.
const SPLIT_MS_MAX: u64 = 500;

/// A transfer, with its terms where it is more than one. It may be a leg of a group.
pub struct Item {
    pub request: TransferRequest,
    pub terms: Option<TransferTerms>,
}

/// What is posted together: one transfer, or all legs of a group. With the caller's API key, and
/// the place of its answer in Redis if that is kept.
pub struct Posting {
    items: Vec<Item>,
    key: ApiKeyDigest,
    place: Option<Place>,
    traceparent: Option<String>,
    wallets: Vec<Uuid>,
}

impl Posting {
    /// Waits for its call.
    pub fn new(items: Vec<Item>, key: ApiKeyDigest, place: Option<Place>) -> Self {
        // What requests of one hold share is the hold: its wallet is not known here.
        let named = |item: &Item| {
            let subject_id = item.terms.as_ref().and_then(|terms| terms.subject_id);
            [item.request.source_id, item.request.target_id, subject_id]
        };
        let wallets = items.iter().flat_map(named).flatten().collect();
        Self {
            items,
            key,
            place,
            traceparent: None,
            wallets,
        }
    }

    /// The same as a part of a trace, if there is one.
    pub fn traced(self, traceparent: Option<String>) -> Self {
        Self {
            traceparent,
            ..self
        }
    }

    /// The arguments of a call that posts these.
    pub fn call(postings: &[Self]) -> TransfersCall<'_> {
        let items = || postings.iter().flat_map(|posting| &posting.items);
        let has_terms = items().any(|item| item.terms.is_some());
        let traceparents = postings.iter().flat_map(|posting| {
            iter::repeat_n(posting.traceparent.as_deref(), posting.items.len())
        });
        let has_traces = postings.iter().any(|posting| posting.traceparent.is_some());
        TransfersCall {
            requests: items().map(|item| &item.request).collect(),
            keys: postings
                .iter()
                .flat_map(|posting| iter::repeat_n(posting.key, posting.items.len()))
                .collect(),
            terms: has_terms.then(|| items().map(|item| item.terms.as_ref()).collect()),
            traceparents: has_traces.then(|| traceparents.collect()),
        }
    }

    /// Where Redis may know its answer, and the request that it must be the answer to.
    pub fn remembered(&self) -> Option<(Place, TransferRequest)> {
        let place = self.place.clone()?;
        let item = self.items.first()?;
        Some((place, item.request.clone()))
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

/// The results of a posting's items, in order.
type Posted = Result<Vec<TransferResult>, Failure>;

fn has(posted: &Posted, outcome: TransferOutcome) -> bool {
    let results = posted.as_ref().map_or(&[][..], Vec::as_slice);
    results.iter().any(|result| result.outcome == outcome)
}

impl Batch for TransfersPost {
    type Request = Posting;
    type Answer = Posted;

    fn wallets(posting: &Posting) -> &[Uuid] {
        &posting.wallets
    }

    fn places(posting: &Posting) -> usize {
        posting.items.len()
    }

    async fn call(&self, postings: Vec<Posting>) -> Vec<Reply<Self>> {
        let split_until = Instant::now() + Duration::from_millis(SPLIT_MS_MAX);
        let mut posted = self.post(&postings, split_until).await;
        if let Err(NotTold(cause)) = self.remember(&posted, &postings).await {
            // They stay posted. A client that asks again hears it once it can be told.
            let is_posted = |posted: &&mut Posted| has(posted, TransferOutcome::Posted);
            for posted in posted.iter_mut().filter(is_posted) {
                *posted = Err(Failure::Unavailable(cause.clone()));
            }
        }
        let replies = posted.into_iter().zip(postings);
        replies
            .map(|(posted, posting)| match posted {
                posted if has(&posted, TransferOutcome::WalletBusy) => {
                    Reply::Busy(posting, Held::Wallet)
                }
                Err(Failure::Locked) => Reply::Busy(posting, Held::Wallet),
                Err(Failure::IdHeld) => Reply::Busy(posting, Held::Id),
                posted => Reply::Done(posted),
            })
            .collect()
    }
}

impl TransfersPost {
    /// Posts together. After any failure but `Unavailable` the call is made again in halves, so
    /// that only the posting that causes the failure has it. When there is no more time for halves,
    /// all that are left are `Locked`: each of them may go in another call.
    fn post<'a>(
        &'a self,
        postings: &'a [Posting],
        split_until: Instant,
    ) -> BoxFuture<'a, Vec<Posted>> {
        Box::pin(async move {
            match self.post_once(postings).await {
                Ok(posted) => posted.into_iter().map(Ok).collect(),
                Err(failure @ Failure::Unavailable(_)) => vec![Err(failure); postings.len()],
                Err(_) if postings.len() > 1 && Instant::now() >= split_until => {
                    vec![Err(Failure::Locked); postings.len()]
                }
                Err(_) if postings.len() > 1 => {
                    let (left, right) = postings.split_at(postings.len() / 2);
                    let mut posted = self.post(left, split_until).await;
                    posted.extend(self.post(right, split_until).await);
                    posted
                }
                // Another session used the id at the same moment: its row is there by now.
                Err(Failure::Conflict(cause)) => {
                    tracing::warn!(cause, "a transfer met its twin: calling again");
                    match self.post_once(postings).await {
                        Ok(posted) => posted.into_iter().map(Ok).collect(),
                        Err(failure) => vec![Err(failure)],
                    }
                }
                Err(failure) => vec![Err(failure)],
            }
        })
    }

    /// The results of each posting.
    async fn post_once(&self, postings: &[Posting]) -> Result<Vec<Vec<TransferResult>>, Failure> {
        let call = Posting::call(postings);
        self.metrics.transfers_call(call.requests.len());
        let (database, ledger_id) = (&self.database, self.ledger_id);
        let results = match (&call.terms, &call.traceparents) {
            (None, None) => {
                contract::transfers_post(database, ledger_id, &call.requests, &call.keys).await
            }
            _ => contract::transfers_post_with_more(database, ledger_id, &call, false).await,
        }?;
        if results.len() != call.requests.len() {
            let cause = "transfers_post gave another number of results than it had requests";
            return Err(Failure::Unexpected(cause.to_owned()));
        }
        if let Some(latest) = results.iter().filter_map(|it| it.created_at).max() {
            self.metrics.moment(latest);
        }
        let mut results = results.into_iter();
        let take = |posting: &Posting| results.by_ref().take(posting.items.len()).collect();
        Ok(postings.iter().map(take).collect())
    }

    /// Tells Redis of new balances before any answer leaves, so that no client at any server reads
    /// older ones; then of the answers, as those who find them tell them at once.
    async fn remember(&self, posted: &[Posted], postings: &[Posting]) -> Result<(), NotTold> {
        let mut results = Vec::with_capacity(posted.len());
        for (posted, posting) in posted.iter().zip(postings) {
            for result in posted.as_ref().map_or(&[][..], Vec::as_slice) {
                results.push((posting.place.as_ref(), result));
            }
        }
        let changes = results
            .iter()
            .flat_map(|(_, result)| self.wallet_changes(result));
        self.wallet_cache.write(changes).await?;
        let stored = results
            .iter()
            .filter(|(_, result)| result.created_at.is_some());
        self.answer_store
            .store(stored.filter_map(|(place, result)| Some(((*place)?, *result))));
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
        let effect = result.effect.as_ref();
        let sides = [
            (
                result.source_id,
                result.source_version.zip(result.source_balance),
                effect.and_then(|effect| effect.source_held),
                effect.and_then(|effect| effect.source_held_until),
            ),
            (
                result.target_id,
                result.target_version.zip(result.target_balance),
                effect.and_then(|effect| effect.target_held),
                effect.and_then(|effect| effect.target_held_until),
            ),
        ];
        sides
            .into_iter()
            .filter_map(move |(wallet_id, entry, held, held_until)| {
                let (version, balance) = entry?;
                let entry = EntryChange {
                    version,
                    balance,
                    held: held.unwrap_or(0),
                    held_until,
                };
                let change = WalletChange::entry(entry, created_at?);
                Some(((ledger_id, wallet_id?), change))
            })
    }
}
