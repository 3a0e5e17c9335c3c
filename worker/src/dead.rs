//! The dead letters, for operators: what lies there, and another try for it.

use std::io::Write;

use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicGetOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use uuid::Uuid;

use crate::broker::{Address, Broker};
use crate::contract::{self, Session};
use crate::error::Error;
use crate::event::{self, by_ledger};
use crate::{letter, topology};

/// How many letters are confirmed at a time.
const REPLAY_BATCH_MAX: usize = 100;

/// Which letters to replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// So many of the oldest.
    Oldest(u32),
    /// Those of one event.
    Event(Uuid),
    /// All that are there now.
    All,
}

/// Writes the oldest letters, a line of JSON each, and leaves the queue as it was.
///
/// # Errors
/// The broker is away, or the output is closed.
pub async fn list(broker: &Address, limit: u32, output: &mut impl Write) -> Result<(), Error> {
    let broker = open(broker).await?;
    // All are read, whatever the limit: letters that come back go to the end of a quorum queue, so
    // the order stays only if all of them do.
    for place in 0..depth(&broker).await? {
        let Some(delivery) = get(&broker).await? else {
            break;
        };
        if place < limit {
            write_line(output, &delivery)?;
        }
    }
    // With the connection they go back.
    broker.close().await;
    Ok(())
}

/// Moves letters back to the notifier's queue, for a first attempt, and writes a line of JSON for
/// each. A letter leaves the dead letters only when the queue has confirmed it, and moves only when
/// the audit log has it. A letter that cannot be read stays: it names no ledger, and no notifier
/// could do anything with it.
///
/// # Errors
/// PostgreSQL refuses or is away: nothing more was moved. The broker is away, or the output is
/// closed. What was written has been moved; a letter may have been moved without being written.
pub async fn replay(
    broker: &Address,
    audit: &Session,
    selection: Selection,
    reason: &str,
    output: &mut impl Write,
) -> Result<usize, Error> {
    let broker = open(broker).await?;
    // What comes back while this runs is not looked at, or it would never end.
    let mut left = match selection {
        Selection::Oldest(limit) => limit.min(depth(&broker).await?),
        Selection::Event(_) | Selection::All => depth(&broker).await?,
    };
    let mut moved = 0;
    while left > 0 {
        let (batch, looked_at) = gather(&broker, selection, left).await?;
        left = if looked_at == 0 {
            0
        } else {
            left.saturating_sub(looked_at)
        };
        record(audit, &batch, reason).await?;
        move_back(&broker, &batch, output).await?;
        moved += batch.len();
    }
    // Letters that were looked at and not chosen go back with the connection.
    broker.close().await;
    Ok(moved)
}

/// Takes letters until enough are chosen, `limit` were looked at, or there are no more. Also says
/// how many were looked at.
async fn gather(
    broker: &Broker,
    selection: Selection,
    limit: u32,
) -> Result<(Vec<Delivery>, u32), Error> {
    let mut chosen = Vec::new();
    let mut looked_at = 0;
    while looked_at < limit && chosen.len() < REPLAY_BATCH_MAX {
        let Some(delivery) = get(broker).await? else {
            break;
        };
        looked_at += 1;
        let event = event::decode(&delivery.data);
        let is_chosen = event.is_ok_and(|event| match selection {
            Selection::Event(id) => event.event_id == id,
            Selection::Oldest(_) | Selection::All => true,
        });
        if is_chosen {
            chosen.push(delivery);
        }
    }
    Ok((chosen, looked_at))
}

/// Writes into the audit log what will be moved: a row for each ledger.
async fn record(audit: &Session, batch: &[Delivery], reason: &str) -> Result<(), Error> {
    let events = batch
        .iter()
        .filter_map(|delivery| event::decode(&delivery.data).ok());
    for (ledger_id, event_ids) in by_ledger(events.map(|event| event.key())) {
        contract::replay_record(audit, ledger_id, &event_ids, reason).await?;
    }
    Ok(())
}

async fn move_back(
    broker: &Broker,
    batch: &[Delivery],
    output: &mut impl Write,
) -> Result<(), Error> {
    let messages = batch.iter().map(letter::replayed).collect();
    broker.publish(messages).await.none()?;
    for delivery in batch {
        let one = BasicAckOptions { multiple: false };
        broker.channel.basic_ack(delivery.delivery_tag, one).await?;
        write_line(output, delivery)?;
    }
    Ok(())
}

async fn open(broker: &Address) -> Result<Broker, Error> {
    let broker = Broker::connect(broker, "remit dead letters").await?;
    topology::declare(&broker.channel).await?;
    Ok(broker)
}

async fn get(broker: &Broker) -> Result<Option<Delivery>, Error> {
    let queue = topology::DEAD.into();
    let message = broker
        .channel
        .basic_get(queue, BasicGetOptions::default())
        .await?;
    Ok(message.map(|message| message.delivery))
}

async fn depth(broker: &Broker) -> Result<u32, Error> {
    let options = QueueDeclareOptions::durable().passive();
    let declared =
        broker
            .channel
            .queue_declare(topology::DEAD.into(), options, FieldTable::default());
    Ok(declared.await?.message_count())
}

fn write_line(output: &mut impl Write, delivery: &Delivery) -> Result<(), Error> {
    let line = letter::describe_dead(delivery);
    Ok(writeln!(output, "{line}")?)
}
