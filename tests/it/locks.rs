//! What other sessions hold for long: ids of transfers, users, and whole tables.

use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::json;
use testbed::http::{Answer, Http};
use testbed::poll::{SOON, eventually_true};
use tokio::task::JoinHandle;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

/// How many transfers go together.
const TRANSFERS: usize = 40;
/// Which of them has an id that an open transaction holds.
const HELD: usize = TRANSFERS / 2;
/// The time that a request has for all its tries, 2 s, and as much again for a slow machine.
const TRIES_MAX: Duration = Duration::from_secs(4);

/// Creations that wait for one user: more than there are connections for them.
const CREATIONS: usize = 60;
/// What a request takes that waits for nothing, on a machine that runs other tests.
const QUICK_MAX: Duration = Duration::from_millis(900);

/// Wallets for transfers that have nothing in common.
async fn pairs(stack: &Stack, count: usize) -> Vec<[Uuid; 2]> {
    let mut pairs = Vec::new();
    for _ in 0..count {
        pairs.push([stack.http.wallet(100).await, stack.http.wallet(0).await]);
    }
    pairs
}

/// Begins to post a transfer with each key, between the wallets of one pair.
fn post_each(stack: &Stack, keys: &[String], pairs: &[[Uuid; 2]]) -> Vec<JoinHandle<Answer>> {
    let post = |(key, &[source, target]): (&String, &[Uuid; 2])| {
        let (http, key) = (stack.http.clone(), key.clone());
        tokio::spawn(async move { http.transfer_with_key(&key, source, target, 1).await })
    };
    keys.iter().zip(pairs).map(post).collect()
}

#[tokio::test]
async fn a_held_id_does_not_hold_up_the_transfers_beside_it() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(500).await, stack.http.wallet(0).await);
    let holder = stack.operator().await;
    let post = format!(
        "begin;
         select from remit_v1.transfer_create(1, (remit_v1.transfer_id('k{HELD}'), '{source}', '{target}', 1, null, null, null, null)::remit_v1.transfer_request)"
    );
    holder.batch_execute(&post).await.expect("an operator may");
    let pairs = pairs(&stack, TRANSFERS).await;
    let keys: Vec<_> = (0..TRANSFERS).map(|n| format!("k{n}")).collect();
    let mut transfers = post_each(&stack, &keys, &pairs);
    let twin = transfers.remove(HELD);
    for transfer in transfers {
        assert_eq!(transfer.await.expect("no panic").status, 201);
    }
    assert!(!twin.is_finished(), "its neighbours were faster");
    let twin = twin.await.expect("no panic");
    assert_eq!(twin.problem(), (409, "request_in_progress".to_owned()));
    holder.batch_execute("rollback").await.expect("it is there");
    stack.verify().await;
}

#[tokio::test]
async fn a_locked_table_costs_a_request_one_wait_and_no_more() {
    let stack = Stack::start().await;
    let owner = stack.owner().await;
    let keys: Vec<_> = (0..TRANSFERS).map(|n| format!("k{n}")).collect();
    let pairs = pairs(&stack, TRANSFERS).await;
    let lock = "begin; lock table remit.transfers in access exclusive mode";
    owner.batch_execute(lock).await.expect("the owner may");
    let start = Instant::now();
    let transfers = post_each(&stack, &keys, &pairs);
    for transfer in transfers {
        let refused = transfer.await.expect("no panic");
        assert_eq!(refused.problem(), (503, "wallet_busy".to_owned()));
        assert_eq!(refused.header("retry-after"), "1");
        assert!(start.elapsed() < TRIES_MAX, "{:?}", start.elapsed());
    }
    owner.batch_execute("rollback").await.expect("it is there");
    for again in post_each(&stack, &keys, &pairs) {
        assert_eq!(again.await.expect("no panic").status, 201);
    }
    stack.verify().await;
}

