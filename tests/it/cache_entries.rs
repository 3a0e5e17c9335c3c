//! The entries of the wallet cache: how long they live, whose they are, how new they have to be.

use testbed::poll::{SOON, eventually_true};
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

#[tokio::test]
async fn a_cached_wallet_lives_for_a_minute_or_as_long_as_is_set() {
    for (variables, least, most) in [
        (vec![], 50, 60),
        (vec![("REMIT_CACHE_TTL", "3600".to_owned())], 3_500, 3_600),
    ] {
        let stack = Stack::start_with(&variables).await;
        let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
        stack.http.get(&format!("/wallets/{source}")).await;
        stack.http.transfer(source, target, 1).await;
        let written = ttl_s(&stack, source).await;
        assert!((least..=most).contains(&written), "{written}");
        // What nobody has read is not there to live on: Redis says -2.
        assert_eq!(ttl_s(&stack, target).await, -2);
    }
}

async fn ttl_s(stack: &Stack, wallet: Uuid) -> i64 {
    let mut command = redis::cmd("TTL");
    command.arg(stack.wallet_place(wallet).await);
    let ttl_s = command.query_async(&mut stack.redis.connect().await).await;
    ttl_s.expect("Redis answers")
}

#[tokio::test]
async fn a_poisoned_entry_shows_no_user_the_wallet_of_another() {
    let stack = Stack::start().await;
    let (mine, yours) = (stack.http.user().await, stack.http.user().await);
    let (me, you) = (
        stack.http.scoped("user", Some(mine)).await,
        stack.http.scoped("user", Some(yours)).await,
    );
    let body = serde_json::json!({"user_id": mine, "currency": "USD", "initial_balance": 7});
    let wallet = stack.http.post("/wallets", &body).await.id("id");
    let path = format!("/wallets/{wallet}");
    for cached in ["MISS", "HIT"] {
        assert_eq!(me.get(&path).await.header("x-cache"), cached);
    }
    let key = stack.wallet_place(wallet).await;
    let mut redis = stack.redis.connect().await;
    let mut get = redis::cmd("HGET");
    let filled: String = get
        .arg(&key)
        .arg("filled")
        .query_async(&mut redis)
        .await
        .expect("it is filled in");
    let poison = filled.replacen('{', &format!("{{\"user_id\":\"{yours}\","), 1);
    let mut set = redis::cmd("HSET");
    set.arg(&key).arg("filled").arg(poison);
    set.exec_async(&mut redis).await.expect("Redis takes it");
    assert_eq!(you.get(&path).await.status, 404);
    let read = me.get(&path).await.json();
    assert_eq!(read["user_id"], mine.to_string());
}

#[tokio::test]
async fn two_remits_on_one_redis_know_nothing_of_each_other() {
    let stack = Stack::start().await;
    let other = Stack::start_with(&[("REDIS_URL", stack.redis.url())]).await;
    let key = Uuid::new_v4().to_string();
    let mut wallets = Vec::new();
    for remit in [&stack, &other] {
        let (source, target) = (remit.http.wallet(100).await, remit.http.wallet(0).await);
        wallets.push((source, target));
    }
    let ids = wallets[0];
    let body = serde_json::json!({"source_id": ids.0, "target_id": ids.1, "amount": 1});
    let posted = stack.http.post_with_key("/transfers", &key, &body).await;
    assert_eq!(posted.status, 201);
    assert_eq!(
        stack.http.get(&format!("/wallets/{}", ids.0)).await.status,
        200
    );
    // The other has neither the transfer nor its wallets, whatever Redis has.
    let asked = other.http.post_with_key("/transfers", &key, &body).await;
    assert_eq!(asked.problem(), (404, "wallet_not_found".to_owned()));
    let read = other.http.get(&format!("/wallets/{}", ids.0)).await;
    assert_eq!(read.problem(), (404, "wallet_not_found".to_owned()));
}

#[tokio::test]
async fn a_read_is_as_new_as_it_is_asked_to_be() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let path = format!("/wallets/{source}");
    let read = async |query: &str| {
        let wallet = stack.http.get(&format!("{path}{query}")).await;
        (
            wallet.json()["balance"].as_i64().expect("a number"),
            wallet.header("x-cache").to_owned(),
        )
    };
    let expected = |balance, cached: &str| (balance, cached.to_owned());
    assert_eq!(read("").await, expected(100, "MISS"));
    // No worker tells Redis of what a DBA does.
    let made = "select from remit_v1.transfer_create(1, (gen_random_uuid(), $1, $2, 10, null, null, null, null)
                ::remit_v1.transfer_request)";
    let made = stack.owner().await.execute(made, &[&source, &target]).await;
    assert_eq!(made.expect("it is posted"), 1);
    assert_eq!(read("?min_version=1").await, expected(100, "HIT"));
    assert_eq!(read("?min_version=2").await, expected(90, "BYPASS"));
    eventually_true(SOON, "what was read is not taken back", async || {
        read("").await == expected(90, "HIT")
    })
    .await;
    assert_eq!(read("?min_version=2").await, expected(90, "HIT"));
    // PostgreSQL has the newest.
    assert_eq!(read("?min_version=9").await, expected(90, "BYPASS"));
    for query in ["min_version=0", "min_version=x", "version=1"] {
        let refused = stack.http.get(&format!("{path}?{query}")).await;
        assert_eq!(refused.problem(), (400, "malformed_query".to_owned()));
    }
}
