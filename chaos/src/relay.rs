//! Finds out when the relay is at work again: an event leaves the outbox only once the broker has confirmed it.

use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use crate::books::Owner;
use crate::stage::Stage;

const INTERVAL_MS: u64 = 20;
/// A PostgreSQL that stands still takes a question and says nothing.
const CALL_S_MAX: u64 = 1;

/// Watches the event that waits for longest in the outbox. Where none waits, it is the next one that is seen there.
pub struct Watch<'a> {
    stage: &'a Stage,
    owner: Option<Owner>,
    /// Its id, and when it was first seen.
    event: Option<(i64, Instant)>,
}

impl<'a> Watch<'a> {
    /// Begins with the next look.
    pub fn new(stage: &'a Stage) -> Self {
        Self {
            stage,
            owner: None,
            event: None,
        }
    }

    /// When the event was first seen.
    pub fn seen_at(&self) -> Option<Instant> {
        self.event.map(|(_, seen_at)| seen_at)
    }

    /// Looks whether the event has left, a little after the last look. While PostgreSQL is away nobody can tell.
    pub async fn is_gone(&mut self) -> bool {
        sleep(Duration::from_millis(INTERVAL_MS)).await;
        match timeout(Duration::from_secs(CALL_S_MAX), self.look()).await {
            Ok(Ok(is_gone)) => is_gone,
            Ok(Err(_)) | Err(_) => {
                self.owner = None;
                false
            }
        }
    }

    async fn look(&mut self) -> Result<bool, String> {
        let owner = match &mut self.owner {
            Some(owner) => owner,
            none => none.insert(self.stage.owner().await?),
        };
        let text = |error: tokio_postgres::Error| error.to_string();
        match self.event {
            Some((id, _)) => owner.outbox_has(id).await.map(|has| !has).map_err(text),
            None => {
                let oldest = owner.outbox_oldest().await.map_err(text)?;
                self.event = oldest.map(|id| (id, Instant::now()));
                Ok(false)
            }
        }
    }
}
