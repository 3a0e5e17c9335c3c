//! The exchange, the queues and their bindings: the same on each start, whatever the settings.
//!
//! A queue cannot be declared anew with other arguments, so nothing here depends on what an
//! operator may change: how long a message is delayed is said by the message, not by its queue.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::protocol::AMQPSoftError;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};
use uuid::Uuid;

use crate::error::Error;

/// The topic exchange of all events. A routing key is an event's type, such as `transfer.posted`.
pub const EVENTS: &str = "remit.events";
/// The queue that the notifier consumes.
pub const NOTIFICATIONS: &str = "remit.notifications";
/// The queue of messages that nobody tries again, until an operator replays them.
pub const DEAD: &str = "remit.notifications.dead";
/// A queue without messages, whose arguments name the instance that all of these belong to.
const INSTANCE: &str = "remit.notifications.instance";
/// The queue of a replay that names no exchange. Nobody consumes it but who asked for the replay.
pub const REPLAY: &str = "remit.replay";
/// How many messages it holds. A full one refuses.
pub const REPLAY_MESSAGES_MAX: i64 = 1_000_000;
/// The default exchange: a routing key is a queue's name.
pub const DEFAULT_EXCHANGE: &str = "";

/// How many delay queues there are: one after each failed attempt but the last.
const DELAY_QUEUES: u32 = 9;
/// The most attempts that the delay queues allow.
pub const ATTEMPTS_MAX: u32 = DELAY_QUEUES + 1;

/// Where a message waits after its failed attempt of this number.
///
/// One queue for each step, because a queue expires messages only at its head: in a queue for all
/// steps, a message that waits a second would stand behind one that waits a minute.
pub fn delay_queue(attempt: u32) -> String {
    format!("{NOTIFICATIONS}.delay.{attempt}")
}

/// Declares everything. What is there already stays as it is.
///
/// # Errors
/// The broker is away, or has a queue of that name with other arguments.
pub async fn declare(channel: &Channel) -> lapin::Result<()> {
    channel
        .exchange_declare(
            EVENTS.into(),
            ExchangeKind::Topic,
            ExchangeDeclareOptions {
                durable: true,
                ..ExchangeDeclareOptions::default()
            },
            FieldTable::default(),
        )
        .await?;
    declare_queue(channel, NOTIFICATIONS, Some(DEAD), None).await?;
    channel
        .queue_bind(
            NOTIFICATIONS.into(),
            EVENTS.into(),
            "#".into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await?;
    declare_queue(channel, DEAD, None, None).await?;
    for attempt in 1..=DELAY_QUEUES {
        declare_queue(channel, &delay_queue(attempt), Some(NOTIFICATIONS), None).await?;
    }
    Ok(())
}

/// Declares the queue of replays.
///
/// # Errors
/// As `declare`.
pub async fn declare_replay(channel: &Channel) -> lapin::Result<()> {
    declare_queue(channel, REPLAY, None, Some(REPLAY_MESSAGES_MAX)).await
}

/// Takes exchange and queues for an instance, unless another has them. The broker compares the
/// dead-letter key of a queue that is declared again with the one that is there, in one step: so a
/// queue that holds nothing is the place to write the id in.
///
/// # Errors
/// The broker is away, or is another instance's.
pub async fn claim(channel: &Channel, instance_id: Uuid) -> Result<(), Error> {
    let mut table = FieldTable::default();
    for (argument, value) in [
        ("x-dead-letter-exchange", DEFAULT_EXCHANGE.to_owned()),
        ("x-dead-letter-routing-key", instance_id.to_string()),
    ] {
        table.insert(argument.into(), AMQPValue::LongString(value.into()));
    }
    let options = QueueDeclareOptions::durable();
    let declared = channel.queue_declare(INSTANCE.into(), options, table).await;
    declared.map(drop).map_err(|error| {
        let error = Error::from(error);
        match error.channel_code() {
            Some(AMQPSoftError::PRECONDITIONFAILED) => Error::Foreign(INSTANCE.to_owned()),
            _ => error,
        }
    })
}

/// Declares a quorum queue: what it has confirmed is on the disks of a majority. `next` is where
/// messages go that the queue itself removes: expired ones, and ones that it has handed out too
/// often, should an operator or a later broker limit that. `messages_max` is how many it holds.
async fn declare_queue(
    channel: &Channel,
    name: &str,
    next: Option<&str>,
    messages_max: Option<i64>,
) -> lapin::Result<()> {
    let mut arguments = vec![
        ("x-queue-type", "quorum"),
        // A full queue refuses the new message instead of dropping the oldest.
        ("x-overflow", "reject-publish"),
    ];
    if let Some(next) = next {
        arguments.extend([
            ("x-dead-letter-exchange", DEFAULT_EXCHANGE),
            ("x-dead-letter-routing-key", next),
            // Without this a message could be lost on its way.
            ("x-dead-letter-strategy", "at-least-once"),
        ]);
    }
    let mut table = FieldTable::default();
    for (argument, value) in arguments {
        table.insert(argument.into(), AMQPValue::LongString(value.into()));
    }
    if let Some(messages_max) = messages_max {
        table.insert("x-max-length".into(), AMQPValue::LongLongInt(messages_max));
    }
    channel
        .queue_declare(name.into(), QueueDeclareOptions::durable(), table)
        .await?;
    Ok(())
}
