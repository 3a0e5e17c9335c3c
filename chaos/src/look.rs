//! Looks into a database that may be away at any moment.

use std::time::Duration;

use tokio::time::timeout;

use crate::books::Owner;
use crate::stage::Stage;

/// The owner's session, made anew after each failure.
pub struct Look<'a> {
    stage: &'a Stage,
    owner: Option<Owner>,
    /// A PostgreSQL that stands still takes a question and says nothing.
    limit: Duration,
}

impl<'a> Look<'a> {
    /// Connects with the first question.
    pub fn new(stage: &'a Stage, ms_max: u64) -> Self {
        Self {
            stage,
            owner: None,
            limit: Duration::from_millis(ms_max),
        }
    }

    /// The answer, if PostgreSQL gives one in time.
    pub async fn ask<T>(
        &mut self,
        question: impl AsyncFnOnce(&Owner) -> Result<T, String>,
    ) -> Option<T> {
        let ask = async {
            let owner = match &mut self.owner {
                Some(owner) => owner,
                none => none.insert(self.stage.owner().await.ok()?),
            };
            question(owner).await.ok()
        };
        let answer = timeout(self.limit, ask).await.ok().flatten();
        if answer.is_none() {
            self.owner = None;
        }
        answer
    }
}
