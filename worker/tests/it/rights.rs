//! What the worker may do with the broker: its part, and no more. That its part is enough, all
//! other tests show: they run with these rights.

use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, ExchangeDeclareOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, ExchangeKind};
use remit::base::tls::Trust;
use remit_worker::broker::{Address, Broker};

use crate::stand::Stand;

/// A channel of a connection of its own: a refusal closes it.
async fn open(stand: &Stand) -> Broker {
    let address = Address::parse(&stand.vhost.url(), &Trust::default()).unwrap();
    Broker::connect(&address, "test").await.unwrap()
}

async fn declare(channel: &Channel, queue: &str) -> lapin::Result<()> {
    let declared = channel.queue_declare(
        queue.into(),
        QueueDeclareOptions::durable(),
        FieldTable::default(),
    );
    declared.await.map(drop)
}

fn assert_refused<T>(result: lapin::Result<T>, what: &str) {
    let error = result.err().unwrap_or_else(|| panic!("{what} is allowed"));
    assert!(
        error.to_string().contains("ACCESS_REFUSED"),
        "{what}: {error}"
    );
}

#[tokio::test]
async fn the_worker_s_user_reaches_nothing_that_is_not_remit_s() {
    let stand = Stand::new().await;
    stand.vhost.exchange("other").await;
    let other = stand.vhost.tap("other", "#").await;
    for queue in [
        "other",
        "remit.other",
        "remit.notifications2",
        "xremit.events",
    ] {
        let broker = open(&stand).await;
        assert_refused(declare(&broker.channel, queue).await, queue);
    }
    let broker = open(&stand).await;
    let exchange = broker.channel.exchange_declare(
        "remit.event".into(),
        ExchangeKind::Topic,
        ExchangeDeclareOptions::default(),
        FieldTable::default(),
    );
    assert_refused(exchange.await, "an exchange");
    let broker = open(&stand).await;
    let consumer = broker.channel.basic_consume(
        other.as_str().into(),
        "".into(),
        BasicConsumeOptions::default(),
        FieldTable::default(),
    );
    assert_refused(consumer.await, "another's queue");
    let broker = open(&stand).await;
    let confirm = broker.channel.basic_publish(
        "other".into(),
        "x".into(),
        BasicPublishOptions::default(),
        b"x",
        BasicProperties::default(),
    );
    assert_refused(confirm.await.unwrap().await, "another's exchange");
    assert_eq!(stand.vhost.depth(&other).await, 0);
}

#[tokio::test]
async fn the_management_api_is_not_the_worker_s() {
    let stand = Stand::new().await;
    assert_eq!(stand.vhost.api_status_for_worker().await, 401);
}
