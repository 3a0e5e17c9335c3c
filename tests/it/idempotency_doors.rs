//! Idempotency keys at both doors, HTTP and SQL, and on users and wallets.

use serde_json::{Value, json};
use testbed::http::Answer;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

/// A transfer that was read, as the answer that made it: without what was reversed of it since.
pub fn as_made(read: &Answer) -> Value {
    let mut transfer = read.json();
    let members = transfer.as_object_mut().expect("an object");
    assert_eq!(members.remove("reversed"), Some(json!(0)));
    assert_eq!(members.remove("reversal_ids"), Some(json!([])));
    transfer
}

#[tokio::test]
async fn a_transfer_made_in_psql_is_replayed_over_http() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let operator = stack.operator().await;
    for (key, amount, status) in [("text key", 60, 201), ("poor", 600, 422)] {
        let made = transfer_create(&operator, key, source, target, amount).await;
        let (_, replayed) = made.expect("it is stored, either way");
        assert!(!replayed);
        let body =
            json!({"source_id": source, "target_id": target, "amount": amount, "reference": "r"});
        let again = stack.http.post_with_key("/transfers", key, &body).await;
        assert_eq!(again.status, status, "{again:?}");
        assert_eq!(again.header("idempotency-replayed"), "true");
        if status == 201 {
            let stored = stack.http.get("/transfers/text%20key").await;
            assert_eq!(as_made(&stored), again.json());
        }
        let mut other = body.clone();
        other["amount"] = json!(1);
        let reused = stack.http.post_with_key("/transfers", key, &other).await;
        assert_eq!(reused.problem(), (422, "idempotency_key_reused".to_owned()));
    }
    assert_eq!(stack.count("transfers").await, 3);
    assert_eq!(stack.journal_events().await, 3);
    assert_eq!(stack.http.balance(target).await, 60);
}

#[tokio::test]
async fn a_transfer_made_over_http_is_replayed_in_psql() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let operator = stack.operator().await;
    let uuid = Uuid::new_v4().to_string();
    for (key, amount, outcome) in [
        (uuid.as_str(), 60, "posted"),
        ("poor", 600, "insufficient_funds"),
    ] {
        let body =
            json!({"source_id": source, "target_id": target, "amount": amount, "reference": "r"});
        stack.http.post_with_key("/transfers", key, &body).await;
        let again = transfer_create(&operator, key, source, target, amount).await;
        assert_eq!(again, Ok((outcome.to_owned(), true)));
        let reused = transfer_create(&operator, key, source, target, 1).await;
        assert_eq!(reused, Err("WL005".to_owned()));
    }
    assert_eq!(stack.count("transfers").await, 3);
    assert_eq!(stack.journal_events().await, 3);
}

#[tokio::test]
async fn a_key_names_its_transfer() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let uuid = Uuid::new_v4().to_string();
    for (key, path) in [
        (uuid.as_str(), uuid.as_str()),
        ("order #7/2?a=b&c%20", "order%20%237%2F2%3Fa%3Db%26c%2520"),
        ("~plain", "~plain"),
        ("\"quoted\"", "quoted"),
    ] {
        let posted = stack.http.transfer_with_key(key, source, target, 1).await;
        assert_eq!(posted.status, 201, "{posted:?}");
        let found = stack.http.get(&format!("/transfers/{path}")).await;
        assert_eq!(
            (found.status, as_made(&found)),
            (200, posted.json()),
            "{path}"
        );
        let by_location = stack.http.get(posted.header("location")).await;
        assert_eq!(by_location.body, found.body);
    }
    let upper = stack
        .http
        .get(&format!("/transfers/{}", uuid.to_uppercase()))
        .await;
    assert_eq!(upper.id("id").to_string(), uuid);
    let absent = stack.http.get("/transfers/never-used").await;
    assert_eq!(absent.problem(), (404, "transfer_not_found".to_owned()));
    let no_key = stack.http.get("/transfers/%00").await;
    assert_eq!(no_key.problem(), (400, "malformed_id".to_owned()));
}

#[tokio::test]
async fn a_text_key_names_a_uuid_of_version_8_and_a_uuid_key_itself() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let derived = stack.http.transfer_with_key("k1", source, target, 1).await;
    // What remit_v1.transfer_id('k1') gives.
    assert_eq!(derived.json()["id"], "6ab9f1eb-8f7d-8388-b4f9-d586f66e99fd");
    let key = Uuid::new_v4();
    let own = stack
        .http
        .transfer_with_key(&key.to_string(), source, target, 1)
        .await;
    assert_eq!(own.id("id"), key);
}

