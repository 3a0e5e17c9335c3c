//! The notifier: takes events from its queue, delivers them through a channel and records what it
//! sent.
//!
//! At least once: a notifier that is stopped between a delivery and its record delivers again, and
//! so do two notifiers that are handed duplicates of one event at the same moment. A message is
//! acknowledged only when its event is recorded as sent, or was so before, or a new message that
//! takes its place is confirmed. Failed deliveries come back later, so notifications are not in
//! order.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use lapin::Consumer;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use remit::sql::pools::Config;
use tokio_util::sync::CancellationToken;

use crate::backoff::{Reconnect, doubled, jittered};
use crate::broker::{Address, Broker, Message};
use crate::channel::Channel;
use crate::contract::{self, Notification};
use crate::error::Error;
use crate::event::{self, Received};
use crate::metrics::{Metrics, Outcome, Taker};
use crate::records::{EventKey, Records, Sent};
use crate::{letter, topology};

/// How many messages the broker hands out unacknowledged, and so the largest batch.
const PREFETCH: u16 = 500;

/// What a notifier needs.
pub struct Notifier<C> {
    pub postgres: Config,
    pub broker: Address,
    pub channel: C,
    /// After so many attempts a message goes to the dead letters.
    pub attempts_max: u32,
    /// The delay after the first failed attempt; it doubles after each further one.
    pub first_delay: Duration,
    pub metrics: Arc<Metrics>,
}

/// An event to deliver, and the message that brought it.
struct Notice {
    delivery: Delivery,
    event: Received,
    attempt: u32,
}

impl<C: Channel> Notifier<C> {
    /// Delivers until the shutdown; finishes the batch in hand.
    pub async fn run(&self, shutdown: &CancellationToken) {
        let mut reconnect = Reconnect::new("notifier");
        while let Err(error) = self.serve(shutdown, &mut reconnect).await {
            let is_over = shutdown.is_cancelled() || error.is_final();
            if is_over || reconnect.wait(&error, shutdown).await {
                break;
            }
        }
        tracing::info!("notifier stopped");
    }

    /// One connection to the broker.
    async fn serve(
        &self,
        shutdown: &CancellationToken,
        reconnect: &mut Reconnect,
    ) -> Result<(), Error> {
        let broker = Broker::connect(&self.broker, "remit notifier").await?;
        let instance_id = contract::instance_id(&self.postgres).await?;
        topology::claim(&broker.channel, instance_id).await?;
        topology::declare(&broker.channel).await?;
        let mut consumer = consume(&broker).await?;
        tracing::info!("notifier consumes");
        let mut session = Session {
            notifier: self,
            broker,
            records: Records::new(self.postgres.clone(), shutdown.clone()),
        };
        loop {
            let batch = tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                batch = gather(&mut consumer) => batch?,
            };
            session.handle(batch).await?;
            reconnect.reset();
        }
        session.broker.close().await;
        Ok(())
    }
}

async fn consume(broker: &Broker) -> Result<Consumer, Error> {
    let channel = &broker.channel;
    channel
        .basic_qos(PREFETCH, BasicQosOptions::default())
        .await?;
    let consumer = channel
        .basic_consume(
            topology::NOTIFICATIONS.into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await?;
    Ok(consumer)
}

/// The next message and what else is there already. No timer: a message never waits for others.
async fn gather(consumer: &mut Consumer) -> Result<Vec<Delivery>, Error> {
    let mut batch = Vec::new();
    let mut next = consumer.next().await;
    loop {
        batch.push(next.ok_or(Error::ConsumerEnded)??);
        if batch.len() == usize::from(PREFETCH) {
            return Ok(batch);
        }
        match consumer.next().now_or_never() {
            Some(more) => next = more,
            None => return Ok(batch),
        }
    }
}

/// A notifier with its connections.
struct Session<'a, C> {
    notifier: &'a Notifier<C>,
    broker: Broker,
    records: Records,
}

