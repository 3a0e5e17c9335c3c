//! Messages on their way between the notifier's queues.
//!
//! A message that is published anew gets new properties. Taking over all of the old ones would be
//! dangerous: an `expiration` would delete a dead letter, a `CC` header would send copies
//! elsewhere, and the broker refuses a foreign `user_id`.

use std::time::Duration;

use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable};
use remit::base::{clock, moment};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::broker::Message;
use crate::{event, topology};

/// In a queue of messages to deliver: the number of the attempt to come. In the dead letters: how
/// many attempts were made.
const ATTEMPT: &str = "x-attempt";
/// Why a message is dead.
const REASON: &str = "x-dead-reason";
/// Since when, in RFC 3339.
const DEAD_AT: &str = "x-dead-at";

/// The number of the attempt that a message is due for; 1 when it does not say.
pub fn attempt(delivery: &Delivery) -> u32 {
    let attempt = number(delivery, ATTEMPT).and_then(|number| u32::try_from(number).ok());
    attempt.unwrap_or(1).clamp(1, topology::ATTEMPTS_MAX)
}

/// A message for another attempt, after the one of this number and a delay.
pub fn delayed(delivery: &Delivery, attempt: u32, delay: Duration) -> Message {
    let properties = with_headers(delivery, &[(ATTEMPT, AMQPValue::LongUInt(attempt + 1))]);
    Message {
        exchange: topology::DEFAULT_EXCHANGE.into(),
        routing_key: topology::delay_queue(attempt),
        properties: properties.with_expiration(delay.as_millis().to_string().into()),
        body: delivery.data.clone(),
    }
}

/// A message for the dead letters, after so many attempts.
pub fn dead(delivery: &Delivery, attempts: u32, reason: &str) -> Message {
    let now = moment::text(clock::now());
    let headers = [
        (ATTEMPT, AMQPValue::LongUInt(attempts)),
        (REASON, AMQPValue::LongString(reason.into())),
        (
            DEAD_AT,
            AMQPValue::LongString(now.unwrap_or_default().into()),
        ),
    ];
    Message {
        exchange: topology::DEFAULT_EXCHANGE.into(),
        routing_key: topology::DEAD.to_owned(),
        properties: with_headers(delivery, &headers),
        body: delivery.data.clone(),
    }
}

/// A dead letter as a new message, for a first attempt.
pub fn replayed(delivery: &Delivery) -> Message {
    Message {
        exchange: topology::DEFAULT_EXCHANGE.into(),
        routing_key: topology::NOTIFICATIONS.to_owned(),
        properties: with_headers(delivery, &[]),
        body: delivery.data.clone(),
    }
}

/// The event's id, also of a message that cannot be decoded.
pub fn event_id(delivery: &Delivery) -> Option<Uuid> {
    let decoded = event::decode(&delivery.data)
        .ok()
        .map(|event| event.event_id);
    let named = || {
        delivery
            .properties
            .message_id()
            .as_ref()?
            .as_str()
            .parse()
            .ok()
    };
    decoded.or_else(named)
}

/// What an operator may see of a dead letter.
pub fn describe_dead(delivery: &Delivery) -> Value {
    let event = event::decode(&delivery.data).ok();
    let properties = &delivery.properties;
    let named_type = properties.kind().as_ref().map(ToString::to_string);
    json!({
        "event_id": event_id(delivery).map(|id| id.to_string()),
        "type": event.as_ref().map(|event| event::full_type(&event.kind)).or(named_type),
        "subject_id": event.as_ref().map(|event| event.subject_id.to_string()),
        "request_id": event.and_then(|event| event.request_id),
        "attempts": number(delivery, ATTEMPT),
        "reason": text(delivery, REASON),
        "dead_at": text(delivery, DEAD_AT),
    })
}

