//! What a call would do, in the model: decided, and nothing of it stays.

use serde_json::Value;

use super::{Model, Refusal};
use crate::answer::Answer;
use crate::call::{Ask, Session};

impl Model {
    pub(super) fn try_out(
        &mut self,
        session: Session,
        asks: &[Ask],
        actual: &Answer,
    ) -> Result<Vec<Value>, Refusal> {
        let mut trial = self.clone();
        let rows = trial.transfers_post(session, asks, actual);
        self.undo(&trial);
        rows
    }
}
