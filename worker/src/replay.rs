//! The log, for operators: publishes a past window of it again, or what was set aside.
//!
//! A message has the id that it had, and the header `remit-replay`. What is published twice, as
//! after an interruption, consumers drop by its id.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use lapin::protocol::AMQPSoftError;
use lapin::types::{AMQPValue, FieldTable};
use remit::base::complaint::Complaint;
use remit::types::Event;
use time::OffsetDateTime;

use crate::broker::{Address, Broker, Message};
use crate::contract::{self, ReplayWindow, Session};
use crate::error::Error;
use crate::{publisher, topology};

/// The header of a message that was published before.
pub const HEADER: &str = "remit-replay";
/// Events of a page of the log, which are confirmed before the next page is read.
const PAGE_MAX: i32 = 500;
/// How often it says how far it is.
const PROGRESS_MS: u64 = 1_000;

/// What to publish again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    pub ledger_id: i64,
    /// The moment at or after which an event had its place in the log.
    pub since: OffsetDateTime,
    /// The moment before which it had.
    pub until: OffsetDateTime,
    /// Of these types alone; empty: of all.
    pub types: Vec<String>,
}

/// Where to publish it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `topology::REPLAY`, which is declared.
    Queue,
    /// An exchange that is there, with the types as routing keys.
    Exchange(String),
}

/// Publishes a window again, page by page, and says on stderr how far it is. How many events it
/// was. A dry run reads and counts.
///
/// # Errors
/// PostgreSQL refuses or is away, or the broker did not take an event: it says up to which position
/// all is published.
pub async fn window(
    session: &Session,
    broker: &Address,
    window: &Window,
    target: &Target,
    reason: &str,
    dry_run: bool,
) -> Result<u64, Complaint> {
    let Window {
        ledger_id,
        since,
        until,
        types,
    } = window;
    let chosen = (!types.is_empty()).then_some(types.as_slice());
    // Asked before anything is written, so that a wrong target leaves no row in the audit log.
    let open = match dry_run {
        true => None,
        false => Some(open(broker, target).await?),
    };
    let begun =
        contract::replay_begin(session, *ledger_id, *since, *until, chosen, reason, dry_run);
    let ReplayWindow { mut after, until } = begun.await?;
    let (mut count, mut told_at) = (0_u64, Instant::now());
    while after < until {
        let page = contract::replay_read(session, *ledger_id, after, until, PAGE_MAX).await?;
        let Some(last) = page.last().map(|event| event.position) else {
            break;
        };
        let is_chosen = |event: &Event| types.is_empty() || types.contains(&event.kind);
        let events: Vec<_> = page.into_iter().filter(is_chosen).collect();
        if let Some(broker) = &open {
            let published = publish(broker, &events, target).await;
            published.map_err(|error| refused(error, target, Some(after)))?;
        }
        count += u64::try_from(events.len()).unwrap_or(u64::MAX);
        after = last;
        if told_at.elapsed() >= Duration::from_millis(PROGRESS_MS) {
            eprintln!("{count} events, at position {after} of {until}");
            told_at = Instant::now();
        }
    }
    if let Some(broker) = open {
        broker.close().await;
    }
    Ok(count)
}

