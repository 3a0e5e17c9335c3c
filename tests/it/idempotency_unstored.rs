//! What is never stored under an idempotency key, so that the key can be used again.

use hyper::Method;
use serde_json::{Value, json};
use testbed::proxy::Proxy;
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

#[tokio::test]
async fn what_is_never_stored_can_be_tried_again_with_its_key() {
    let stack = Stack::start().await;
    let source = stack.http.wallet(100).await;
    // A wallet that is not there yet: its own key will be its id.
    let target = Uuid::new_v4();
    let good = transfer(source, target, 1).to_string();
    let key = [("idempotency-key", "k")];
    let large = format!("{good}{}", " ".repeat(16_384));
    let no_type = [("idempotency-key", "k"), ("content-type", "text/plain")];
    for (status, headers, body) in [
        (400, &key[..], "{".to_owned()),
        (400, &key[..], good.replace("amount", "sum")),
        (413, &key[..], large),
        (415, &no_type[..], good.clone()),
        (422, &key[..], good.replace(":1", ":0")),
        (422, &key[..], transfer(source, source, 1).to_string()),
        (404, &key[..], good.clone()),
    ] {
        let mut headers = headers.to_vec();
        if headers.len() == 1 {
            headers.push(("content-type", "application/json"));
        }
        let refused = stack
            .http
            .send(Method::POST, "/transfers", &headers, body.clone())
            .await;
        assert_eq!(refused.status, status, "{body:.80}");
    }
    assert_eq!(stack.count("transfers").await, 1, "the initial balance");
    let wallet = json!({"user_id": stack.http.user().await, "currency": "USD"});
    let made = stack
        .http
        .post_with_key("/wallets", &target.to_string(), &wallet)
        .await;
    assert_eq!(made.id("id"), target);
    let posted = stack.http.post_bytes("/transfers", &key, good).await;
    assert_eq!(
        (posted.status, posted.header("idempotency-replayed")),
        (201, "")
    );
}

#[tokio::test]
async fn a_transfer_that_met_no_database_can_be_tried_again_with_its_key() {
    let mut stack = Stack::start().await;
    let proxy = Proxy::start(stack.database.port());
    let url = stack.database.url_at("remit_server", proxy.port);
    stack.restart_with(&[("DATABASE_URL", url)]).await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    proxy.close().await;
    for _ in 0..2 {
        let refused = stack.http.transfer_with_key("k", source, target, 1).await;
        assert_eq!(refused.problem(), (503, "database_unavailable".to_owned()));
        assert_eq!(refused.header("retry-after"), "1");
    }
    proxy.resume();
    let posted = stack.http.transfer_with_key("k", source, target, 1).await;
    assert_eq!(posted.status, 201, "{posted:?}");
    assert_eq!(stack.http.balance(target).await, 1);
}

fn transfer(source_id: Uuid, target_id: Uuid, amount: i64) -> Value {
    json!({"source_id": source_id, "target_id": target_id, "amount": amount})
}
