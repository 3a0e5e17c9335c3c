use testbed::poll::{SOON, eventually_true};
use uuid::Uuid;

use crate::relay::{leading, relay};
use crate::stand::Stand;

#[tokio::test]
async fn a_hold_that_ends_unseen_is_told_of() {
    let stand = Stand::new().await;
    let tap = stand.tap().await;
    let hold_id = Uuid::new_v4();
    let authorise =
        "select remit_v1.hold_create(1, $1, $2, 10, expires_in => 1, reference => 'a test')";
    let source = stand.wallets[0];
    stand
        .dba
        .execute(authorise, &[&hold_id, &source])
        .await
        .unwrap();

    let mut drain = leading(&relay(&stand)).await;
    eventually_true(SOON, "the hold is told of as expired", async || {
        drain.drain_once().await.unwrap();
        let messages = stand.vhost.messages(&tap).await.unwrap();
        let is_expiry = |message: &&testbed::rabbitmq::Message| {
            message.routing_key == "hold.expired"
                && message.json()["data"]["hold_id"] == hold_id.to_string()
        };
        messages.iter().any(|message| is_expiry(&message))
    })
    .await;
    let held = "select held from remit.wallets where id = $1";
    let held = stand.dba.query_one(held, &[&source]).await;
    assert_eq!(held.unwrap().get::<_, i64>(0), 0);
}
