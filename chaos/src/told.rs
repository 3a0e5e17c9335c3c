//! What any client was told of any wallet. A read that is sent later must show it, whichever server
//! answers.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use uuid::Uuid;

use crate::history::Newest;

/// The newest of each wallet that an answer of HTTP has told.
#[derive(Default)]
pub struct Told(Mutex<HashMap<Uuid, Newest>>);

impl Told {
    /// Takes note of what HTTP said of a row that is posted.
    pub fn hear(&self, id: Uuid, body: &Value) {
        let side = |name: &str| body[name].as_str()?.parse::<Uuid>().ok();
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source_id) = side("source_id") {
            let source = told.entry(source_id).or_default();
            let version = body["source_version"].as_i64().unwrap_or(0);
            source.version = source.version.max(version);
        }
        for side in ["source_id", "target_id"].into_iter().filter_map(side) {
            told.entry(side).or_default().transfer = Some(id);
        }
    }

    /// What was told of a wallet so far.
    pub fn of(&self, wallet: Uuid) -> Newest {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(&wallet).copied().unwrap_or_default()
    }
}
