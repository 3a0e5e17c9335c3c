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
use crate::sql::contract;
use crate::sql::database::Database;
use crate::sql::failure::Failure;
use crate::types::TransferResult;

/// The transfers of one ledger.
pub struct Transfers {
    ledger_id: i64,
    database: Arc<Database>,
    answer_store: Arc<AnswerStore>,
    gather: Gather<TransfersPost>,
}

impl Transfers {
    /// Posts through this batch.
    pub fn new(batch: TransfersPost) -> Self {
        Self {
            ledger_id: batch.ledger_id,
            database: Arc::clone(&batch.database),
            answer_store: Arc::clone(&batch.answer_store),
            gather: Gather::start(Arc::new(batch)),
        }
    }

    /// Posts one transfer, or finds what became of it before and says which store knew that.
    ///
    /// # Errors
    /// Neither PostgreSQL nor Redis gave an answer.
    pub async fn post(
        &self,
        posting: Posting,
    ) -> Result<(TransferResult, Option<ReplaySource>), NoResult> {
        let remembered = posting.remembered();
        let remembered = async {
            let (place, request) = remembered?;
            self.answer_store.find(&place, &request).await
        };
        let asked = async {
            let mut results = self.post_all(posting).await?;
            let no_result = || Failure::Unexpected("a transfer without a result".to_owned());
            results.pop().ok_or_else(|| NoResult::Failed(no_result()))
        };
        first_known(remembered, asked).await
    }

    /// Posts all legs of a group, or none. Redis is not asked: what became of a group is looked up
    /// with its legs.
    ///
    /// # Errors
    /// PostgreSQL gave no answer.
    pub async fn post_all(&self, posting: Posting) -> Result<Vec<TransferResult>, NoResult> {
        self.gather.ask(posting).await?.map_err(NoResult::Failed)
    }

    /// What would become of a posting now. Nothing is written, and nobody waits for it.
    ///
    /// # Errors
    /// PostgreSQL gave no answer.
    pub async fn try_out(&self, posting: &Posting) -> Result<Vec<TransferResult>, NoResult> {
        let asked = Posting::call(std::slice::from_ref(posting));
        let results =
            contract::transfers_post_with_more(&self.database, self.ledger_id, &asked, true);
        results.await.map_err(NoResult::Failed)
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
