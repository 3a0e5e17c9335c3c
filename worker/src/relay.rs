//! The relay: publishes the outbox to the broker, at least once, in order per wallet.
//!
//! An event leaves the outbox only when the broker has confirmed it and had a queue for it. Whatever
//! goes wrong before that, the relay starts again at the oldest event that is left, so an event may be
//! published more than once and consumers drop duplicates by its id (the `message_id`).
//!
//! Events are published in order of their ids, which for one wallet is the order of its versions. So
//! the first message of each event arrives in order, with one exception: when the broker refuses a
//! message in the middle of a batch and takes a later one, the later one is seen first, and again after
//! the refused one. The versions in the events tell their order in any case.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lapin::BasicProperties;
use lapin::types::ShortString;
use lapin::uri::AMQPUri;
use remit::wallet_cache::WalletCache;
use tokio_postgres::Config;
use uuid::Uuid;

use crate::backoff::Reconnect;
use crate::broker::{Broker, Message, Refusals};
use crate::contract::{Outbox, OutboxEvent};
use crate::error::Error;
use crate::shutdown::Shutdown;
use crate::{event, topology, wallet_changes};

/// How many events are published at a time.
const BATCH_MAX: i32 = 500;
/// How often an empty outbox is looked into.
///
/// Not LISTEN and NOTIFY: a notification takes a lock of the whole server at commit, which would queue
/// up all transfers, and one that is missed while the connection is away needs this query anyway.
const POLL_MS: u64 = 50;
/// How often a relay that stands by tries to take the lead.
const STANDBY_MS: u64 = 1_000;

/// What a relay needs.
pub struct Relay {
    pub postgres: Config,
    pub broker: AMQPUri,
    pub cache: Arc<WalletCache>,
}

/// What a step found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// The outbox was empty.
    Empty,
    /// So many events were published and removed.
    Events(usize),
}

/// The lead, with a connection to each side.
pub struct Session {
    outbox: Outbox,
    broker: Broker,
    cache: Arc<WalletCache>,
}

impl Relay {
    /// Relays until the shutdown; finishes the batch in hand.
    pub async fn run(&self, mut shutdown: Shutdown) {
        let sessions = async {
            let mut reconnect = Reconnect::new("relay");
            while let Err(error) = self.serve(&mut shutdown, &mut reconnect).await {
                if reconnect.wait(&error, &mut shutdown).await {
                    break;
                }
            }
        };
        tokio::select! {
            () = sessions => {}
            () = self.cache.repair() => {}
        }
        tracing::info!("relay stopped");
    }

    /// One session: waits for the lead, then drains the outbox until the shutdown.
    async fn serve(&self, shutdown: &mut Shutdown, reconnect: &mut Reconnect) -> Result<(), Error> {
        let outbox = Outbox::connect(&self.postgres).await?;
        let mut stands_by = false;
        while !outbox.relay_lead().await? {
            if !stands_by {
                tracing::info!("another relay leads, standing by");
                stands_by = true;
            }
            if shutdown.sleep(Duration::from_millis(STANDBY_MS)).await {
                return Ok(());
            }
        }
        let session = self.lead(outbox).await?;
        tracing::info!("relay leads");
        while !shutdown.is_requested() {
            let drained = session.drain_once().await?;
            reconnect.reset();
            if drained == Drained::Empty {
                shutdown.sleep(Duration::from_millis(POLL_MS)).await;
            }
        }
        session.broker.close().await;
        Ok(())
    }

    /// Connects to the broker with a session that has the lead.
    ///
    /// # Errors
    /// The broker is away or refuses the topology.
    pub async fn lead(&self, outbox: Outbox) -> Result<Session, Error> {
        let broker = Broker::connect(&self.broker, "remit relay").await?;
        topology::declare(&broker.channel).await?;
        let cache = Arc::clone(&self.cache);
        Ok(Session {
            outbox,
            broker,
            cache,
        })
    }
}

impl Session {
    /// Publishes the oldest events and removes them from the outbox.
    ///
    /// # Errors
    /// A connection was lost, or the broker refused an event. What was confirmed before the first
    /// refused event is removed; all that is left will be published again.
    pub async fn drain_once(&self) -> Result<Drained, Error> {
        if !self.broker.is_connected() {
            return Err(Error::Disconnected);
        }
        let events = self.outbox.outbox_read(BATCH_MAX).await?;
        if events.is_empty() {
            return Ok(Drained::Empty);
        }
        let messages = events.iter().map(message).collect();
        let changes = events.iter().flat_map(wallet_changes::of_event);
        // Side by side: a Redis that is away costs the broker no time.
        let (refusals, ()) = tokio::join!(self.broker.publish(messages), self.cache.write(changes));
        let refusals = refusals?;
        let confirmed = &events[..confirmed_prefix(&events, &refusals)];
        for event in confirmed {
            log_published(event);
        }
        self.settle(confirmed).await?;
        refusals.none()?;
        Ok(Drained::Events(confirmed.len()))
    }

    async fn settle(&self, events: &[OutboxEvent]) -> Result<(), Error> {
        let mut ids_by_ledger: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for event in events {
            ids_by_ledger
                .entry(event.ledger_id)
                .or_default()
                .push(event.id);
        }
        for (ledger_id, ids) in ids_by_ledger {
            self.outbox.outbox_settle(ledger_id, &ids).await?;
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

/// How many events the broker took before the first one that it refused. Only these leave the outbox, so
/// that the ones after a refused one are published again after it.
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
