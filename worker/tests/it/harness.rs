use serde_json::json;

use crate::support::poll::{SOON, eventually_true};
use crate::support::postgres::Database;
use crate::support::proxy::TcpProxy;
use crate::support::rabbitmq::RabbitVhost;
use crate::support::redis::RedisServer;

#[tokio::test]
async fn each_test_has_servers_of_its_own() {
    let database = Database::create().await;
    let client = database.connect_as("remit_worker").await;
    let proxy = TcpProxy::start(database.port()).await;
    let url = database.url_at("remit_worker", proxy.port);
    client.batch_execute("select 1").await.unwrap();
    let (through, _driver) = remit::postgres::connect(&url.parse().unwrap())
        .await
        .unwrap();
    through.batch_execute("select 1").await.unwrap();
    proxy.cut().await;
    assert!(through.batch_execute("select 1").await.is_err());
    proxy.resume().await;

    let vhost = RabbitVhost::create().await;
    let tap = vhost.tap("amq.topic", "#").await;
    vhost
        .publish(
            "amq.topic",
            "a.b",
            json!({"message_id": "one"}),
            b"\xff\x00",
        )
        .await;
    eventually_true(SOON, "a message", async || vhost.depth(&tap).await == 1).await;
    let messages = vhost.messages(&tap).await.unwrap();
    assert_eq!(
        (messages[0].property("message_id"), &messages[0].body[..]),
        ("one", &b"\xff\x00"[..])
    );

    let mut redis = RedisServer::start().await;
    redis.stop();
    redis.resume().await;
    redis.flush().await;
}
