//! The relay's side of the broker: publishes batches, and decides what comes of what is refused.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use lapin::BasicProperties;
use lapin::protocol::AMQPSoftError;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use remit::types::Event;
use uuid::Uuid;

use crate::broker::{Broker, Message};
use crate::error::Error;
use crate::held::{Held, Place, place_of};
use crate::refusals::Refusals;
use crate::{event, topology};

/// How many events are published at a time.
pub const BATCH_MAX: usize = 500;
/// How often exchange, queues and bindings are declared, so that what was deleted comes back.
const DECLARE_MS: u64 = 1_000;

/// A connection to the broker, and what it has refused.
pub struct Publisher {
    pub broker: Broker,
    pub held: Held,
    /// Fewer than `BATCH_MAX` while it looks for an event that makes the broker close the channel.
    pub batch_max: usize,
    /// When exchange, queues and bindings were declared; None where they are to be at once.
    declared_at: Option<Instant>,
    /// Whether the broker took nothing when it was asked last.
    was_blocked: bool,
}

/// What comes of a batch.
pub struct Judged {
    pub confirmed: Vec<Event>,
    /// What is published again later, on its own.
    pub held: Vec<Event>,
    /// What the broker will never take, and why.
    pub aside: Option<(Event, String)>,
    /// What the broker did not decide on, as it was interrupted.
    pub undecided: Vec<Event>,
    pub interrupted: Option<Error>,
}

impl Publisher {
    /// With nothing published yet.
    pub fn new(broker: Broker) -> Self {
        Self {
            broker,
            held: Held::new(Instant::now()),
            batch_max: BATCH_MAX,
            declared_at: None,
            was_blocked: false,
        }
    }

    /// Whether it takes further events.
    pub fn is_ready(&self) -> bool {
        !self.broker.is_blocked() && !self.held.is_full()
    }

    /// What is to be published again now.
    pub fn due(&mut self) -> Vec<Event> {
        self.held.due(Instant::now(), self.batch_max)
    }

    /// Publishes a batch in order.
    pub async fn publish(&self, batch: &[Event]) -> Refusals {
        self.broker
            .publish(batch.iter().map(message).collect())
            .await
    }

    /// What comes of a batch; holds what the broker refused.
    pub async fn judge(&mut self, mut batch: Vec<Event>, refusals: Refusals) -> Judged {
        let mut refused = refused_places(&batch, &refusals);
        let nacked = refusals.nacked.iter().filter_map(|place| batch.get(*place));
        let nacked: Vec<Event> = nacked.cloned().collect();
        if !refusals.returned.is_empty() {
            // Their queue is gone, or its binding.
            self.declared_at = None;
        }
        let now = Instant::now();
        let mut judged = Judged {
            confirmed: Vec::new(),
            held: Vec::new(),
            aside: None,
            undecided: Vec::new(),
            interrupted: None,
        };
        match refusals.undecided {
            Some((place, error)) => {
                judged.undecided = batch.split_off(place);
                if place == 0 {
                    self.blame(&mut judged, &error, now);
                }
                judged.undecided.retain(|event| !self.held.has(event));
                judged.interrupted = Some(error);
            }
            None => {
                self.batch_max = (self.batch_max * 2).min(BATCH_MAX);
                if self.held.is_out_of_patience(!nacked.is_empty(), now) {
                    for place in self.hand_to_notifier(nacked).await {
                        refused.remove(&place);
                    }
                }
            }
        }
        if let Some(first) = batch
            .iter()
            .find(|event| refused.contains(&place_of(event)))
        {
            let reason = refusals.returned.first().map_or_else(
                || "a queue is full".to_owned(),
                |returned| format!("{} {}", returned.code, returned.text),
            );
            let (event_id, count) = (first.id, refused.len());
            tracing::error!(%event_id, count, reason, "events refused");
        }
        let (confirmed, held) = self.held.sort(batch, &refused, now);
        judged.confirmed = confirmed;
        judged.held.extend(held);
        judged
    }

    /// Finds out which event made the broker close the channel: the one that does so alone.
    fn blame(&mut self, judged: &mut Judged, error: &Error, now: Instant) {
        let Some(code) = error.channel_code() else {
            return;
        };
        let undecided = &mut judged.undecided;
        if code == AMQPSoftError::NOTFOUND {
            // The exchange is gone, for which no event is to blame.
        } else if undecided.len() > 1 {
            self.batch_max = undecided.len() / 2;
        } else if let Some(event) = undecided.pop() {
            let (event_id, ledger_id) = (event.id, event.ledger_id);
            if code == AMQPSoftError::PRECONDITIONFAILED {
                tracing::error!(%event_id, ledger_id, %error, "event set aside");
                self.held.let_go(&event);
                judged.aside = Some((event, error.to_string()));
            } else {
                tracing::error!(%event_id, ledger_id, %error, "event refused");
                let refused = HashSet::from([place_of(&event)]);
                judged.held = self.held.sort(vec![event], &refused, now).1;
            }
        }
    }

    /// Publishes events that some queue refuses to the notifier's queue alone. Those that it takes
    /// were refused by a queue of a consumer, which goes without them: it may not hold up all
    /// others. Gives the places of these.
    async fn hand_to_notifier(&self, events: Vec<Event>) -> Vec<Place> {
        let messages = events.iter().map(|event| Message {
            exchange: topology::DEFAULT_EXCHANGE.into(),
            routing_key: topology::NOTIFICATIONS.to_owned(),
            ..message(event)
        });
        let refusals = self.broker.publish(messages.collect()).await;
        let refused = refused_places(&events, &refusals);
        let decided = refusals.undecided.map_or(events.len(), |(place, _)| place);
        let taken = events[..decided].iter().map(place_of);
        let taken: Vec<Place> = taken.filter(|place| !refused.contains(place)).collect();
        if !taken.is_empty() {
            let (event_id, count) = (events[0].id, taken.len());
            tracing::error!(%event_id, count, "a consumer's queue is full and goes without these events");
        }
        taken
    }

