//! The relay's step: from the outbox to the broker and the wallet cache.

use std::mem;
use std::sync::Arc;
use std::time::Instant;

use remit::redis::wallet_cache::{NotTold, WalletCache};

use crate::broker::Broker;
use crate::contract::{self, OutboxEvent, Session};
use crate::error::Error;
use crate::floor::{Floor, Look, Task};
use crate::publisher::Publisher;
use crate::{event, wallet_changes};

/// Holds that expire in a step, once a second. Each costs about as much as a transfer.
const EXPIRIES_MAX: i32 = 1_000;

/// What a step found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// There was nothing to publish: the outbox was empty, or what is in it is held.
    Empty,
    /// So many events were published, and confirmed. They are removed, or will be while the next
    /// ones are published.
    Events(usize),
}

/// What a read of the outbox found, and how it went.
struct Read {
    events: Vec<OutboxEvent>,
    look: Look,
}

/// The lead, with a connection to each side.
pub struct Drain {
    pub session: Arc<Session>,
    pub publisher: Publisher,
    pub cache: WalletCache,
    /// Events of the last step that are still to be removed: the next one does that while it
    /// publishes.
    confirmed: Vec<OutboxEvent>,
    /// The next events, where the last step has read them already.
    ahead: Vec<OutboxEvent>,
    /// Whether the last report said that all is well, as does the beginning of a lead.
    said_well: bool,
    /// From where it reads the outbox.
    pub floor: Floor,
}

impl Drain {
    /// With nothing done yet.
    pub fn new(session: Arc<Session>, broker: Broker, cache: WalletCache) -> Self {
        let now = Instant::now();
        Self {
            session,
            publisher: Publisher::new(broker, now),
            cache,
            confirmed: Vec::new(),
            ahead: Vec::new(),
            said_well: true,
            floor: Floor::new(now),
        }
    }

    /// Publishes the oldest events and removes them from the outbox. Each second, it first writes
    /// which holds have expired, so that their events go out in time. Where there are more than it
    /// can publish at a time, PostgreSQL and the broker work side by side: it removes what the last
    /// step has published, and reads what the next one will. What the broker refuses is held.
    ///
    /// # Errors
    /// A connection was lost. What was confirmed before that is removed; all that is left will be
    /// published again, by another `Drain`.
    pub async fn drain_once(&mut self) -> Result<Drained, Error> {
        let is_second_over = match self.publisher.tend().await {
            Ok(is_over) => is_over,
            Err(error) => {
                self.settle(&self.confirmed).await?;
                return Err(error);
            }
        };
        if is_second_over {
            self.report().await?;
        }
        if self.publisher.broker.is_blocked() {
            let confirmed = mem::take(&mut self.confirmed);
            self.settle(&confirmed).await?;
            return Ok(Drained::Empty);
        }
        // The floor cannot rise above what is held.
        if self.publisher.held.is_empty() || is_second_over {
            self.tend_floor().await?;
        }
        if is_second_over {
            contract::holds_expire(&self.session, EXPIRIES_MAX).await?;
        }
        let (events, is_fresh) = self.next().await?;
        let Some(last) = events.last() else {
            return Ok(Drained::Empty);
        };
        self.floor.published(last.id);
        let earlier = mem::take(&mut self.confirmed);
        let changes = events.iter().flat_map(wallet_changes::of_event);
        // Side by side: a Redis that is away costs the broker no time.
        let (refusals, written, read) = tokio::join!(
            self.publisher.publish(&events),
            self.cache.write_anew(changes),
            self.settle_and_read(&earlier, &events, is_fresh),
        );
        let (confirmed, interrupted) = self.publisher.judge(events, refusals).await;
        for event in &confirmed {
            log_published(event);
        }
        let count = confirmed.len();
        // They are published again, with their write.
        written.map_err(|NotTold(cause)| Error::Cache(cause))?;
        if let Some(interrupted) = interrupted {
            // What was not decided comes before what was read ahead.
            self.ahead.clear();
            self.settle(&confirmed).await?;
            self.publisher.recover(interrupted).await?;
            return Ok(Drained::Events(count));
        }
        if let Some(read) = read? {
            self.ahead = self.take(read);
        }
        if self.ahead.is_empty() {
            self.settle(&confirmed).await?;
        } else {
            self.confirmed = confirmed;
        }
        Ok(Drained::Events(count))
    }

    /// Tells PostgreSQL what operators ask for there. Each second while something is wrong, and so
    /// that this session is not taken for a silent one.
    async fn report(&mut self) -> Result<(), Error> {
        let blocked = self.publisher.broker.is_blocked();
        let aside = self.publisher.held.aside();
        let is_well = !blocked && aside.is_empty();
        if !(is_well && self.said_well) {
            contract::relay_report(&self.session, blocked, &aside).await?;
        }
        self.said_well = is_well;
        Ok(())
    }

    /// Removes what the last step has published.
    ///
    /// # Errors
    /// The connection was lost: it will be published again.
    pub async fn finish(self) -> Result<Broker, Error> {
        self.settle(&self.confirmed).await?;
        Ok(self.publisher.broker)
    }

    /// What to publish now, and whether it is so for the first time.
    async fn next(&mut self) -> Result<(Vec<OutboxEvent>, bool), Error> {
        let due = self.publisher.due();
        if !due.is_empty() {
            return Ok((due, false));
        }
        let ahead = mem::take(&mut self.ahead);
        if !ahead.is_empty() || self.publisher.held.is_full() {
            return Ok((ahead, true));
        }
        let read = self.read(&[]).await?;
        Ok((self.take(read), true))
    }

    /// Removes earlier events and reads those after a whole batch. After less than that come only
    /// some that are new: they wait until there are more.
    async fn settle_and_read(
        &self,
        earlier: &[OutboxEvent],
        batch: &[OutboxEvent],
        is_fresh: bool,
    ) -> Result<Option<Read>, Error> {
        self.settle(earlier).await?;
        if !is_fresh || batch.len() < self.publisher.batch_max || self.publisher.held.is_full() {
            return Ok(None);
        }
        Ok(Some(self.read(batch).await?))
    }

    /// The oldest events but those of a batch and those that are held.
    async fn read(&self, batch: &[OutboxEvent]) -> Result<Read, Error> {
        let limit = i32::try_from(self.publisher.batch_max).expect("it is at most the constant");
        let held = batch
            .iter()
            .map(|event| event.id)
            .chain(self.publisher.held.ids());
        let held: Vec<i64> = held.collect();
        let began = Instant::now();
        let floor_id = self.floor.read_from(began);
        let events = contract::outbox_read(&self.session, limit, &held, floor_id).await?;
        let look = Look {
            first_id: events.first().map(|event| event.id),
            began,
            took: began.elapsed(),
        };
        Ok(Read { events, look })
    }

    /// The events of a read, of which the floor is told, but those that must wait.
    fn take(&mut self, read: Read) -> Vec<OutboxEvent> {
        self.floor.looked(read.look);
        self.publisher.held.admit(read.events)
    }

    async fn tend_floor(&mut self) -> Result<(), Error> {
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

    async fn settle(&self, events: &[OutboxEvent]) -> Result<(), Error> {
        let ids = events.iter().map(|event| (event.ledger_id, event.id));
        for (ledger_id, ids) in event::by_ledger(ids) {
            contract::outbox_settle(&self.session, ledger_id, &ids).await?;
        }
        Ok(())
    }
}

fn log_published(event: &OutboxEvent) {
    tracing::info!(
        event_id = %event.event_id,
        "type" = event.kind,
        subject_id = %event.subject_id,
        request_id = event.request_id,
        "event published"
    );
}
