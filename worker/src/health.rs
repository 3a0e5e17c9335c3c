//! Whether events flow: for container health checks and operators.

use std::time::Duration;

use lapin::BasicProperties;
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use remit::base::complaint::Complaint;
use remit::sql::pools::Config;
use tokio::time::{sleep, timeout};

use crate::broker::{Address, Broker, Message};
use crate::contract::Session;
use crate::error::{Error, SEE_THE_WORKER};
use crate::{contract, topology};

/// How long each check may take. They run side by side.
const CHECK_MS_MAX: u64 = 4_000;
/// How often it looks whether the broker blocks publishers.
const LOOK_MS: u64 = 20;
/// The name of a queue that is never there.
const NOBODY: &str = "remit.notifications.nobody";

/// Checks that PostgreSQL and the broker answer, the broker takes messages, some relay leads and
/// gets on, and some notifier consumes.
///
/// # Errors
/// Everything that is wrong, one a line.
pub async fn check(postgres: &Config, broker: &Address) -> Result<(), Complaint> {
    let limit = Duration::from_millis(CHECK_MS_MAX);
    let (relay, broker) = tokio::join!(
        timeout(limit, check_relay(postgres)),
        timeout(limit, check_broker(broker)),
    );
    let relay = relay.unwrap_or_else(|_| Err(Error::Slow("PostgreSQL").into()));
    let broker = broker.unwrap_or(Err(Error::Slow("the broker")));
    match (relay, broker.map_err(Complaint::from)) {
        (Err(relay), Err(broker)) => Err(relay.and(broker)),
        (relay, broker) => relay.and(broker),
    }
}

async fn check_relay(postgres: &Config) -> Result<(), Complaint> {
    let asked = async {
        let session = Session::connect(postgres).await?;
        if !contract::relay_is_active(&session).await? {
            return Ok(Some("no relay leads".to_owned()));
        }
        if !contract::standstill(&session).await?.events_wait {
            return Ok(None);
        }
        let oldest = contract::outbox_read(&session, 1, &[], 0).await?;
        Ok::<_, Error>(oldest.first().map(|event| {
            format!(
                "a relay leads and gets nowhere: event {} of ledger {} has waited since {}",
                event.event_id, event.ledger_id, event.created_at
            )
        }))
    };
    match asked.await {
        Ok(None) => Ok(()),
        Ok(Some(wrong)) => Err(Complaint::new(wrong, SEE_THE_WORKER)),
        Err(error) => Err(error.into()),
    }
}

async fn check_broker(broker: &Address) -> Result<(), Error> {
    let broker = Broker::connect(broker, "remit health").await?;
    let queue = broker
        .channel
        .queue_declare(
            topology::NOTIFICATIONS.into(),
            QueueDeclareOptions::durable().passive(),
            FieldTable::default(),
        )
        .await?;
    check_takes_messages(&broker).await?;
    broker.close().await;
    if queue.consumer_count() == 0 {
        return Err(Error::Unconsumed);
    }
    Ok(())
}

/// Publishes a message for which there is no queue: a broker that takes messages returns it.
async fn check_takes_messages(broker: &Broker) -> Result<(), Error> {
    let nobody = Message {
        exchange: topology::DEFAULT_EXCHANGE,
        routing_key: NOBODY.to_owned(),
        properties: BasicProperties::default(),
        body: Vec::new(),
    };
    let blocked = async {
        while !broker.is_blocked() {
            sleep(Duration::from_millis(LOOK_MS)).await;
        }
    };
    tokio::select! {
        () = blocked => {}
        refusals = broker.publish(vec![nobody]) => {
            if let Some((_, error)) = refusals.undecided {
                return Err(error);
            }
        }
    }
    if broker.is_blocked() {
        return Err(Error::Blocked);
    }
    Ok(())
}