impl<C: Channel> Session<'_, C> {
    /// Delivers a batch and acknowledges all of it.
    async fn handle(&mut self, batch: Vec<Delivery>) -> Result<(), Error> {
        let Some(last_tag) = batch.last().map(|delivery| delivery.delivery_tag) else {
            return Ok(());
        };
        let mut moves = Vec::new();
        let notices = decode(batch, &mut moves);
        let keys = notices.iter().map(|notice| notice.event.key());
        let unsent = self.records.unsent(keys).await?;
        let sent = self
            .deliver(first_of_each(notices, unsent), &mut moves)
            .await;
        self.records.record(&sent).await?;
        if !moves.is_empty() {
            self.broker.publish(moves).await.none()?;
        }
        // The messages of a batch follow one another, so that everything up to the last is done.
        let all = BasicAckOptions { multiple: true };
        self.broker.channel.basic_ack(last_tag, all).await?;
        Ok(())
    }

    async fn deliver(&self, notices: Vec<Notice>, moves: &mut Vec<Message>) -> Sent {
        let Notifier {
            channel, metrics, ..
        } = self.notifier;
        let mut sent = Sent::new();
        for notice in notices {
            match channel.deliver(&notice.event, notice.attempt).await {
                Ok(()) => {
                    metrics.delivered(Taker::Log, Outcome::Delivered, 1);
                    let notification = notification(&notice, channel.name());
                    sent.entry(notice.event.ledger_id)
                        .or_default()
                        .push(notification);
                }
                Err(reason) => moves.push(self.put_off(&notice, &reason)),
            }
        }
        sent
    }

    /// The message that takes the place of one whose delivery failed.
    fn put_off(&self, notice: &Notice, reason: &str) -> Message {
        let Notice {
            delivery,
            event,
            attempt,
        } = notice;
        let (event_id, request_id) = (event.event_id, event.request_id.as_deref());
        let metrics = &self.notifier.metrics;
        if *attempt >= self.notifier.attempts_max {
            tracing::error!(%event_id, request_id, attempt, reason, "notification is dead");
            metrics.delivered(Taker::Log, Outcome::SetAside, 1);
            return letter::dead(delivery, *attempt, reason);
        }
        metrics.delivered(Taker::Log, Outcome::Failed, 1);
        metrics.retried(Taker::Log, 1);
        let delay = jittered(doubled(self.notifier.first_delay, *attempt));
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(%event_id, request_id, attempt, reason, delay_ms, "notification failed");
        letter::delayed(delivery, *attempt, delay)
    }
}

/// The events of a batch. What is none goes to the dead letters at once: it would fail again.
fn decode(batch: Vec<Delivery>, moves: &mut Vec<Message>) -> Vec<Notice> {
    let mut notices = Vec::with_capacity(batch.len());
    for delivery in batch {
        let attempt = letter::attempt(&delivery);
        match event::decode(&delivery.data) {
            Ok(event) => notices.push(Notice {
                delivery,
                event,
                attempt,
            }),
            Err(reason) => {
                let event_id = letter::event_id(&delivery).map(|id| id.to_string());
                tracing::error!(event_id, reason, "message cannot be decoded");
                moves.push(letter::dead(&delivery, attempt, reason));
            }
        }
    }
    notices
}

/// Those of which no notification was sent yet, each once.
fn first_of_each(notices: Vec<Notice>, mut unsent: HashSet<EventKey>) -> Vec<Notice> {
    let is_first = |notice: &Notice| {
        let event = &notice.event;
        let is_first = unsent.remove(&event.key());
        if !is_first {
            tracing::debug!(event_id = %event.event_id, "duplicate dropped");
        }
        is_first
    };
    notices.into_iter().filter(is_first).collect()
}

fn notification(notice: &Notice, channel: &str) -> Notification {
    let event = &notice.event;
    Notification {
        event_id: event.event_id,
        channel: channel.to_owned(),
        kind: event.kind.clone(),
        subject_id: event.subject_id,
        attempts: i32::try_from(notice.attempt).unwrap_or(i32::MAX),
    }
}
