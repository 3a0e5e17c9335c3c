//! Wallets: how they begin, how low they may go, and how they are read.

use hyper::Method;
use serde_json::{Value, json};
use testbed::http::{Answer, Http};
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

#[tokio::test]
async fn an_initial_balance_comes_from_the_issuance_wallet() {
    let stack = Stack::start().await;
    let created = create(&stack.http, json!({"initial_balance": 1_000})).await;
    let (id, wallet) = (created.id("id"), created.json());
    assert_eq!(created.header("location"), format!("/wallets/{id}"));
    assert_eq!(
        (&wallet["balance"], &wallet["version"]),
        (&json!(1_000), &json!(1))
    );
    assert_eq!(wallet["available"], 1_000);
    assert_eq!(wallet["status"], "active");

    let entries = stack.http.get(&format!("/wallets/{id}/entries")).await;
    let entry = entries.json()["entries"][0].clone();
    assert_eq!(
        (&entry["version"], &entry["amount"]),
        (&json!(1), &json!(1_000))
    );
    assert_eq!(entry["balance"], 1_000);
    let issuance = path_of("/wallets", &entry["counterparty_id"]);
    let issuance = stack.http.get(&issuance).await.json();
    assert_eq!(issuance["balance"], -1_000);
    assert_eq!(
        (&issuance["user_id"], &issuance["floor"]),
        (&Value::Null, &Value::Null)
    );
    let transfer = path_of("/transfers", &entry["transfer_id"]);
    assert_eq!(
        stack.http.get(&transfer).await.json()["target_id"],
        id.to_string()
    );
    assert_eq!(stack.journal_events().await, 1);
    assert_eq!(sum_of_balances(&stack).await, 0);
    stack.verify().await;
}

#[tokio::test]
async fn a_wallet_without_an_initial_balance_has_no_entries() {
    let stack = Stack::start().await;
    for body in [
        json!({}),
        json!({"initial_balance": 0}),
        json!({"initial_balance": null}),
    ] {
        let created = create(&stack.http, body).await;
        let wallet = created.json();
        assert_eq!(
            (&wallet["balance"], &wallet["version"]),
            (&json!(0), &json!(0))
        );
        let entries = stack
            .http
            .get(&format!("/wallets/{}/entries", created.id("id")))
            .await;
        assert_eq!(entries.json(), json!({"entries": [], "next_cursor": null}));
    }
    assert_eq!(stack.count("transfers").await, 0);
    assert_eq!(stack.journal_events().await, 0);
}

#[tokio::test]
async fn a_wallet_goes_down_to_its_floor_and_no_further() {
    let stack = Stack::start().await;
    let target = stack.http.wallet(0).await;
    for (floor, initial_balance, spendable) in [
        (json!({}), 100, 100),
        (json!({"floor": 0}), 100, 100),
        (json!({"floor": -50}), 100, 150),
        (json!({"floor": -50}), 0, 50),
        (json!({"floor": 60}), 100, 40),
    ] {
        let mut body = floor.clone();
        body["initial_balance"] = json!(initial_balance);
        let created = create(&stack.http, body).await;
        assert_eq!(
            created.json()["floor"],
            floor.get("floor").cloned().unwrap_or(json!(0))
        );
        let id = created.id("id");
        let over = stack.http.transfer(id, target, spendable + 1).await;
        assert_eq!(
            over.problem(),
            (422, "insufficient_funds".to_owned()),
            "{floor}"
        );
        let exact = stack.http.transfer(id, target, spendable).await;
        assert_eq!(exact.status, 201, "{floor} {exact:?}");
        let one_more = stack.http.transfer(id, target, 1).await;
        assert_eq!(one_more.status, 422, "{floor}");
    }
    stack.verify().await;
}

#[tokio::test]
async fn a_null_floor_is_no_limit_but_that_of_exact_numbers() {
    let stack = Stack::start().await;
    let limit = 9_007_199_254_740_991_i64;
    let wallet = create(&stack.http, json!({"floor": null})).await;
    assert_eq!(wallet.json()["floor"], Value::Null);
    let (id, target) = (wallet.id("id"), stack.http.wallet(0).await);
    assert_eq!(stack.http.transfer(id, target, limit).await.status, 201);
    assert_eq!(stack.http.balance(id).await, -limit);
    let beyond = stack.http.transfer(id, target, 1).await;
    assert_eq!(beyond.problem(), (422, "balance_limit_exceeded".to_owned()));
    stack.verify().await;
}