#[tokio::test]
async fn creations_that_wait_for_a_user_hold_up_no_other_request() {
    let stack = Stack::start().await;
    let (held, other) = (stack.http.user().await, stack.http.user().await);
    let wallet = stack.http.wallet(100).await;
    let holder = begin_wallet(&stack, held).await;
    let start = Instant::now();
    let create = |_| create_wallet(&stack.http, held);
    let creations: Vec<_> = (0..CREATIONS).map(create).collect();
    wait_for_lock(&stack).await;
    let mut rounds = 0;
    while start.elapsed() < Duration::from_millis(1_500) {
        let before = Instant::now();
        for answer in [
            create_wallet(&stack.http, other).await.expect("no panic"),
            stack.http.get(&format!("/users/{other}")).await,
            stack.http.get(&format!("/users/{held}/wallets")).await,
            stack.http.post("/users", &json!({"name": "Eve"})).await,
            stack
                .http
                .post("/keys", &json!({"name": "new", "scope": "reader"}))
                .await,
            set_limits(&stack.http, wallet).await,
        ] {
            assert!((200..300).contains(&answer.status), "{answer:?}");
        }
        assert!(before.elapsed() < QUICK_MAX, "{:?}", before.elapsed());
        rounds += 1;
    }
    assert!(rounds > 1);
    for refused in creations {
        let refused = refused.await.expect("no panic");
        assert_eq!(refused.problem(), (503, "wallet_busy".to_owned()));
        assert_eq!(refused.header("retry-after"), "1");
    }
    assert!(start.elapsed() < TRIES_MAX, "{:?}", start.elapsed());
    holder.batch_execute("rollback").await.expect("it is there");
    let again = create_wallet(&stack.http, held).await;
    assert_eq!(again.expect("no panic").status, 201);
    stack.verify().await;
}

#[tokio::test]
async fn a_creation_waits_for_another_one_of_its_user_and_is_no_twin() {
    let stack = Stack::start().await;
    let user = stack.http.user().await;
    for balance in [0, 5] {
        let holder = begin_wallet(&stack, user).await;
        let body = json!({"user_id": user, "currency": "USD", "initial_balance": balance});
        let key = format!("k{balance}");
        let refused = stack.http.post_with_key("/wallets", &key, &body).await;
        assert_eq!(refused.problem(), (503, "wallet_busy".to_owned()));
        let (http, path) = (stack.http.clone(), "/wallets");
        let waiting = tokio::spawn(async move { http.post_with_key(path, &key, &body).await });
        wait_for_lock(&stack).await;
        holder.batch_execute("commit").await.expect("it is there");
        let made = waiting.await.expect("no panic");
        assert_eq!(
            (made.status, &made.json()["balance"]),
            (201, &json!(balance))
        );
    }
    stack.verify().await;
}

/// Waits until a session waits for a lock.
async fn wait_for_lock(stack: &Stack) {
    let owner = stack.owner().await;
    let query = "select exists (select from pg_stat_activity
                  where datname = current_database() and wait_event_type = 'Lock')";
    eventually_true(SOON, "a session waits", async || {
        let row = owner.query_one(query, &[]).await;
        row.expect("the catalog can be read").get(0)
    })
    .await;
}

/// Makes a wallet in a transaction that stays open, as an operator may.
async fn begin_wallet(stack: &Stack, user: Uuid) -> Client {
    let holder = stack.operator().await;
    let begin = format!(
        "begin;
         select from remit_v1.wallet_create(1, (null, '{user}', 'USD', 0, 0, 'a test', null, null)::remit_v1.wallet_request)"
    );
    holder.batch_execute(&begin).await.expect("an operator may");
    holder
}

fn create_wallet(http: &Http, user: Uuid) -> JoinHandle<Answer> {
    let (http, body) = (http.clone(), json!({"user_id": user, "currency": "USD"}));
    tokio::spawn(async move { http.post("/wallets", &body).await })
}

async fn set_limits(http: &Http, wallet: Uuid) -> Answer {
    let (path, json) = (
        format!("/wallets/{wallet}/limits"),
        [("content-type", "application/json")],
    );
    let body = json!({"transfer_max": 5, "daily_max": null}).to_string();
    http.send(Method::PUT, &path, &json, body).await
}
