//! What a ledger does: gathers requests into calls, posts transfers, reads wallets, knows callers.

use crate::ledger::gather::NoAnswer;
use crate::sql::failure::Failure;

pub mod feed;
pub mod gather;
pub mod generation;
pub mod key_ring;
pub mod ledgers;
pub mod posting;
pub mod reading;
pub mod transfers_post;
pub mod wallets_get;

/// Why a ledger says nothing to a request.
#[derive(Debug)]
pub enum NoResult {
    /// The call failed.
    Failed(Failure),
    /// There was no call, or it had no time for the request.
    Unanswered(NoAnswer),
}

impl From<Failure> for NoResult {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<NoAnswer> for NoResult {
    fn from(no_answer: NoAnswer) -> Self {
        Self::Unanswered(no_answer)
    }
}
