//! The relay's step: from the outbox to the broker and the wallet cache.

use std::mem;
use std::sync::Arc;
use std::time::Instant;

use lapin::BasicProperties;
use lapin::types::ShortString;
use remit::redis::wallet_cache::{NotTold, WalletCache};
use uuid::Uuid;

use crate::broker::{Broker, Message, Refusals};
use crate::contract::{self, OutboxEvent, Session};
use crate::error::Error;
use crate::floor::{Floor, Look, Task};
use crate::{event, topology, wallet_changes};

/// How many events are published at a time.
pub const BATCH_MAX: usize = 500;

/// What a step found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// The outbox was empty.
    Empty,
    /// So many events were published. They are removed, or will be while the next ones are
    /// published.
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
    pub broker: Broker,
    pub cache: WalletCache,
    /// Events of the last step that are still to be removed: the next one does that while it
    /// publishes.
    confirmed: Vec<OutboxEvent>,
    /// The next events, where the last step has read them already.
    ahead: Vec<OutboxEvent>,
    /// From where it reads the outbox.
    pub floor: Floor,
}

impl Drain {
    /// With nothing done yet.
    pub fn new(session: Arc<Session>, broker: Broker, cache: WalletCache) -> Self {
        Self {
            session,
            broker,
            cache,
            confirmed: Vec::new(),
            ahead: Vec::new(),
            floor: Floor::new(Instant::now()),
        }
    }

    /// Publishes the oldest events and removes them from the outbox. Where there are more than it
    /// can publish at a time, PostgreSQL and the broker work side by side: it removes what the last
    /// step has published, and reads what the next one will.
    ///
    /// # Errors
    /// A connection was lost, or the broker refused an event. What was confirmed before the first
    /// refused event is removed; all that is left will be published again, by another `Drain`.
    pub async fn drain_once(&mut self) -> Result<Drained, Error> {
        if !self.broker.is_connected() {
            self.settle(&self.confirmed).await?;
            return Err(Error::Disconnected);
        }
        self.tend_floor().await?;
        let events = if self.ahead.is_empty() {
            let read = self.read(&[]).await?;
            self.take(read)
        } else {
            mem::take(&mut self.ahead)
        };
        let Some(last) = events.last() else {
            return Ok(Drained::Empty);
        };
        self.floor.published(last.id);
        let earlier = mem::take(&mut self.confirmed);
        let messages = events.iter().map(message).collect();
        let changes = events.iter().flat_map(wallet_changes::of_event);
        // Side by side: a Redis that is away costs the broker no time.
        let (refusals, written, ahead) = tokio::join!(
            self.broker.publish(messages),
            self.cache.write_anew(changes),
            self.settle_and_read(&earlier, &events),
        );
        let refusals = refusals?;
        let mut confirmed = events;
        confirmed.truncate(confirmed_prefix(&confirmed, &refusals));
        for event in &confirmed {
            log_published(event);
        }
        let count = confirmed.len();
        // They are published again, with their write.
        written.map_err(|NotTold(cause)| Error::Cache(cause))?;
        if let Err(refused) = refusals.none() {
            self.settle(&confirmed).await?;
            return Err(refused);
        }
        self.ahead = match ahead? {
            Some(read) => self.take(read),
            None => Vec::new(),
        };
        if self.ahead.is_empty() {
            self.settle(&confirmed).await?;
        } else {
            self.confirmed = confirmed;
        }
        Ok(Drained::Events(count))
    }

    /// Removes what the last step has published.
    ///
    /// # Errors
    /// The connection was lost: it will be published again.
    pub async fn finish(self) -> Result<Broker, Error> {
        self.settle(&self.confirmed).await?;
        Ok(self.broker)
    }

