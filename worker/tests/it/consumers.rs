//! The login of consumers: what it may do, and what it may not.

use lapin::options::{
    BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions,
    ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
    QueuePurgeOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, ErrorKind, ExchangeKind};

use crate::stand::{NOTIFICATIONS, Stand};

const EVENTS: &str = "remit.events";
const QUEUE: &str = "consumer.billing";
/// `ACCESS_REFUSED` of AMQP.
const REFUSED: u16 = 403;

/// What became of a command, on a channel of its own: the broker closes one that it refuses.
async fn code<T>(
    connection: &Connection,
    command: impl AsyncFnOnce(Channel) -> lapin::Result<T>,
) -> u16 {
    let channel = connection.create_channel().await.unwrap();
    match command(channel).await {
        Ok(_) => 0,
        Err(error) => match error.kind() {
            ErrorKind::ProtocolError(error) => error.get_id(),
            other => panic!("{other:?}"),
        },
    }
}

/// Publishes, and waits for what the broker says to it.
async fn publish(channel: Channel, exchange: &str, routing_key: &str) -> lapin::Result<()> {
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await?;
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    let published = channel.basic_publish(
        exchange.into(),
        routing_key.into(),
        options,
        b"{}",
        properties,
    );
    published.await?.await.map(drop)
}

fn durable() -> QueueDeclareOptions {
    QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    }
}

async fn declare(channel: Channel, queue: &str, arguments: FieldTable) -> lapin::Result<()> {
    let declared = channel.queue_declare(queue.into(), durable(), arguments);
    declared.await.map(drop)
}

async fn bind(channel: Channel, queue: &str, exchange: &str) -> lapin::Result<()> {
    let (options, arguments) = (QueueBindOptions::default(), FieldTable::default());
    let bound = channel.queue_bind(
        queue.into(),
        exchange.into(),
        "transfer.*".into(),
        options,
        arguments,
    );
    bound.await
}

async fn get(channel: Channel, queue: &str) -> lapin::Result<usize> {
    let message = channel.basic_get(queue.into(), BasicGetOptions::default());
    Ok(message
        .await?
        .map_or(0, |message| message.delivery.data.len()))
}

#[tokio::test]
async fn a_consumer_makes_binds_and_reads_queues_of_its_own() {
    let stand = Stand::new().await;
    let worker = stand.worker().start(&["--relay"]);
    worker.await_said("relay leads", 1).await;
    let url = stand.vhost.login_like("remit-consumer").await;
    let connection = Connection::connect(&url, ConnectionProperties::default()).await;
    let connection = connection.unwrap();
    let none = FieldTable::default;
    assert_eq!(
        code(&connection, async |c| declare(c, QUEUE, none()).await).await,
        0
    );
    assert_eq!(
        code(&connection, async |c| bind(c, QUEUE, EVENTS).await).await,
        0
    );
    let posted = stand.post(3).await;
    let events = stand.await_events(QUEUE, 3).await;
    assert_eq!(events[0]["subject"], posted[0].to_string());
    let channel = connection.create_channel().await.unwrap();
    assert!(get(channel, QUEUE).await.unwrap() > 0);
}

#[tokio::test]
async fn a_consumer_may_do_nothing_else() {
    let stand = Stand::new().await;
    let worker = stand.worker().start(&[]);
    worker.await_said("relay leads", 1).await;
    worker.await_said("notifier consumes", 1).await;
    let url = stand.vhost.login_like("remit-consumer").await;
    let connection = Connection::connect(&url, ConnectionProperties::default()).await;
    let c = &connection.unwrap();
    let none = FieldTable::default;
    assert_eq!(code(c, async |c| declare(c, QUEUE, none()).await).await, 0);
    // What it publishes, whatever way: to Remit's exchange, to any queue, by dead letters.
    assert_eq!(
        code(c, async |c| publish(c, EVENTS, "transfer.posted").await).await,
        REFUSED
    );
    assert_eq!(
        code(c, async |c| publish(c, "", NOTIFICATIONS).await).await,
        REFUSED
    );
    assert_eq!(
        code(c, async |c| publish(c, "amq.topic", "x").await).await,
        REFUSED
    );
    for exchange in ["", EVENTS] {
        let mut arguments = none();
        let exchange = AMQPValue::LongString(exchange.into());
        arguments.insert("x-dead-letter-exchange".into(), exchange);
        let key = AMQPValue::LongString(NOTIFICATIONS.into());
        arguments.insert("x-dead-letter-routing-key".into(), key);
        let name = "consumer.dead";
        assert_eq!(
            code(c, async |c| declare(c, name, arguments).await).await,
            REFUSED
        );
    }
    // Remit's own queues, and names that are nobody's.
    for queue in [NOTIFICATIONS, "remit.notifications.dead"] {
        assert_eq!(
            code(c, async |c| get(c, queue).await).await,
            REFUSED,
            "{queue}"
        );
        assert_eq!(
            code(c, async |c| bind(c, queue, EVENTS).await).await,
            REFUSED
        );
        let purge = async |c: Channel| {
            c.queue_purge(queue.into(), QueuePurgeOptions::default())
                .await
        };
        assert_eq!(code(c, purge).await, REFUSED, "{queue}");
        let delete = async |c: Channel| {
            c.queue_delete(queue.into(), QueueDeleteOptions::default())
                .await
        };
        assert_eq!(code(c, delete).await, REFUSED, "{queue}");
    }
    for queue in ["billing", "consumer", "remit.billing"] {
        assert_eq!(
            code(c, async |c| declare(c, queue, none()).await).await,
            REFUSED,
            "{queue}"
        );
    }
    let delete = async |c: Channel| {
        c.exchange_delete(EVENTS.into(), ExchangeDeleteOptions::default())
            .await
    };
    assert_eq!(code(c, delete).await, REFUSED);
    let make = async |c: Channel| {
        let (kind, options) = (ExchangeKind::Topic, ExchangeDeclareOptions::default());
        c.exchange_declare("remit.other".into(), kind, options, none())
            .await
    };
    assert_eq!(code(c, make).await, REFUSED);
}