    /// Declares what may have been deleted, each second, and asks whether the broker takes
    /// messages. One that does not is left alone.
    ///
    /// # Errors
    /// The connection was lost, or something of another kind has a name of Remit's.
    pub async fn tend(&mut self) -> Result<(), Error> {
        if !self.broker.is_connected() {
            return Err(Error::Disconnected);
        }
        if self.was_blocked && !self.broker.is_blocked() {
            // On the old channel the answer to what was asked before the alarm is still to come.
            self.broker.reopen().await?;
            self.was_blocked = false;
            self.declared_at = None;
        }
        let pause = Duration::from_millis(DECLARE_MS);
        if self.declared_at.is_some_and(|at| at.elapsed() < pause) {
            return Ok(());
        }
        if self.broker.is_blocked() {
            // It reads nothing of this connection until the alarm ends, which it tells.
            self.declared_at = Some(Instant::now());
            self.was_blocked = true;
            return Ok(());
        }
        if self.held.is_waiting() {
            // The channel goes on refusing for a quorum queue whose limit was lifted.
            self.broker.reopen().await?;
        }
        match topology::declare(&self.broker.channel).await {
            Ok(()) => {
                self.was_blocked = !self.broker.takes_messages().await?;
                self.declared_at = Some(Instant::now());
                Ok(())
            }
            Err(error) => {
                let error = Error::from(error);
                // What is deleted between its declaration and its binding is declared once more.
                if error.channel_code() != Some(AMQPSoftError::NOTFOUND) {
                    return Err(error);
                }
                self.recover(error).await
            }
        }
    }

    /// Goes on after the broker has closed the channel.
    ///
    /// # Errors
    /// That was not all: the connection was lost.
    pub async fn recover(&mut self, error: Error) -> Result<(), Error> {
        if error.channel_code().is_none() || !self.broker.has_connection() {
            return Err(error);
        }
        tracing::warn!(%error, "the broker closed the channel");
        self.broker.reopen().await?;
        self.declared_at = None;
        Ok(())
    }
}

/// An event as a message to the exchange of all events.
pub fn message(event: &Event) -> Message {
    let mut properties = BasicProperties::default()
        .with_message_id(event.id.to_string().into())
        .with_type(event::full_type(&event.kind).into())
        .with_content_type(event::CONTENT_TYPE.into())
        .with_timestamp(u64::try_from(event.created_at.unix_timestamp()).unwrap_or(0));
    // A request id from psql can be of any length, a property has at most 255 bytes.
    let request_id = event.request_id.as_deref().map(ShortString::try_new);
    if let Some(Ok(request_id)) = request_id {
        properties = properties.with_correlation_id(request_id);
    }
    let mut headers = FieldTable::default();
    headers.insert("position".into(), AMQPValue::LongLongInt(event.position));
    if let Some(traceparent) = &event.traceparent {
        headers.insert(
            "traceparent".into(),
            AMQPValue::LongString(traceparent.as_str().into()),
        );
    }
    Message {
        exchange: topology::EVENTS.into(),
        routing_key: event.kind.clone(),
        properties: properties.with_headers(headers),
        body: event::encode(event),
    }
}

/// The places of what the broker refused of a batch.
fn refused_places(batch: &[Event], refusals: &Refusals) -> HashSet<Place> {
    let at = |place: usize| batch.get(place).map(place_of);
    let nacked = refusals.nacked.iter().filter_map(|place| at(*place));
    let mut refused: HashSet<Place> = nacked.collect();
    for returned in &refusals.returned {
        let event_id = returned.message_id.parse::<Uuid>().ok();
        let is_it = |event: &&Event| Some(event.id) == event_id;
        match batch.iter().find(is_it) {
            Some(event) => drop(refused.insert(place_of(event))),
            // It may be any of them.
            None => refused.extend(batch.iter().map(place_of)),
        }
    }
    refused
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::refusals::Returned;
    use crate::sample;

    fn events(count: u8) -> Vec<Event> {
        (0..count)
            .map(|number| {
                let mut event = sample::event("wallet.frozen", Uuid::nil(), &json!({}));
                (event.position, event.id) = (number.into(), Uuid::from_u128(number.into()));
                event.request_id = Some("x".repeat(256));
                event
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
    fn a_returned_message_is_told_by_its_id_and_may_be_any_where_it_has_none() {
        let events = events(4);
        let refused = |nacked: &[usize], returned: Vec<Returned>| {
            let refusals = Refusals {
                nacked: nacked.to_vec(),
                returned,
                undecided: None,
            };
            let places = refused_places(&events, &refusals).into_iter();
            let mut ids: Vec<i64> = places.map(|(_, position)| position).collect();
            ids.sort_unstable();
            ids
        };
        let third = returned(Uuid::from_u128(3).to_string());
        assert!(refused(&[], vec![]).is_empty());
        assert_eq!(refused(&[1], vec![third]), [1, 3]);
        let all = [0, 1, 2, 3];
        assert_eq!(
            refused(&[], vec![returned(Uuid::from_u128(9).to_string())]),
            all
        );
        assert_eq!(refused(&[], vec![returned(String::new())]), all);
    }

    #[test]
    fn a_request_id_that_is_too_long_for_a_property_is_left_out_of_it() {
        let message = message(&events(1)[0]);
        assert!(message.properties.correlation_id().is_none());
    }
}
