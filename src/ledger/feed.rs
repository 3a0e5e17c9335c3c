//! The feed: the events of ledgers' logs, for readers that may wait for those to come.

use std::sync::Arc;

use time::OffsetDateTime;

use crate::base::metrics::Metrics;
use crate::ledger::NoResult;
use crate::ledger::feed::seats::{NoSeat, Seat, Seats};
use crate::ledger::feed::tails::Tails;
use crate::ledger::key_ring::KeyRing;
use crate::sql::contract;
use crate::sql::database::Database;
use crate::sql::failure::Failure;
use crate::types::{ApiKey, Caller, EventPage};

pub mod seats;
mod tails;

/// The logs of all ledgers, and who waits at their ends.
pub struct Feed {
    database: Arc<Database>,
    keys: Arc<KeyRing>,
    tails: Arc<Tails>,
    seats: Arc<Seats>,
}

impl Feed {
    /// Starts the task that looks at the ends of the logs.
    pub fn start(database: Arc<Database>, keys: Arc<KeyRing>, metrics: Arc<Metrics>) -> Arc<Self> {
        let tails = Arc::new(Tails::default());
        tokio::spawn(Arc::clone(&tails).follow(Arc::clone(&database)));
        Arc::new(Self {
            database,
            keys,
            tails,
            seats: Arc::new(Seats::new(metrics)),
        })
    }

    /// The events after a position, of these types or of all.
    ///
    /// # Errors
    /// Those of `events_get`.
    pub async fn page(
        &self,
        caller: &Caller,
        after: i64,
        limit: i32,
        types: Option<&[String]>,
    ) -> Result<EventPage, Failure> {
        contract::events_get(&self.database, caller, after, limit, types).await
    }

    /// The position after which no event of a moment, or of a later one, is missed.
    ///
    /// # Errors
    /// Those of `event_position_at`.
    pub async fn before(&self, caller: &Caller, moment: OffsetDateTime) -> Result<i64, Failure> {
        let first = contract::event_position_at(&self.database, caller, moment).await?;
        Ok(first - 1)
    }

    /// Lets a reader wait, until its seat is dropped.
    ///
    /// # Errors
    /// There are too many.
    pub fn seat(&self, caller: &Caller) -> Result<Seat, NoSeat> {
        Seats::take(&self.seats, caller.key_id)
    }

    /// Waits until the log has an event after a position.
    pub async fn beyond(&self, ledger_id: i64, position: i64) {
        self.tails.beyond(ledger_id, position).await;
    }

    /// Whether the key of a reader that is still there is still valid, as far as this server knows.
    pub async fn admits(&self, caller: &Caller) -> bool {
        let key = ApiKey {
            ledger_id: caller.ledger_id,
            digest: caller.key_sha256,
        };
        let found: Result<_, NoResult> = self.keys.caller(key).await;
        matches!(found, Ok(Some(_)))
    }
}
