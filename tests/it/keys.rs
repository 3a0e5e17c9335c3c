//! API keys from their making to their end.

use std::time::Duration;

use futures_util::future::join_all;
use hyper::Method;
use remit::base::clock;
use remit::ledger::gather::CALLS_MAX;
use serde_json::{Value, json};
use testbed::http::Http;
use testbed::poll::{SOON, eventually_true};
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::gate::Gate;
use crate::stack::Stack;

/// Within this, a revoked key is refused everywhere.
const DEAD_WITHIN: Duration = Duration::from_secs(5);

/// A new key's id and a client that has it.
async fn key(admin: &Http, body: Value) -> (Uuid, Http) {
    let created = admin.post("/keys", &body).await;
    assert_eq!(created.status, 201, "{created:?}");
    let text = created.json()["key"].as_str().map(str::to_owned);
    (
        created.id("id"),
        admin.with_key(&text.expect("a key is text")),
    )
}

async fn reader(admin: &Http) -> (Uuid, Http) {
    key(admin, json!({"name": "r", "scope": "reader"})).await
}

async fn revoke(admin: &Http, id: Uuid) {
    let revoked = admin
        .send(Method::DELETE, &format!("/keys/{id}"), &[], "")
        .await;
    assert_eq!(
        (revoked.status, revoked.body.len()),
        (204, 0),
        "{revoked:?}"
    );
}

/// Ends keys as an operator does elsewhere: this server hears nothing of it.
async fn revoke_in_psql(stack: &Stack, id: Uuid) {
    let query = "select from remit_v1.key_revoke(1, $1, 'a test')";
    let revoked = stack.operator().await.execute(query, &[&id]).await;
    revoked.expect("an operator may do this");
}

#[tokio::test]
async fn a_key_is_shown_once_and_stored_as_its_sha_256() {
    let stack = Stack::start().await;
    let user = stack.http.user().await;
    let body = json!({"name": "till 7", "scope": "user", "user_id": user,
                      "expires_at": "2100-01-01T00:00:00Z", "reason": "a new till"});
    let created = stack.http.post("/keys", &body).await;
    assert_eq!(
        (created.status, created.header("cache-control")),
        (201, "no-store")
    );
    assert_eq!(
        created.header("location"),
        format!("/keys/{}", created.id("id"))
    );
    let mut key = created.json();
    let text = key["key"]
        .as_str()
        .map(str::to_owned)
        .expect("a key is text");
    let secret = text.strip_prefix("remit_1_").expect("it names its ledger");
    assert_eq!(secret.len(), 64);

    let listed = stack.http.get("/keys").await.json()["keys"][1].clone();
    let members = key.as_object_mut().expect("an object");
    members.remove("key");
    members.insert("revoked_at".to_owned(), Value::Null);
    assert_eq!(listed, key);
    let owner = stack.owner().await;
    let query =
        "select sha256(convert_to($1, 'UTF8')) = k.sha256 from remit.keys k where k.id = $2";
    let row = owner.query_one(query, &[&text, &created.id("id")]).await;
    assert!(row.expect("the key is there").get::<_, bool>(0));
    for table in ["keys", "audit"] {
        let query =
            format!("select count(*) from remit.{table} t where t::text like '%' || $1 || '%'");
        let row = owner.query_one(&query, &[&secret]).await;
        assert_eq!(
            row.expect("the table is there").get::<_, i64>(0),
            0,
            "{table}"
        );
    }
}

