//! From the outbox to the logs and the wallet cache, and back from the logs for the broker.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use remit::redis::wallet_cache::{NotTold, WalletCache};
use remit::types::Event;

use crate::backlog::{BROKER, Backlog, Next};
use crate::contract::{self, Cursor, Session};
use crate::error::Error;
use crate::floor::{Floor, Look, Task};
use crate::held::Held;
use crate::metrics::{Metrics, Outcome, Taker};
use crate::wallet_changes;

/// Holds that expire at a time. Each costs about as much as a transfer.
const EXPIRIES_MAX: i32 = 1_000;
/// Rows of the outbox that are appended at a time.
const ROWS_MAX: i32 = 500;
/// The channel of the wallet cache's cursors.
const CACHE: &str = "cache";
/// Events of a page of the log.
const PAGE_MAX: usize = 500;

/// What appends, on the session that has the lead.
pub struct Intake {
    pub session: Arc<Session>,
    /// From where it reads the outbox.
    pub floor: Floor,
    pub backlog: Backlog,
    pub metrics: Arc<Metrics>,
    cache: WalletCache,
    /// By ledger, where the wallet cache's cursors go with the next append.
    cache_reached: BTreeMap<i64, i64>,
}

impl Intake {
    /// With what the relays before it have left: tells the wallet cache what it was not told.
    ///
    /// # Errors
    /// A connection was lost.
    pub async fn new(
        session: Arc<Session>,
        cache: WalletCache,
        metrics: Arc<Metrics>,
    ) -> Result<Self, Error> {
        let behind = contract::cursors_behind(&session, BROKER).await?;
        let intake = Self {
            floor: Floor::new(Instant::now()),
            backlog: Backlog::new(behind),
            metrics,
            cache,
            cache_reached: BTreeMap::new(),
            session,
        };
        for cursor in contract::cursors_behind(&intake.session, CACHE).await? {
            intake.catch_up(cursor).await?;
        }
        Ok(intake)
    }

    /// Appends the oldest events of the outbox to the logs of their ledgers, and tells the wallet
    /// cache what they change. The broker's cursors move by the way.
    ///
    /// # Errors
    /// The connection was lost, or the wallet cache could not be told.
    pub async fn append(&mut self, held: Option<&Held>) -> Result<(), Error> {
        let cursors = self.cursors(held);
        let began = Instant::now();
        let floor_id = self.floor.read_from(began);
        let events = contract::outbox_append(&self.session, ROWS_MAX, floor_id, &cursors).await?;
        self.backlog.told(&cursors);
        self.cache_reached.clear();
        self.floor.looked(Look {
            first_id: events.iter().map(Event::number).min(),
            began,
            took: began.elapsed(),
        });
        let Some(last) = events.iter().map(Event::number).max() else {
            return Ok(());
        };
        self.floor.published(last);
        for block in events.chunk_by(|one, next| one.ledger_id == next.ledger_id) {
            self.metrics.appended(block.len());
            let last = &block[block.len() - 1];
            self.cache_reached.insert(last.ledger_id, last.position);
        }
        let written = self.tell_cache(&events).await;
        self.backlog.appended(events);
        written
    }

    /// Writes which holds have expired, so that their events go out in time, and lets the floor
    /// rise.
    ///
    /// # Errors
    /// The connection was lost.
    pub async fn tend(&mut self) -> Result<(), Error> {
        let expired = contract::holds_expire(&self.session, EXPIRIES_MAX).await?;
        self.metrics.holds_expired(expired);
        match self.floor.task() {
            Task::Nothing => {}
            Task::Mark => self
                .floor
                .marked(contract::outbox_mark(&self.session).await?),
            Task::Rise { floor_id, mark } => {
                if let Some(id) = contract::outbox_rise(&self.session, floor_id, mark).await? {
                    self.floor.risen(id);
                }
            }
        }
        Ok(())
    }

    /// The next events for the broker, at most so many.
    ///
    /// # Errors
    /// The connection was lost.
    pub async fn next(&mut self, limit: usize) -> Result<Vec<Event>, Error> {
        if let Next::Read { ledger_id, after } = self.backlog.next() {
            let page_max = i32::try_from(PAGE_MAX).expect("it is the constant");
            let page = contract::log_read(&self.session, ledger_id, after, page_max).await?;
            self.backlog.read(ledger_id, page, PAGE_MAX);
        }
        Ok(self.backlog.take(limit))
    }

    /// Moves the cursors to what was confirmed.
    ///
    /// # Errors
    /// The connection was lost: it will be published again.
    pub async fn finish(&self, held: Option<&Held>) -> Result<(), Error> {
        contract::cursors_confirm(&self.session, &self.cursors(held)).await?;
        Ok(())
    }

    /// The cursors that PostgreSQL is to be told.
    fn cursors(&self, held: Option<&Held>) -> Vec<Cursor> {
        let first_held = |ledger_id| held.and_then(|held| held.first_of(ledger_id));
        let mut cursors = self.backlog.cursors(first_held);
        let cache = self.cache_reached.iter();
        cursors
            .extend(cache.map(|(&ledger_id, &position)| Cursor::new(ledger_id, CACHE, position)));
        cursors
    }

    /// Tells the wallet cache what it was not told of a ledger.
    async fn catch_up(&self, mut cursor: Cursor) -> Result<(), Error> {
        let page_max = i32::try_from(PAGE_MAX).expect("it is the constant");
        loop {
            let (ledger_id, after) = (cursor.ledger_id, cursor.position);
            let page = contract::log_read(&self.session, ledger_id, after, page_max).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            cursor.position = last.position;
            self.tell_cache(&page).await?;
            contract::cursors_confirm(&self.session, std::slice::from_ref(&cursor)).await?;
        }
    }

    async fn tell_cache(&self, events: &[Event]) -> Result<(), Error> {
        let changes: Vec<_> = events.iter().flat_map(wallet_changes::of_event).collect();
        let count = changes.len();
        let written = self.cache.write_anew(changes).await;
        let outcome = match written {
            Ok(()) => Outcome::Delivered,
            Err(_) => Outcome::Failed,
        };
        self.metrics.delivered(Taker::Cache, outcome, count);
        written.map_err(|NotTold(cause)| Error::Cache(cause))
    }
}