#[tokio::test]
async fn users_and_wallets_are_made_once_per_key() {
    let stack = Stack::start().await;
    let owner = stack.http.user().await;
    let wallet = json!({"user_id": owner, "currency": "USD", "initial_balance": 100,
                        "metadata": {"a": "1"}});
    for (path, body, field, other) in [
        (
            "/users",
            json!({"name": "Bob", "reference": "7"}),
            "name",
            json!("Eve"),
        ),
        ("/wallets", wallet, "initial_balance", json!(1)),
    ] {
        // One key for all: kinds do not meet.
        let first = stack.http.post_with_key(path, "k", &body).await;
        assert_eq!(
            (first.status, first.header("idempotency-replayed")),
            (201, "")
        );
        let mut changed = body.clone();
        changed[field] = other;
        for flushed in [false, true] {
            if flushed {
                stack.redis.flush().await;
            }
            let again = stack.http.post_with_key(path, "k", &body).await;
            assert_eq!(
                (again.status, &again.body),
                (201, &first.body),
                "{path} {flushed}"
            );
            assert_eq!(again.header("idempotency-replayed"), "true");
            assert_eq!(again.header("location"), first.header("location"));
            let reused = stack.http.post_with_key(path, "k", &changed).await;
            assert_eq!(
                reused.problem(),
                (422, "idempotency_key_reused".to_owned()),
                "{path}"
            );
        }
        let malformed = stack.http.post_with_key(path, "\"k", &body).await;
        assert_eq!(
            malformed.problem(),
            (400, "idempotency_key_malformed".to_owned())
        );
    }
    assert_eq!(stack.count("users").await, 2);
    assert_eq!(stack.count("wallets where user_id is not null").await, 1);
    assert_eq!(stack.journal_events().await, 1);
}

#[tokio::test]
async fn creation_is_replayed_as_it_was_though_the_wallet_has_changed() {
    let stack = Stack::start().await;
    let target = stack.http.wallet(0).await;
    let body = json!({"user_id": stack.http.user().await, "currency": "USD", "floor": 10, "initial_balance": 100});
    let first = stack.http.post_with_key("/wallets", "k", &body).await;
    let id = first.id("id");
    stack.http.transfer(id, target, 60).await;
    stack.operate("wallet_freeze", id).await;
    for flushed in [false, true] {
        if flushed {
            stack.redis.flush().await;
        }
        let again = stack.http.post_with_key("/wallets", "k", &body).await;
        assert_eq!((again.status, &again.body), (201, &first.body), "{flushed}");
    }
    assert_eq!(stack.http.balance(id).await, 40);
}

#[tokio::test]
async fn twins_on_users_and_wallets_make_one() {
    let stack = Stack::start().await;
    let wallet =
        json!({"user_id": stack.http.user().await, "currency": "USD", "initial_balance": 5});
    for (path, body) in [("/users", json!({"name": "Bob"})), ("/wallets", wallet)] {
        let twins: Vec<_> = (0..30)
            .map(|_| {
                let (http, body) = (stack.http.clone(), body.clone());
                tokio::spawn(async move { http.post_with_key(path, "k", &body).await })
            })
            .collect();
        let mut bodies = Vec::new();
        for twin in twins {
            let answer = twin.await.expect("no panic");
            assert_eq!(answer.status, 201, "{answer:?}");
            bodies.push(answer.body);
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "{path}");
    }
    assert_eq!(stack.count("users").await, 2);
    assert_eq!(stack.count("wallets where user_id is not null").await, 1);
    stack.verify().await;
}

#[tokio::test]
async fn what_was_not_made_can_be_tried_again_with_its_key() {
    let stack = Stack::start().await;
    let user = Uuid::new_v4();
    let wallet = json!({"user_id": user, "currency": "USD"});
    let early = stack.http.post_with_key("/wallets", "k", &wallet).await;
    assert_eq!(early.problem(), (404, "user_not_found".to_owned()));
    for (name, status) in [(Value::Null, 400), (json!(""), 422), (json!("Ann"), 201)] {
        let body = json!({"name": name});
        let answer = stack
            .http
            .post_with_key("/users", &user.to_string(), &body)
            .await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    let made = stack.http.post_with_key("/wallets", "k", &wallet).await;
    assert_eq!(
        (made.status, made.header("idempotency-replayed")),
        (201, "")
    );
}

/// `transfer_create` as an operator calls it: outcome and whether it was replayed, or the SQLSTATE.
async fn transfer_create(
    session: &Client,
    key: &str,
    source_id: Uuid,
    target_id: Uuid,
    amount: i64,
) -> Result<(String, bool), String> {
    let call = "
        select t.outcome::text, t.replayed
          from remit_v1.transfer_create(1, (remit_v1.transfer_id($1), $2::uuid, $3::uuid, $4::bigint, null, 'r',
                                            null, null)::remit_v1.transfer_request) t";
    match session
        .query_one(call, &[&key, &source_id, &target_id, &amount])
        .await
    {
        Ok(row) => Ok((row.get(0), row.get(1))),
        Err(error) => Err(error.code().expect("PostgreSQL refused").code().to_owned()),
    }
}