#[tokio::test]
async fn a_wallet_that_cannot_begin_as_asked_is_refused_whole() {
    let stack = Stack::start().await;
    let limit = 9_007_199_254_740_991_i64;
    create(&stack.http, json!({"initial_balance": limit})).await;
    let (wallets, transfers) = (stack.count("wallets").await, stack.count("transfers").await);
    for (status, code, field, body) in [
        (422, "invalid_field", "initial_balance", json!({"floor": 1})),
        (
            422,
            "invalid_field",
            "initial_balance",
            json!({"initial_balance": -1}),
        ),
        (
            422,
            "invalid_field",
            "initial_balance",
            json!({"initial_balance": limit + 1}),
        ),
        (422, "invalid_field", "floor", json!({"floor": -limit - 1})),
        (
            422,
            "balance_limit_exceeded",
            "initial_balance",
            json!({"initial_balance": 1}),
        ),
        (
            422,
            "currency_unknown",
            "currency",
            json!({"currency": "QQQ"}),
        ),
        (
            422,
            "currency_unknown",
            "currency",
            json!({"currency": "usd"}),
        ),
        (
            404,
            "user_not_found",
            "user_id",
            json!({"user_id": Uuid::new_v4()}),
        ),
    ] {
        let mut whole = json!({"user_id": stack.http.user().await, "currency": "USD"});
        merge(&mut whole, &body);
        let refused = stack.http.post("/wallets", &whole).await;
        assert_eq!(refused.problem(), (status, code.to_owned()), "{body}");
        assert_eq!(refused.json()["pointer"], format!("/{field}"), "{body}");
    }
    assert_eq!(stack.count("wallets").await, wallets);
    assert_eq!(stack.count("transfers").await, transfers);
}

#[tokio::test]
async fn money_is_whole_minor_units_in_every_currency() {
    let stack = Stack::start().await;
    // No decimals, three decimals, four decimals.
    for currency in ["JPY", "KWD", "CLF"] {
        let body = json!({"currency": currency, "initial_balance": 1_005});
        let source = create(&stack.http, body).await.id("id");
        let target = create(&stack.http, json!({"currency": currency}))
            .await
            .id("id");
        let moved = stack.http.transfer(source, target, 5).await.json();
        assert_eq!(
            (&moved["currency"], &moved["source_balance"]),
            (&json!(currency), &json!(1_000))
        );
        assert_eq!(stack.http.balance(target).await, 5);
    }
    assert_eq!(sum_of_balances(&stack).await, 0);
    stack.verify().await;
}

#[tokio::test]
async fn a_wallets_etag_changes_with_every_change_of_the_wallet() {
    let stack = Stack::start().await;
    let (id, other) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let path = format!("/wallets/{id}");
    assert_eq!(stack.http.get(&path).await.header("etag"), "\"1.0\"");
    stack.http.transfer(id, other, 10).await;
    assert_eq!(stack.http.get(&path).await.header("etag"), "\"2.0\"");
    stack.operate("wallet_freeze", id).await;
    stack.redis.flush().await;
    assert_eq!(stack.http.get(&path).await.header("etag"), "\"2.1\"");
    stack.operate("wallet_unfreeze", id).await;
    stack.redis.flush().await;
    assert_eq!(stack.http.get(&path).await.header("etag"), "\"2.2\"");
}

#[tokio::test]
async fn a_wallet_that_is_known_already_is_not_sent_again() {
    let stack = Stack::start().await;
    let path = format!("/wallets/{}", stack.http.wallet(100).await);
    for (tags, status) in [
        ("\"1.0\"", 304),
        ("W/\"1.0\"", 304),
        ("\"7.0\", \"1.0\"", 304),
        ("*", 304),
        ("\"0.0\"", 200),
        ("1.0", 200),
        ("\"1.1\"", 200),
    ] {
        let headers = [("if-none-match", tags)];
        let answer = stack.http.send(Method::GET, &path, &headers, "").await;
        assert_eq!(answer.status, status, "{tags}");
        assert_eq!(answer.body.is_empty(), status == 304, "{tags}");
        assert_eq!(answer.header("etag"), "\"1.0\"");
    }
}

#[tokio::test]
async fn a_wallet_has_two_paths_and_can_be_asked_for_its_head() {
    let stack = Stack::start().await;
    let id = stack.http.wallet(100).await;
    let wallet = stack.http.get(&format!("/wallets/{id}")).await;
    let alias = stack.http.get(&format!("/wallet/{id}")).await;
    assert_eq!((alias.status, &alias.body), (200, &wallet.body));
    assert_eq!(alias.header("etag"), wallet.header("etag"));
    let head = stack
        .http
        .send(Method::HEAD, &format!("/wallets/{id}"), &[], "")
        .await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), wallet.body.len().to_string());
}

#[tokio::test]
async fn a_wallet_that_is_not_there_is_not_found() {
    let stack = Stack::start().await;
    for path in ["/wallets/{}", "/wallet/{}", "/wallets/{}/entries"] {
        let path = path.replace("{}", &Uuid::new_v4().to_string());
        let absent = stack.http.get(&path).await;
        assert_eq!(
            absent.problem(),
            (404, "wallet_not_found".to_owned()),
            "{path}"
        );
    }
}

/// A new user's new wallet, in USD unless the body says otherwise.
async fn create(http: &Http, body: Value) -> Answer {
    let mut whole = json!({"user_id": http.user().await, "currency": "USD"});
    merge(&mut whole, &body);
    let created = http.post("/wallets", &whole).await;
    assert_eq!(created.status, 201, "{whole} {created:?}");
    created
}

fn merge(whole: &mut Value, part: &Value) {
    for (name, value) in part.as_object().expect("bodies are objects") {
        whole[name] = value.clone();
    }
}

fn path_of(collection: &str, id: &Value) -> String {
    format!("{collection}/{}", id.as_str().expect("an id"))
}

async fn sum_of_balances(stack: &Stack) -> i64 {
    let query = "select sum(balance)::bigint from remit.wallets";
    let row = stack.owner().await.query_one(query, &[]).await;
    row.expect("there are wallets").get(0)
}
