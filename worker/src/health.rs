//! Whether events flow: for container health checks and operators.

use std::time::Duration;

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use remit::sql::pools::Config;
use tokio::time::timeout;

use crate::broker::{Address, Broker};
use crate::contract::Session;
use crate::error::Error;
use crate::{contract, topology};

/// How long the whole check may take.
const CHECK_MS_MAX: u64 = 4_000;

/// Checks that PostgreSQL and the broker answer, some relay leads and some notifier consumes.
///
/// # Errors
/// Everything that is wrong, one a line.
pub async fn check(postgres: &Config, broker: &Address) -> Result<(), String> {
    let checks = async { tokio::join!(check_relay(postgres), check_notifier(broker)) };
    let (relay, notifier) = timeout(Duration::from_millis(CHECK_MS_MAX), checks)
        .await
        .map_err(|_| format!("no answer within {CHECK_MS_MAX} ms"))?;
    match (relay, notifier) {
        (Err(relay), Err(notifier)) => Err(format!("{relay}\n{notifier}")),
        (relay, notifier) => relay.and(notifier),
    }
}

async fn check_relay(postgres: &Config) -> Result<(), String> {
    let is_active = async {
        let session = Session::connect(postgres).await?;
        contract::relay_is_active(&session).await
    };
    match is_active.await {
        Ok(true) => Ok(()),
        Ok(false) => Err("no relay leads".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

async fn check_notifier(broker: &Address) -> Result<(), String> {
    match consumers(broker).await {
        Ok(0) => Err("no notifier consumes".to_owned()),
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

async fn consumers(broker: &Address) -> Result<u32, Error> {
    let broker = Broker::connect(broker, "remit health").await?;
    let queue = broker
        .channel
        .queue_declare(
            topology::NOTIFICATIONS.into(),
            QueueDeclareOptions::durable().passive(),
            FieldTable::default(),
        )
        .await?;
    broker.close().await;
    Ok(queue.consumer_count())
}