/// The properties that say what a message is, with these headers alone.
fn with_headers(delivery: &Delivery, headers: &[(&str, AMQPValue)]) -> BasicProperties {
    let old = &delivery.properties;
    let mut table = FieldTable::default();
    for (name, value) in headers {
        table.insert((*name).into(), value.clone());
    }
    let mut new = BasicProperties::default().with_headers(table);
    if let Some(message_id) = old.message_id() {
        new = new.with_message_id(message_id.clone());
    }
    if let Some(kind) = old.kind() {
        new = new.with_type(kind.clone());
    }
    if let Some(content_type) = old.content_type() {
        new = new.with_content_type(content_type.clone());
    }
    if let Some(timestamp) = old.timestamp() {
        new = new.with_timestamp(*timestamp);
    }
    if let Some(correlation_id) = old.correlation_id() {
        new = new.with_correlation_id(correlation_id.clone());
    }
    new
}

fn header<'a>(delivery: &'a Delivery, name: &str) -> Option<&'a AMQPValue> {
    delivery.properties.headers().as_ref()?.inner().get(name)
}

/// The broker may store a number in another width than it was sent in.
fn number(delivery: &Delivery, name: &str) -> Option<i64> {
    match header(delivery, name)? {
        AMQPValue::ShortShortInt(number) => Some((*number).into()),
        AMQPValue::ShortShortUInt(number) => Some((*number).into()),
        AMQPValue::ShortInt(number) => Some((*number).into()),
        AMQPValue::ShortUInt(number) => Some((*number).into()),
        AMQPValue::LongInt(number) => Some((*number).into()),
        AMQPValue::LongUInt(number) => Some((*number).into()),
        AMQPValue::LongLongInt(number) => Some(*number),
        _ => None,
    }
}

fn text(delivery: &Delivery, name: &str) -> Option<String> {
    match header(delivery, name)? {
        AMQPValue::LongString(text) => Some(text.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(properties: BasicProperties) -> Delivery {
        let mut delivery = Delivery::mock(1, "".into(), "".into(), false, b"not JSON".to_vec());
        delivery.properties = properties;
        delivery
    }

    fn with_attempt(value: AMQPValue) -> Delivery {
        let mut headers = FieldTable::default();
        headers.insert(ATTEMPT.into(), value);
        delivery(BasicProperties::default().with_headers(headers))
    }

    #[test]
    fn attempts_count_from_one_whatever_the_header_says() {
        assert_eq!(attempt(&delivery(BasicProperties::default())), 1);
        assert_eq!(attempt(&with_attempt(AMQPValue::LongUInt(3))), 3);
        assert_eq!(attempt(&with_attempt(AMQPValue::LongLongInt(-3))), 1);
        assert_eq!(attempt(&with_attempt(AMQPValue::LongLongInt(i64::MAX))), 1);
        assert_eq!(
            attempt(&with_attempt(AMQPValue::LongUInt(99))),
            topology::ATTEMPTS_MAX
        );
        assert_eq!(attempt(&with_attempt(AMQPValue::LongString("4".into()))), 1);
    }

    #[test]
    fn dangerous_properties_stay_behind() {
        let mut headers = FieldTable::default();
        headers.insert("CC".into(), AMQPValue::LongString("elsewhere".into()));
        let old = BasicProperties::default()
            .with_expiration("1".into())
            .with_user_id("someone".into())
            .with_message_id("m".into())
            .with_headers(headers);
        let new = dead(&delivery(old), 2, "why").properties;
        assert!(new.expiration().is_none() && new.user_id().is_none());
        assert_eq!(new.message_id().as_ref().map(|id| id.as_str()), Some("m"));
        let headers = new.headers().as_ref().expect("the reason is a header");
        assert!(!headers.contains_key("CC") && headers.contains_key(REASON));
    }

    #[test]
    fn a_failed_attempt_waits_in_the_queue_of_its_number() {
        let delay = Duration::from_millis(1_500);
        let message = delayed(&delivery(BasicProperties::default()), 2, delay);
        assert_eq!(message.routing_key, "remit.notifications.delay.2");
        let expiration = message
            .properties
            .expiration()
            .as_ref()
            .map(ToString::to_string);
        assert_eq!(expiration.as_deref(), Some("1500"));
        assert_eq!(attempt(&delivery(message.properties)), 3);
    }
}