    /// Removes earlier events and reads those after a whole batch. After less than that come only
    /// some that are new: they wait until there are more.
    async fn settle_and_read(
        &self,
        earlier: &[OutboxEvent],
        batch: &[OutboxEvent],
    ) -> Result<Option<Read>, Error> {
        self.settle(earlier).await?;
        if batch.len() < BATCH_MAX {
            return Ok(None);
        }
        let held: Vec<i64> = batch.iter().map(|event| event.id).collect();
        Ok(Some(self.read(&held).await?))
    }

    async fn read(&self, held: &[i64]) -> Result<Read, Error> {
        let limit = i32::try_from(BATCH_MAX).expect("the constant is small");
        let began = Instant::now();
        let floor_id = self.floor.read_from(began);
        let events = contract::outbox_read(&self.session, limit, held, floor_id).await?;
        let look = Look {
            first_id: events.first().map(|event| event.id),
            began,
            took: began.elapsed(),
        };
        Ok(Read { events, look })
    }

    /// The events of a read, of which the floor is told.
    fn take(&mut self, read: Read) -> Vec<OutboxEvent> {
        self.floor.looked(read.look);
        read.events
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

fn message(event: &OutboxEvent) -> Message {
    let mut properties = BasicProperties::default()
        .with_message_id(event.event_id.to_string().into())
        .with_type(event::full_type(&event.kind).into())
        .with_content_type(event::CONTENT_TYPE.into())
        .with_timestamp(u64::try_from(event.created_at.unix_timestamp()).unwrap_or(0));
    // A request id from psql can be of any length, a property has at most 255 bytes.
    let request_id = event.request_id.as_deref().map(ShortString::try_new);
    if let Some(Ok(request_id)) = request_id {
        properties = properties.with_correlation_id(request_id);
    }
    Message {
        exchange: topology::EVENTS,
        routing_key: event.kind.clone(),
        properties,
        body: event::encode(event),
    }
}

/// How many events the broker took before the first one that it refused. Only these leave the
/// outbox, so that the ones after a refused one are published again after it.
fn confirmed_prefix(events: &[OutboxEvent], refusals: &Refusals) -> usize {
    let nacked = refusals.nacked.iter().copied();
    let returned = refusals.returned.iter().map(|returned| {
        let id = returned.message_id.parse::<Uuid>().ok();
        // What cannot be told to be a later event counts as the first.
        events
            .iter()
            .position(|event| Some(event.event_id) == id)
            .unwrap_or(0)
    });
    nacked.chain(returned).min().unwrap_or(events.len())
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

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::broker::Returned;

    fn events(count: u128) -> Vec<OutboxEvent> {
        (0..count)
            .map(|number| OutboxEvent {
                ledger_id: 1,
                id: 1,
                event_id: Uuid::from_u128(number),
                kind: "transfer.posted".to_owned(),
                subject_id: Uuid::nil(),
                request_id: Some("x".repeat(256)),
                data: None,
                created_at: OffsetDateTime::UNIX_EPOCH,
            })
            .collect()
    }

    fn returned(message_id: String) -> Returned {
        Returned {
            message_id,
            code: 312,
            text: "NO_ROUTE".to_owned(),
        }
    }

    #[test]
    fn only_what_comes_before_the_first_refusal_is_settled() {
        let events = events(5);
        let prefix = |nacked: &[usize], returned: Vec<Returned>| {
            confirmed_prefix(
                &events,
                &Refusals {
                    nacked: nacked.to_vec(),
                    returned,
                },
            )
        };
        assert_eq!(prefix(&[], vec![]), 5);
        assert_eq!(prefix(&[4, 2], vec![]), 2);
        assert_eq!(
            prefix(&[4], vec![returned(Uuid::from_u128(3).to_string())]),
            3
        );
        assert_eq!(
            prefix(&[], vec![returned(Uuid::from_u128(9).to_string())]),
            0
        );
        assert_eq!(prefix(&[], vec![returned(String::new())]), 0);
    }

    #[test]
    fn a_request_id_that_is_too_long_for_a_property_is_left_out_of_it() {
        let message = message(&events(1)[0]);
        assert!(message.properties.correlation_id().is_none());
    }
}