#[tokio::test]
async fn keys_are_listed_in_pages_oldest_first() {
    let stack = Stack::start().await;
    let mut made = Vec::new();
    for _ in 0..4 {
        made.push(reader(&stack.http).await.0);
    }
    revoke(&stack.http, made[1]).await;
    let (mut listed, mut path) = (Vec::new(), "/keys?limit=2".to_owned());
    loop {
        let page = stack.http.get(&path).await.json();
        listed.extend(page["keys"].as_array().expect("a list").clone());
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/keys?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    let ids: Vec<_> = listed[1..].iter().map(|key| key["id"].clone()).collect();
    assert_eq!(ids, made.iter().map(|id| json!(id)).collect::<Vec<_>>());
    let revoked = listed.iter().map(|key| key["revoked_at"].is_string());
    assert_eq!(
        revoked.collect::<Vec<_>>(),
        [false, false, true, false, false]
    );
}

#[tokio::test]
async fn a_revoked_key_dies_at_once_here_and_soon_on_every_server() {
    let stack = Stack::start().await;
    let second = stack.second_server().await;
    let path = format!("/wallets/{}", stack.http.wallet(7).await);
    let (id, here) = reader(&stack.http).await;
    let there = here.at(&second.http);
    for http in [&here, &there, &here, &there] {
        assert_eq!(http.get(&path).await.status, 200);
    }
    assert_eq!(there.get(&path).await.header("x-cache"), "HIT");
    revoke(&stack.http, id).await;
    assert_eq!(here.get(&path).await.status, 401);
    eventually_true(
        DEAD_WITHIN,
        "the other server refuses the key",
        async || there.get(&path).await.status == 401,
    )
    .await;
    assert_eq!(stack.http.get(&path).await.status, 200);
    // Twice is as good as once, and a key may end itself.
    revoke(&stack.http, id).await;
    let (id, admin) = key(&stack.http, json!({"name": "a", "scope": "admin"})).await;
    revoke(&admin, id).await;
    assert_eq!(admin.get("/keys").await.status, 401);
}

#[tokio::test]
async fn a_key_expires_by_itself() {
    let stack = Stack::start().await;
    let path = format!("/wallets/{}", stack.http.wallet(7).await);
    let end = clock::now() + Duration::from_millis(1_500);
    let end_text = end.format(&Rfc3339).expect("a moment has a text");
    let body = json!({"name": "r", "scope": "reader", "expires_at": end_text});
    let (_, http) = key(&stack.http, body).await;
    assert_eq!(http.get(&path).await.status, 200);
    eventually_true(DEAD_WITHIN, "the key expires", async || {
        let is_over = clock::now() > end;
        let status = http.get(&path).await.status;
        assert!(status == 401 || !is_over, "{status} after its end");
        status == 401
    })
    .await;
    assert!(clock::now() >= end, "and not before");
}

#[tokio::test]
async fn a_known_key_costs_no_question() {
    let stack = Stack::start().await;
    let path = format!("/wallets/{}", stack.http.wallet(7).await);
    stack.http.get(&path).await;
    let keys = Gate::behind_keys_get(&stack).await;
    let wallets = Gate::behind_wallets_get(&stack).await;
    for _ in 0..50 {
        assert_eq!(stack.http.get(&path).await.header("x-cache"), "HIT");
    }
    // It is all the same whether the check comes in between.
    assert!(keys.call_count().await <= 2, "the check alone asks");
    assert_eq!(wallets.call_count().await, 0);
}

#[tokio::test]
async fn wrong_keys_cost_few_calls_at_a_time_and_hold_up_nobody() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let gate = Gate::behind_keys_get(&stack).await;
    gate.close().await;
    let wrong: Vec<_> = (0..200)
        .map(|n| {
            let http = stack.http.with_key(&format!("remit_1_{:064x}", 1_000 + n));
            tokio::spawn(async move { http.get("/keys").await.status })
        })
        .collect();
    gate.wait_for_call().await;
    for _ in 0..5 {
        assert_eq!(stack.http.transfer(source, target, 1).await.status, 201);
        let path = format!("/wallets/{source}/entries?limit=1");
        assert_eq!(stack.http.get(&path).await.status, 200);
    }
    // The calls for the wrong keys, and in spite of them the check of those that are known.
    let all = i64::try_from(CALLS_MAX + 1).expect("a small number");
    eventually_true(SOON, "the check asks too", async || {
        gate.call_count().await == all
    })
    .await;
    gate.open().await;
    for status in join_all(wrong).await {
        assert_eq!(status.expect("no panic"), 401);
    }
    assert!(
        gate.call_count().await <= 10,
        "the wrong keys were gathered"
    );
}

#[tokio::test]
async fn a_key_that_ends_in_a_shared_call_fails_its_own_requests_alone() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let (id, dying) = key(&stack.http, json!({"name": "s", "scope": "service"})).await;
    assert_eq!(dying.get("/ledgers/1").await.status, 200);
    let (posts, reads) = (
        Gate::behind_transfers_post(&stack).await,
        Gate::behind_wallets_get(&stack).await,
    );
    stack.redis.flush().await;
    posts.close().await;
    // All calls that may be in flight are held, so that what comes now goes together.
    let mut wallets = Vec::new();
    for _ in 0..CALLS_MAX {
        wallets.push(stack.http.wallet(0).await);
    }
    let mut held = Vec::new();
    for wallet in wallets {
        let (http, other) = (stack.http.clone(), stack.http.clone());
        held.push(tokio::spawn(async move {
            http.transfer(wallet, wallet, 1).await.status
        }));
        held.push(tokio::spawn(async move {
            other.get(&format!("/wallets/{wallet}")).await.status
        }));
    }
    posts.wait_for_call().await;
    revoke_in_psql(&stack, id).await;
    let ask = |http: &Http, read: Uuid| {
        let (http, other) = (http.clone(), http.clone());
        let post = tokio::spawn(async move { http.transfer(source, target, 1).await.status });
        let get = tokio::spawn(async move { other.get(&format!("/wallets/{read}")).await.status });
        [post, get]
    };
    let mut good: Vec<_> = (0..4).flat_map(|_| ask(&stack.http, source)).collect();
    // A wallet that the others do not read: one that is cached by then would be shown.
    let dead = ask(&dying, target);
    good.extend((0..4).flat_map(|_| ask(&stack.http, source)));
    posts.open().await;
    for status in join_all(dead).await {
        assert_eq!(status.expect("no panic"), 401);
    }
    for status in join_all(good).await {
        let status = status.expect("no panic");
        assert!(matches!(status, 200 | 201), "{status}");
    }
    join_all(held).await;
    assert!(reads.call_count().await > 0);
    // What SQL has said, the ring knows.
    assert_eq!(dying.get("/ledgers/1").await.status, 401);
    stack.verify().await;
}
