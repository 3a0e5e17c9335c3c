//! Finds out when the relay is at work again: an event leaves the outbox only once the broker has confirmed it.

use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use crate::books::Owner;
use crate::stage::Stage;

const WAIT_S_MAX: u64 = 30;
const INTERVAL_MS: u64 = 20;
/// A PostgreSQL that stands still takes a question and says nothing.
const CALL_S_MAX: u64 = 1;

/// How long it takes until the event that now waits for longest is gone from the outbox. Where none waits, it is the
/// next one that is seen there.
pub async fn oldest_event(stage: &Stage) -> Duration {
    let start = Instant::now();
    let mut watch = Watch {
        stage,
        owner: None,
        event: None,
    };
    while start.elapsed() < Duration::from_secs(WAIT_S_MAX) {
        match timeout(Duration::from_secs(CALL_S_MAX), watch.is_gone()).await {
            Ok(Ok(true)) => break,
            Ok(Ok(false)) => {}
            // PostgreSQL is away, and the session with it.
            Ok(Err(_)) | Err(_) => watch.owner = None,
        }
        sleep(Duration::from_millis(INTERVAL_MS)).await;
    }
    start.elapsed()
}

struct Watch<'a> {
    stage: &'a Stage,
    owner: Option<Owner>,
    event: Option<i64>,
}

impl Watch<'_> {
    async fn is_gone(&mut self) -> Result<bool, String> {
        let owner = match &mut self.owner {
            Some(owner) => owner,
            none => none.insert(self.stage.owner().await?),
        };
        let text = |error: tokio_postgres::Error| error.to_string();
        match self.event {
            Some(id) => owner.outbox_has(id).await.map(|has| !has).map_err(text),
            None => {
                self.event = owner.outbox_oldest().await.map_err(text)?;
                Ok(false)
            }
        }
    }
}