/// Publishes what was set aside to the exchange of all events again, of one ledger or of all, and
/// takes each event that is confirmed off the list. How many events it was.
///
/// # Errors
/// As `window`: what the broker took before is off the list.
pub async fn aside(
    session: &Session,
    broker: &Address,
    ledger_id: Option<i64>,
    reason: &str,
    dry_run: bool,
) -> Result<u64, Complaint> {
    let mut listed = contract::events_aside(session).await?;
    listed.retain(|event| ledger_id.is_none_or(|id| id == event.ledger_id));
    let mut count = 0;
    if dry_run {
        return Ok(u64::try_from(listed.len()).unwrap_or(u64::MAX));
    }
    let target = Target::Exchange(topology::EVENTS.to_owned());
    let broker = open(broker, &target).await?;
    topology::declare(&broker.channel)
        .await
        .map_err(Error::from)?;
    // One at a time: the broker closes the channel for one that it still does not take.
    for event in listed {
        let (ledger_id, position) = (event.ledger_id, event.position);
        let page = contract::replay_read(session, ledger_id, position - 1, position, 1).await?;
        let published = publish(&broker, &page, &target).await;
        published.map_err(|error| {
            let event_id = event.event_id;
            Complaint::from(error).and(Complaint::new(
                format!("the event {event_id} stays aside, and those after it"),
                "see what `sql/ops/events_aside.sql` says of it; run the command again then",
            ))
        })?;
        contract::events_aside_remove(session, ledger_id, &[position], reason).await?;
        count += 1;
    }
    broker.close().await;
    Ok(count)
}

async fn open(broker: &Address, target: &Target) -> Result<Broker, Complaint> {
    let broker = Broker::connect(broker, "remit replay").await?;
    if *target == Target::Queue {
        let declared = topology::declare_replay(&broker.channel).await;
        declared.map_err(|error| refused(error.into(), target, None))?;
    }
    Ok(broker)
}

async fn publish(broker: &Broker, events: &[Event], target: &Target) -> Result<(), Error> {
    let messages = events.iter().map(|event| message(event, target));
    broker.publish(messages.collect()).await.none()
}

/// An event as the message that it was, with the header.
fn message(event: &Event, target: &Target) -> Message {
    let mut message = publisher::message(event);
    match target {
        Target::Queue => {
            message.exchange = Cow::Borrowed(topology::DEFAULT_EXCHANGE);
            message.routing_key = topology::REPLAY.to_owned();
        }
        Target::Exchange(name) => message.exchange = Cow::Owned(name.clone()),
    }
    let mut headers = FieldTable::default();
    headers.insert(HEADER.into(), AMQPValue::Boolean(true));
    message.properties = message.properties.with_headers(headers);
    message
}

/// What is said where the broker did not take all of a page that begins after a position.
fn refused(error: Error, target: &Target, after: Option<i64>) -> Complaint {
    let place = match target {
        Target::Queue => format!("the queue {}", topology::REPLAY),
        Target::Exchange(name) => format!("the exchange {name}"),
    };
    let advice = match error.channel_code() {
        Some(AMQPSoftError::NOTFOUND) => "name an exchange that is there",
        Some(AMQPSoftError::ACCESSREFUSED) => "name a login in AMQP_URL that may publish to it",
        Some(AMQPSoftError::PRECONDITIONFAILED) => {
            "delete the queue if it is another's, or raise max_message_size"
        }
        Some(_) => "the broker's log says why",
        None if matches!(error, Error::Refused(_)) => {
            "consume the queue, or bind one, and run the command again: what is published twice has one id"
        }
        None => return Complaint::from(error),
    };
    let done = after.map_or_else(String::new, |after| {
        format!("; all up to position {after} is published")
    });
    Complaint::new(format!("{place}: {error}{done}"), advice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::sample;

    #[test]
    fn a_replayed_message_is_the_one_that_was_with_a_header() {
        let event = sample::event("wallet.frozen", Uuid::nil(), &json!({"status": "frozen"}));
        let first = publisher::message(&event);
        for (target, exchange, key) in [
            (Target::Queue, "", topology::REPLAY),
            (
                Target::Exchange("billing".to_owned()),
                "billing",
                "wallet.frozen",
            ),
        ] {
            let again = message(&event, &target);
            assert_eq!(
                (again.exchange.as_ref(), again.routing_key.as_str()),
                (exchange, key)
            );
            assert_eq!(again.body, first.body);
            let (properties, before) = (again.properties, &first.properties);
            assert_eq!(properties.message_id(), before.message_id());
            let headers = properties.headers().as_ref().expect("there are headers");
            let header = headers.inner().get(HEADER);
            assert_eq!(header, Some(&AMQPValue::Boolean(true)));
        }
    }
}
