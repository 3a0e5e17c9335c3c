//! Ledgers and users are closed to each other: the same ids, keys and users in two of them never meet, and what
//! is foreign is as if it were not there.

use std::collections::BTreeMap;

use hyper::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::callers::World;
use crate::gate::Gate;
use crate::http::{Answer, Http};
use crate::stack::Stack;
use crate::support::poll::{SOON, eventually_true};

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
        for (http, made, balance, amount) in [(&one, &first, 1_000, 10), (&two, &second, 5_000, 70)]
        {
            for (again, made) in names.make(http, balance, amount).await.iter().zip(made) {
                assert_eq!(again.body, made.body);
                assert_eq!(again.header("idempotency-replayed"), "true");
            }
        }
    }

    // What an admin does in one, he does not do in the other.
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

/// A problem without what differs from request to request.
fn comparable(answer: &Answer) -> (u16, BTreeMap<String, String>, Value) {
    let mut body = answer.json();
    body.as_object_mut()
        .expect("a problem")
        .remove("request_id");
    let headers = answer
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "x-request-id" | "date"))
        .map(|(name, value)| (name.to_string(), format!("{value:?}")));
    (answer.status, headers.collect(), body)
}

#[tokio::test]
async fn what_is_foreign_is_as_if_it_were_not_there() {
    let world = World::start().await;
    let (other_user, other_ledger) = (&world.valid[2], &world.valid[5]);
    let key = world
        .stack
        .http
        .post("/keys", &json!({"name": "k", "scope": "reader"}))
        .await;
    let wallet = world.wallet.to_string();
    // It is cached, which must not show.
    assert_eq!(
        world
            .stack
            .http
            .get(&format!("/wallets/{wallet}"))
            .await
            .header("x-cache"),
        "HIT"
    );
    let user_own = other_user.get("/keys").await.status;
    assert_eq!(user_own, 403);
    let transfer =
        |id: &str| json!({"source_id": id, "target_id": world.other_wallet, "amount": 1});
    for (http, method, path, foreign, body) in [
        (
            other_user,
            Method::GET,
            "/users/$id",
            world.user.to_string(),
            Value::Null,
        ),
        (
            other_user,
            Method::GET,
            "/users/$id/wallets",
            world.user.to_string(),
            Value::Null,
        ),
        (
            other_user,
            Method::GET,
            "/wallets/$id",
            wallet.clone(),
            Value::Null,
        ),
        (
            other_user,
            Method::GET,
            "/wallet/$id",
            wallet.clone(),
            Value::Null,
        ),
        (
            other_user,
            Method::GET,
            "/wallets/$id/entries",
            wallet.clone(),
            Value::Null,
        ),
        (
            other_user,
            Method::GET,
            "/wallets/$id/limits",
            wallet.clone(),
            Value::Null,
        ),
        (
            other_user,
            Method::GET,
            "/transfers/$id",
            world.transfer.clone(),
            Value::Null,
        ),
        (
            other_user,
            Method::POST,
            "/transfers",
            wallet.clone(),
            transfer("$id"),
        ),
        (
            other_ledger,
            Method::GET,
            "/users/$id",
            world.user.to_string(),
            Value::Null,
        ),
        (
            other_ledger,
            Method::GET,
            "/users/$id/wallets",
            world.user.to_string(),
            Value::Null,
        ),
        (
            other_ledger,
            Method::GET,
            "/wallets/$id",
            wallet.clone(),
            Value::Null,
        ),
        (
            other_ledger,
            Method::GET,
            "/wallets/$id/entries",
            wallet.clone(),
            Value::Null,
        ),
        (
            other_ledger,
            Method::GET,
            "/wallets/$id/limits",
            wallet.clone(),
            Value::Null,
        ),
        (
            other_ledger,
            Method::PUT,
            "/wallets/$id/limits",
            wallet.clone(),
            json!({"transfer_max": null, "daily_max": null}),
        ),
        (
            other_ledger,
            Method::POST,
            "/wallets/$id/freeze",
            wallet.clone(),
            json!({}),
        ),
        (
            other_ledger,
            Method::POST,
            "/wallets/$id/unfreeze",
            wallet.clone(),
            json!({}),
        ),
        (
            other_ledger,
            Method::GET,
            "/transfers/$id",
            world.transfer.clone(),
            Value::Null,
        ),
        (
            other_ledger,
            Method::POST,
            "/transfers",
            wallet.clone(),
            transfer("$id"),
        ),
        (
            other_ledger,
            Method::POST,
            "/wallets",
            world.user.to_string(),
            json!({"user_id": "$id", "currency": "USD"}),
        ),
        (
            other_ledger,
            Method::POST,
            "/keys",
            world.user.to_string(),
            json!({"name": "k", "scope": "user", "user_id": "$id"}),
        ),
        (
            other_ledger,
            Method::DELETE,
            "/keys/$id",
            key.id("id").to_string(),
            Value::Null,
        ),
        (
            other_ledger,
            Method::GET,
            "/ledgers/$id",
            "1".to_owned(),
            Value::Null,
        ),
    ] {
        let absent = match path {
            "/ledgers/$id" => "77".to_owned(),
            _ => Uuid::new_v4().to_string(),
        };
        let mut answers = Vec::new();
        for id in [&foreign, &absent] {
            let key = Uuid::new_v4().to_string();
            let headers = [
                ("content-type", "application/json"),
                ("idempotency-key", key.as_str()),
            ];
            let body = if body.is_null() {
                String::new()
            } else {
                body.to_string()
            };
            let (path, body) = (path.replace("$id", id), body.replace("$id", id));
            answers.push(http.send(method.clone(), &path, &headers, body).await);
        }
        assert_eq!(answers[0].status, 404, "{method} {path}: {answers:?}");
        assert_eq!(
            comparable(&answers[0]),
            comparable(&answers[1]),
            "{method} {path}"
        );
    }
}

