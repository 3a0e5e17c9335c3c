//! What any client was told of any wallet. A read that is sent later must show it, whichever server
//! answers.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use uuid::Uuid;

use crate::history::{Answer, Newest};

/// The newest of each wallet that an answer of HTTP has told.
#[derive(Default)]
pub struct Told(Mutex<HashMap<Uuid, Newest>>);

impl Told {
    /// Takes note of an answer to a transfer between two wallets.
    pub fn hear(&self, transfer: Uuid, sides: [Uuid; 2], answer: &Answer) {
        if answer.status != 201 {
            return;
        }
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let source = told.entry(sides[0]).or_default();
        source.version = source
            .version
            .max(body["source_version"].as_i64().unwrap_or(0));
        for side in sides {
            told.entry(side).or_default().transfer = Some(transfer);
        }
    }

    /// What was told of a wallet so far.
    pub fn of(&self, wallet: Uuid) -> Newest {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(&wallet).copied().unwrap_or_default()
    }
}
