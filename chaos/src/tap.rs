//! A consumer of its own that hears every event: a durable queue bound to the exchange before the
//! load begins.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicQosOptions, ExchangeDeclareOptions,
    QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ConnectionProperties, Consumer, ExchangeKind};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

const EXCHANGE: &str = "remit.events";
const QUEUE: &str = "chaos.tap";
const PREFETCH: u16 = 200;
const RECONNECT_MS: u64 = 200;
/// A broker that starts may take a connection and say nothing.
const CALL_S_MAX: u64 = 2;
/// After so long a silence the consumer is made anew: one that outlived its broker need not hear of
/// that.
const SILENCE_S_MAX: u64 = 1;

/// A message that the broker has handed out.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub body: Value,
    /// Whether it had been handed out before, and was lost with a connection. Such ones may come
    /// after newer ones.
    pub is_redelivered: bool,
}

/// All deliveries, duplicates among them, in the order in which they came.
#[derive(Default)]
pub struct Heard {
    pub deliveries: Vec<Delivery>,
    pub last_at: Option<Instant>,
    /// The transfers that they tell of.
    subjects: HashSet<String>,
}

/// The consumer.
pub struct Tap {
    heard: Arc<Mutex<Heard>>,
    task: JoinHandle<()>,
}

impl Tap {
    /// Binds the queue, and listens until it is dropped.
    ///
    /// # Errors
    /// The broker is away.
    pub async fn open(url: &str) -> lapin::Result<Self> {
        let heard = Arc::<Mutex<Heard>>::default();
        drop(declare(url).await?);
        let (url, ears) = (url.to_owned(), Arc::clone(&heard));
        let task = tokio::spawn(async move {
            loop {
                // The broker is away now and then.
                let _ = listen(&url, &ears).await;
                sleep(Duration::from_millis(RECONNECT_MS)).await;
            }
        });
        Ok(Self { heard, task })
    }

    /// For how long nothing came.
    pub fn silence(&self) -> Duration {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.last_at.map_or(Duration::MAX, |at| at.elapsed())
    }

    /// How many transfers were told of so far.
    pub fn subjects(&self) -> usize {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.subjects.len()
    }

    /// What came so far.
    pub fn deliveries(&self) -> Vec<Delivery> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.deliveries.clone()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn declare(url: &str) -> lapin::Result<(Connection, Channel)> {
    let connection = Connection::connect(url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let exchange = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    let table = FieldTable::default();
    channel
        .exchange_declare(EXCHANGE.into(), ExchangeKind::Topic, exchange, table)
        .await?;
    let mut quorum = FieldTable::default();
    quorum.insert(
        "x-queue-type".into(),
        AMQPValue::LongString("quorum".into()),
    );
    channel
        .queue_declare(QUEUE.into(), QueueDeclareOptions::durable(), quorum)
        .await?;
    channel
        .queue_bind(
            QUEUE.into(),
            EXCHANGE.into(),
            "#".into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await?;
    Ok((connection, channel))
}

async fn consume(url: &str) -> lapin::Result<(Connection, Channel, Consumer)> {
    let (connection, channel) = declare(url).await?;
    channel
        .basic_qos(PREFETCH, BasicQosOptions::default())
        .await?;
    let consumer = channel
        .basic_consume(
            QUEUE.into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await?;
    Ok((connection, channel, consumer))
}

/// Listens until the connection ends.
async fn listen(url: &str, heard: &Mutex<Heard>) -> lapin::Result<()> {
    let limit = Duration::from_secs(CALL_S_MAX);
    let Ok(consuming) = timeout(limit, consume(url)).await else {
        return Ok(());
    };
    let (connection, _channel, mut consumer) = consuming?;
    let silence = Duration::from_secs(SILENCE_S_MAX);
    while let Ok(Some(delivery)) = timeout(silence, consumer.next()).await {
        let delivery = delivery?;
        {
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            // What is no JSON is kept too: null is an event without a row.
            let body: Value = serde_json::from_slice(&delivery.data).unwrap_or_default();
            if !is_of_another_thing(&body) {
                heard.subjects.insert(body["subject"].to_string());
                heard.deliveries.push(Delivery {
                    body,
                    is_redelivered: delivery.redelivered,
                });
            }
            heard.last_at = Some(Instant::now());
        }
        match timeout(limit, delivery.ack(BasicAckOptions::default())).await {
            Ok(acked) => drop(acked?),
            Err(_) => break,
        }
    }
    // So that the broker gives nothing more to this consumer.
    let close = connection.close(200, "".into());
    timeout(limit, close).await.unwrap_or(Ok(()))
}

/// Whether an event tells of no row of the journal: of a user, a wallet, a key or an operator.
fn is_of_another_thing(body: &Value) -> bool {
    let kind = body["type"].as_str().unwrap_or_default();
    let others = ["user", "wallet", "ledger", "key", "operator", "webhook"];
    others
        .iter()
        .any(|other| kind.starts_with(&format!("remit.{other}.")))
}
