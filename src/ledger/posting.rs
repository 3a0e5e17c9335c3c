//! Posts transfers in gathered calls. PostgreSQL and Redis are asked side by side, and the first of
//! them that knows the answer gives it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use crate::base::metrics::ReplaySource;
use crate::ledger::NoResult;
use crate::ledger::gather::Gather;
use crate::ledger::transfers_post::{Posting, TransfersPost};
use crate::redis::answer_store::{AnswerStore, Answered};
use crate::sql::failure::Failure;
use crate::types::TransferResult;

/// The transfers of one ledger.
pub struct Transfers {
    answer_store: Arc<AnswerStore>,
    gather: Gather<TransfersPost>,
}

impl Transfers {
    /// Posts through this batch.
    pub fn new(batch: TransfersPost) -> Self {
        Self {
            answer_store: Arc::clone(&batch.answer_store),
            gather: Gather::start(Arc::new(batch)),
        }
    }

    /// Posts a transfer, or finds what became of it before and says which store knew that.
    ///
    /// # Errors
    /// Neither PostgreSQL nor Redis gave an answer.
    pub async fn post(
        &self,
        posting: Posting,
    ) -> Result<(TransferResult, Option<ReplaySource>), NoResult> {
        let (place, transfer) = (posting.place.clone(), posting.transfer.clone());
        let asked = async { self.gather.ask(posting).await?.map_err(NoResult::Failed) };
        first_known(self.answer_store.find(&place, &transfer), asked).await
    }
}

/// The answer of PostgreSQL or of Redis, whichever gives one first. If it was known before, also
/// says which of them knew it.
///
/// It is no answer that Redis knows nothing, or that a call to PostgreSQL failed without a refusal.
/// Then the other one is waited for.
///
/// # Errors
/// PostgreSQL refuses; or its call failed and Redis knows nothing.
pub async fn first_known<A: Answered>(
    remembered: impl Future<Output = Option<A>>,
    asked: impl Future<Output = Result<A, NoResult>>,
) -> Result<(A, Option<ReplaySource>), NoResult> {
    let (mut remembered, mut asked) = (pin!(remembered), pin!(asked));
    let answered = tokio::select! {
        biased;
        answered = &mut asked => match answered {
            Err(NoResult::Failed(Failure::Refused(_))) | Ok(_) => answered,
            Err(no_result) => match remembered.await {
                Some(answer) => return Ok((answer, Some(ReplaySource::Redis))),
                None => Err(no_result),
            },
        },
        found = &mut remembered => match found {
            Some(answer) => return Ok((answer, Some(ReplaySource::Redis))),
            None => asked.await,
        },
    };
    let answer = answered?;
    let source = answer.is_replay().then_some(ReplaySource::Postgresql);
    Ok((answer, source))
}
