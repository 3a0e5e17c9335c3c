//! Finds out when the relay is at work again: an event leaves the outbox only once the broker has
//! confirmed it.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::look::Look;
use crate::stage::Stage;

const INTERVAL_MS: u64 = 20;
const LOOK_MS_MAX: u64 = 1_000;

/// Watches the event that waits for longest in the outbox. Where none waits, it is the next one
/// that is seen there.
pub struct Watch<'a> {
    look: Look<'a>,
    /// Its id, and when it was first seen.
    event: Option<(i64, Instant)>,
}

impl<'a> Watch<'a> {
    /// Begins with the next look.
    pub fn new(stage: &'a Stage) -> Self {
        Self {
            look: Look::new(stage, LOOK_MS_MAX),
            event: None,
        }
    }

    /// When the event was first seen.
    pub fn seen_at(&self) -> Option<Instant> {
        self.event.map(|(_, seen_at)| seen_at)
    }

    /// Looks whether the event has left, a little after the last look. While PostgreSQL is away
    /// nobody can tell.
    pub async fn is_gone(&mut self) -> bool {
        sleep(Duration::from_millis(INTERVAL_MS)).await;
        if let Some((id, _)) = self.event {
            let has = self.look.ask(async |owner| owner.outbox_has(id).await);
            return has.await == Some(false);
        }
        let oldest = self.look.ask(async |owner| owner.outbox_oldest().await);
        let oldest = oldest.await.flatten();
        self.event = oldest.map(|id| (id, Instant::now()));
        false
    }
}
