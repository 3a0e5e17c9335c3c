//! Waits for what another session holds: a row, an id or a table, such as that of an operator's
//! open transaction.
//!
//! A call that waits has a connection, which others may need. So it waits for
//! `BRIEF_LOCK_TIMEOUT_MS` only and then lets the connection go. It is made again until it has
//! waited for `HELD_MS_MAX`. However many calls are made again, they have `AGAIN_CONNECTIONS_MAX`
//! connections at a time, and go in turn.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, timeout_at};

use crate::sql::failure::Failure;

/// How long a call waits for what another session holds: `LOCK_TIMEOUT_MS` of other pools.
const HELD_MS_MAX: u64 = 2_000;
/// After what time, or later, a call is made again.
const HELD_STEP_MS: u64 = 20;
/// Connections for calls that are made again; the pool of these calls has more.
const AGAIN_CONNECTIONS_MAX: usize = 2;

/// The turns of calls that are made again.
pub struct Patience(Semaphore);

impl Default for Patience {
    fn default() -> Self {
        Self(Semaphore::new(AGAIN_CONNECTIONS_MAX))
    }
}

/// The wait of one call.
pub struct Wait<'a> {
    /// None: it does not wait.
    turns: Option<&'a Semaphore>,
    turn: Option<SemaphorePermit<'a>>,
    until: Instant,
}

impl<'a> Wait<'a> {
    /// Begins with the call.
    pub fn new(patience: Option<&'a Patience>) -> Self {
        Self {
            turns: patience.map(|patience| &patience.0),
            turn: None,
            until: Instant::now() + Duration::from_millis(HELD_MS_MAX),
        }
    }

    /// Whether to make a call again that has this result. If so, first waits for its turn, which
    /// lasts until this is asked again.
    ///
    /// PostgreSQL has undone what a call did that met a lock, so any call may be made again.
    pub async fn is_on<T>(&mut self, result: &Result<T, Failure>) -> bool {
        self.turn = None;
        let (Some(turns), Err(Failure::Locked | Failure::IdHeld)) = (self.turns, result) else {
            return false;
        };
        let turn = async {
            sleep(Duration::from_millis(HELD_STEP_MS)).await;
            turns.acquire().await.ok()
        };
        self.turn = timeout_at(self.until, turn).await.ok().flatten();
        self.turn.is_some()
    }
}
