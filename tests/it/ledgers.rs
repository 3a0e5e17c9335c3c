//! Ledgers are closed to each other: the same ids, keys and users in two of them never meet.

use hyper::Method;
use serde_json::{Value, json};
use testbed::http::{Answer, Http};
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

/// A client with the first key of a new ledger.
async fn new_ledger(stack: &Stack) -> Http {
    let made = stack
        .http
        .post("/ledgers", &json!({"name": "another"}))
        .await;
    assert_eq!(
        (made.status, made.header("cache-control")),
        (201, "no-store")
    );
    assert_eq!(
        made.header("location"),
        format!("/ledgers/{}", made.json()["id"])
    );
    stack
        .http
        .with_key(made.json()["key"]["key"].as_str().expect("a key is text"))
}

/// What a ledger's keys, ids and users are: the same in each.
struct Names {
    user: String,
    wallets: [String; 2],
    transfer: String,
}

impl Names {
    fn new() -> Self {
        let id = || Uuid::new_v4().to_string();
        Self {
            user: id(),
            wallets: [id(), id()],
            transfer: id(),
        }
    }

    async fn make(&self, http: &Http, balance: i64, amount: i64) -> Vec<Answer> {
        let user = json!({"name": format!("Ann of {balance}")});
        let mut answers = vec![http.post_with_key("/users", &self.user, &user).await];
        for (wallet, balance) in [(&self.wallets[0], balance), (&self.wallets[1], 0)] {
            let body = json!({"user_id": self.user, "currency": "USD", "initial_balance": balance});
            answers.push(http.post_with_key("/wallets", wallet, &body).await);
        }
        let body =
            json!({"source_id": self.wallets[0], "target_id": self.wallets[1], "amount": amount});
        answers.push(
            http.post_with_key("/transfers", &self.transfer, &body)
                .await,
        );
        for (answer, (collection, id)) in answers.iter().zip([
            ("users", &self.user),
            ("wallets", &self.wallets[0]),
            ("wallets", &self.wallets[1]),
            ("transfers", &self.transfer),
        ]) {
            assert_eq!(answer.status, 201, "{answer:?}");
            assert_eq!(answer.header("location"), format!("/{collection}/{id}"));
        }
        answers
    }

    /// Makes all once more, which gives the same answers.
    async fn make_again(&self, http: &Http, balance: i64, amount: i64, made: &[Answer]) {
        for (again, made) in self.make(http, balance, amount).await.iter().zip(made) {
            assert_eq!(again.body, made.body);
            assert_eq!(again.header("idempotency-replayed"), "true");
        }
    }

    async fn read(&self, http: &Http) -> Vec<Value> {
        let mut read = Vec::new();
        for path in [
            format!("/users/{}", self.user),
            format!("/users/{}/wallets", self.user),
            format!("/wallets/{}", self.wallets[0]),
            format!("/wallet/{}", self.wallets[1]),
            format!("/wallets/{}/entries", self.wallets[0]),
            format!("/wallets/{}/limits", self.wallets[0]),
            format!("/transfers/{}", self.transfer),
            "/keys".to_owned(),
        ] {
            let answer = http.get(&path).await;
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
            read.push(answer.json());
        }
        read
    }
}

async fn change(http: &Http, method: Method, path: &str, body: Value) -> u16 {
    let headers = [("content-type", "application/json")];
    http.send(method, path, &headers, body.to_string())
        .await
        .status
}

#[tokio::test]
async fn two_ledgers_with_equal_ids_keys_and_users_never_meet() {
    let stack = Stack::start().await;
    let (one, two, names) = (stack.http.clone(), new_ledger(&stack).await, Names::new());
    let first = names.make(&one, 1_000, 10).await;
    let before = names.read(&one).await;
    let second = names.make(&two, 5_000, 70).await;
    let other = names.read(&two).await;
    assert_eq!(
        names.read(&one).await,
        before,
        "the second ledger changed the first"
    );
    for (here, there) in before.iter().zip(&other) {
        let both_without_limits = here["transfer_max"].is_null() && here.get("daily_max").is_some();
        assert!(here != there || both_without_limits, "{here}");
    }
    let path = format!("/wallets/{}", names.wallets[0]);
    for (http, balance) in [(&one, 990), (&two, 4_930)] {
        let wallet = http.get(&path).await;
        assert_eq!(wallet.json()["balance"], balance);
        assert_eq!(wallet.header("x-cache"), "HIT");
    }
    // Each has its own answers by key, in Redis and without it.
    for forget in [false, true] {
        if forget {
            stack.redis.flush().await;
        }
        names.make_again(&one, 1_000, 10, &first).await;
        names.make_again(&two, 5_000, 70, &second).await;
    }
    stack.verify().await;
}

#[tokio::test]
async fn what_an_admin_does_in_one_ledger_is_not_done_in_another() {
    let stack = Stack::start().await;
    let (one, two, names) = (stack.http.clone(), new_ledger(&stack).await, Names::new());
    names.make(&one, 1_000, 10).await;
    names.make(&two, 5_000, 70).await;
    let before = names.read(&one).await;
    names.read(&two).await;
    let path = format!("/wallets/{}", names.wallets[0]);
    let limits = json!({"transfer_max": 5, "daily_max": 50});
    for (method, path, body) in [
        (
            Method::POST,
            format!("{path}/freeze"),
            json!({"reason": "a test"}),
        ),
        (Method::PUT, format!("{path}/limits"), limits),
    ] {
        assert_eq!(change(&two, method, &path, body).await, 200, "{path}");
    }
    assert_eq!(two.get(&path).await.json()["status"], "frozen");
    assert_eq!(
        two.get(&path).await.header("x-cache"),
        "HIT",
        "written through"
    );
    assert_eq!(names.read(&one).await[3..], before[3..]);
    assert_eq!(one.get(&path).await.json()["status"], "active");
    let (source, target) = (&names.wallets[0], &names.wallets[1]);
    let [source, target] = [source, target].map(|id| id.parse().expect("an id"));
    assert_eq!(one.transfer(source, target, 6).await.status, 201);
    assert_eq!(
        two.transfer(source, target, 1).await.problem().1,
        "wallet_frozen"
    );
    assert_eq!(
        change(&two, Method::POST, &format!("{path}/unfreeze"), json!({})).await,
        200
    );
    assert_eq!(two.get(&path).await.json()["status"], "active");
    assert_eq!(
        two.transfer(source, target, 6).await.problem().1,
        "limit_exceeded"
    );
    let key = format!(
        "/keys/{}",
        before[7]["keys"][0]["id"].as_str().expect("an id")
    );
    assert_eq!(two.send(Method::DELETE, &key, &[], "").await.status, 404);
    assert_eq!(one.get("/keys").await.status, 200);
    stack.verify().await;
}
