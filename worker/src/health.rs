//! Whether events flow: for container health checks and operators.

use std::time::Duration;

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use remit::base::complaint::Complaint;
use remit::sql::pools::Config;
use tokio::time::timeout;

use crate::broker::{Address, Broker};
use crate::contract::Session;
use crate::error::{Error, SEE_THE_WORKER};
use crate::{contract, topology};

/// How long each check may take. They run side by side.
const CHECK_MS_MAX: u64 = 4_000;

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
        let wrong = "a relay leads and gets nowhere: events wait for longer than 10 s";
        Ok::<_, Error>(Some(wrong.to_owned()))
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
    if !broker.takes_messages().await? {
        return Err(Error::Blocked);
    }
    broker.close().await;
    if queue.consumer_count() == 0 {
        return Err(Error::Unconsumed);
    }
    Ok(())
}