/// How often Redis ran each command since the last reset.
async fn commands(stack: &Stack) -> BTreeMap<String, u64> {
    let mut redis = stack.redis.connect().await;
    let stats: String = redis::cmd("INFO")
        .arg("commandstats")
        .query_async(&mut redis)
        .await
        .expect("Redis answers");
    let reset = redis::cmd("CONFIG")
        .arg("RESETSTAT")
        .exec_async(&mut redis)
        .await;
    reset.expect("Redis answers");
    let counts = stats.lines().filter_map(|line| {
        let (name, values) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        let count = values.split(',').next()?.parse().ok()?;
        Some((name.to_owned(), count))
    });
    let of_tests = [
        "info",
        "config|resetstat",
        "auth",
        "ping",
        "hello",
        "client|setinfo",
        "select",
    ];
    counts
        .filter(|(name, _)| !of_tests.contains(&name.as_str()))
        .collect()
}

#[tokio::test]
async fn a_foreign_wallet_takes_the_same_steps_as_none() {
    let world = World::start().await;
    let stack = &world.stack;
    let owner = &world.valid[1];
    let attacker = &world.valid[2];
    let path = format!("/wallets/{}", world.wallet);
    assert_eq!(owner.get(&path).await.header("x-cache"), "HIT");
    let gate = Gate::behind_wallets_get(stack).await;
    // The scripts are loaded by now.
    attacker.get(&format!("/wallets/{}", Uuid::new_v4())).await;
    commands(stack).await;
    let mut seen = Vec::new();
    for id in [world.wallet, Uuid::new_v4()] {
        let before = gate.call_count().await;
        assert_eq!(attacker.get(&format!("/wallets/{id}")).await.status, 404);
        seen.push((commands(stack).await, gate.call_count().await - before));
    }
    assert_eq!(seen[0].1, 1, "a foreign wallet is no hit");
    // A lease of a wallet that does not exist is all that its key holds: the rest is the same.
    assert_eq!(seen[0], seen[1]);
    assert_eq!(owner.get(&path).await.header("x-cache"), "HIT");
    let mut redis = stack.redis.connect().await;
    let leases: Vec<String> = redis::cmd("HKEYS")
        .arg(format!("remit:wallet:1:{}", world.wallet))
        .query_async(&mut redis)
        .await
        .expect("Redis answers");
    assert!(
        !leases.iter().any(|field| field.starts_with("lease")),
        "{leases:?}"
    );
}

