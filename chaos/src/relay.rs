//! Finds out when the relay is at work again: the broker's cursor passes an event only once the
//! broker has confirmed it.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::books::Waiting;
use crate::look::Look;
use crate::stage::Stage;

const INTERVAL_MS: u64 = 20;
const LOOK_MS_MAX: u64 = 1_000;

/// Watches the event that waits for longest. Where none waits, it is the next one that does.
pub struct Watch<'a> {
    look: Look<'a>,
    /// Where it is, and when it was first seen.
    event: Option<(Waiting, Instant)>,
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

    /// Looks whether the broker has the event, a little after the last look. While PostgreSQL is
    /// away nobody can tell.
    pub async fn is_gone(&mut self) -> bool {
        sleep(Duration::from_millis(INTERVAL_MS)).await;
        if let Some((waiting, seen_at)) = self.event {
            let still = self
                .look
                .ask(async |owner| owner.still_waits(waiting).await);
            return match still.await {
                Some(Some(waiting)) => {
                    self.event = Some((waiting, seen_at));
                    false
                }
                Some(None) => true,
                None => false,
            };
        }
        let oldest = self.look.ask(async |owner| owner.oldest().await);
        let oldest = oldest.await.flatten();
        self.event = oldest.map(|waiting| (waiting, Instant::now()));
        false
    }
}
