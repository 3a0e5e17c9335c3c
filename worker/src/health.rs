//! Whether events flow: for container health checks and operators.

use std::time::Duration;

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use remit::base::complaint::Complaint;
use remit::sql::pools::Config;
use tokio::time::timeout;

use crate::broker::{Address, Broker};
use crate::contract::Session;
use crate::error::Error;
use crate::{contract, topology};

/// How long the whole check may take.
const CHECK_MS_MAX: u64 = 4_000;
const ADVICE: &str = "see that `remit-worker` runs; its log says what holds it up";

/// Checks that PostgreSQL and the broker answer, some relay leads and some notifier consumes.
///
/// # Errors
/// Everything that is wrong, one a line.
pub async fn check(postgres: &Config, broker: &Address) -> Result<(), Complaint> {
    let checks = async { tokio::join!(check_relay(postgres), check_notifier(broker)) };
    let (relay, notifier) = timeout(Duration::from_millis(CHECK_MS_MAX), checks)
        .await
        .map_err(|_| {
            let advice = "see that PostgreSQL and RabbitMQ are well and can be reached";
            Complaint::new(format!("no answer within {CHECK_MS_MAX} ms"), advice)
        })?;
    match (relay, notifier) {
        (Err(relay), Err(notifier)) => Err(relay.and(notifier)),
        (relay, notifier) => relay.and(notifier),
    }
}

async fn check_relay(postgres: &Config) -> Result<(), Complaint> {
    let is_active = async {
        let session = Session::connect(postgres).await?;
        contract::relay_is_active(&session).await
    };
    match is_active.await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Complaint::new("no relay leads", ADVICE)),
        Err(error) => Err(error.into()),
    }
}

async fn check_notifier(broker: &Address) -> Result<(), Complaint> {
    match consumers(broker).await {
        Ok(0) => Err(Complaint::new("no notifier consumes", ADVICE)),
        Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
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