#[tokio::test]
async fn reading_foreign_wallets_disturbs_nobody_s_cache() {
    let world = World::start().await;
    let stack = &world.stack;
    let path = format!("/wallets/{}", world.wallet);
    let gate = Gate::behind_wallets_get(stack).await;
    stack.redis.flush().await;
    gate.close().await;
    // The owner has left a lease and asks; then others leave theirs and ask.
    let ask = |http: &Http| {
        let (http, path) = (http.clone(), path.clone());
        tokio::spawn(async move { http.get(&path).await.status })
    };
    let owner = ask(&world.valid[1]);
    gate.wait_for_call().await;
    let others = [ask(&world.valid[2]), ask(&world.valid[5])];
    let mut redis = stack.redis.connect().await;
    eventually_true(SOON, "all have left a lease", async || {
        let mut count: usize = 0;
        for ledger in [1, 2] {
            let mut command = redis::cmd("HKEYS");
            command.arg(format!("remit:wallet:{ledger}:{}", world.wallet));
            let fields: Vec<String> = command.query_async(&mut redis).await.unwrap_or_default();
            let leases = fields.iter().filter(|field| field.starts_with("lease"));
            count += leases.count();
        }
        count == 3
    })
    .await;
    gate.open().await;
    assert_eq!(owner.await.expect("no panic"), 200);
    for other in others {
        assert_eq!(other.await.expect("no panic"), 404);
    }
    assert_eq!(world.valid[1].get(&path).await.header("x-cache"), "HIT");
}

#[tokio::test]
async fn the_idempotency_keys_of_users_are_their_own() {
    let stack = Stack::start().await;
    let target = stack.http.wallet(0).await;
    let mut users = Vec::new();
    for _ in 0..2 {
        let wallet = stack.http.wallet(100).await;
        let user = stack
            .http
            .get(&format!("/wallets/{wallet}"))
            .await
            .id("user_id");
        users.push((stack.http.scoped("user", Some(user)).await, wallet));
    }
    let ledger_wide = (stack.http.clone(), stack.http.wallet(100).await);
    let key = Uuid::new_v4().to_string();
    // Of the three, the first is held up: the others must not hear that a twin is in progress.
    let held = stack.hold(users[0].1).await;
    let first = tokio::spawn({
        let ((http, wallet), key) = (users[0].clone(), key.clone());
        async move { http.transfer_with_key(&key, wallet, target, 1).await }
    });
    let mut answers = Vec::new();
    let pattern = format!("remit:key:1:*:transfer:{key}");
    let mut redis = stack.redis.connect().await;
    eventually_true(SOON, "the first is in progress", async || {
        let mut command = redis::cmd("KEYS");
        command.arg(&pattern);
        let keys: Vec<String> = command
            .query_async(&mut redis)
            .await
            .expect("Redis answers");
        keys.len() == 1
    })
    .await;
    for ((http, wallet), amount) in [(&users[1], 2), (&ledger_wide, 3)] {
        answers.push(http.transfer_with_key(&key, *wallet, target, amount).await);
    }
    held.release().await;
    answers.insert(0, first.await.expect("no panic"));
    for (answer, amount) in answers.iter().zip(1..) {
        assert_eq!(
            (answer.status, &answer.json()["amount"]),
            (201, &json!(amount))
        );
        let place = format!("/transfers/{}", answer.id("id"));
        assert_eq!(answer.header("location"), place);
        let is_key = place.ends_with(&key);
        assert_eq!(is_key, amount == 3, "only a ledger-wide key is the id");
    }
    let callers = [&users[0], &users[1], &ledger_wide];
    for forget in [false, true] {
        if forget {
            stack.redis.flush().await;
        }
        for (((http, wallet), made), amount) in callers.into_iter().zip(&answers).zip(1..) {
            let again = http.transfer_with_key(&key, *wallet, target, amount).await;
            assert_eq!((again.status, &again.body), (201, &made.body));
            assert_eq!(again.header("location"), made.header("location"));
            assert_eq!(again.header("idempotency-replayed"), "true");
            let found = http.get(&format!("/transfers/{key}")).await;
            assert_eq!(found.json()["amount"], amount, "{found:?}");
        }
    }
    // One who received it sees it, without the balance of the one who sent it.
    let user = stack
        .http
        .get(&format!("/wallets/{target}"))
        .await
        .id("user_id");
    let receiver = stack.http.scoped("user", Some(user)).await;
    let received = receiver.get(answers[0].header("location")).await;
    assert_eq!(
        (received.status, &received.json()["source_balance"]),
        (200, &Value::Null)
    );
    let other = users[1].0.get(answers[0].header("location")).await;
    assert_eq!(other.problem(), (404, "transfer_not_found".to_owned()));
    stack.verify().await;
}
