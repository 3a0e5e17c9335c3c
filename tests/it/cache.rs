//! The wallet cache: hits, misses, writes through, and what no cache may ever show.

use std::sync::Arc;
use std::time::{Duration, Instant};

use remit::base::tls::Trust;
use remit::redis::connection::Redis;
use remit::redis::knowledge::Knowledge;
use remit::redis::wallet_cache::{Asked, EntryChange, GenerationRow, WalletCache, WalletChange};
use remit::types::{CacheState, WalletResult, WalletStatus};
use serde_json::json;
use testbed::cache::replication_id;
use testbed::http::Http;
use testbed::poll::{SOON, eventually_true};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::gate::Gate;
use crate::problems::Told;
use crate::stack::Stack;

/// How a wallet was read, and its balance.
async fn read(http: &Http, wallet_id: Uuid) -> (String, i64) {
    let wallet = http.get(&format!("/wallets/{wallet_id}")).await;
    let balance = wallet.json()["balance"].as_i64().expect("a number");
    (wallet.header("x-cache").to_owned(), balance)
}

fn hit(balance: i64) -> (String, i64) {
    ("HIT".to_owned(), balance)
}

fn miss(balance: i64) -> (String, i64) {
    ("MISS".to_owned(), balance)
}

#[tokio::test]
async fn a_wallet_is_missed_once_and_then_written_through() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    assert_eq!(read(&stack.http, source).await, miss(100));
    assert_eq!(read(&stack.http, source).await, hit(100));
    for balance in (90..100).rev() {
        assert_eq!(stack.http.transfer(source, target, 1).await.status, 201);
        assert_eq!(read(&stack.http, source).await, hit(balance));
    }
    // Written through before it was ever read: what never changes is not there yet.
    assert_eq!(read(&stack.http, target).await, miss(10));
    assert_eq!(read(&stack.http, target).await, hit(10));
    stack.redis.flush().await;
    assert_eq!(read(&stack.http, source).await, miss(90));
    assert_eq!(read(&stack.http, source).await, hit(90));
}

#[tokio::test]
async fn a_cached_wallet_is_the_wallet_to_the_last_byte() {
    let stack = Stack::start().await;
    let body = json!({"user_id": stack.http.user().await, "currency": "KWD", "floor": null, "reference": "ü \" \n",
                      "initial_balance": 9_007_199_254_740_991_i64, "metadata": {"a": "1", "": "\u{1F600}"}});
    let id = stack.http.post("/wallets", &body).await.id("id");
    let path = format!("/wallets/{id}");
    let from_database = stack.http.get(&path).await;
    let from_cache = stack.http.get(&path).await;
    assert_eq!(from_database.header("x-cache"), "MISS");
    assert_eq!(from_cache.header("x-cache"), "HIT");
    assert_eq!(from_cache.body, from_database.body);
    assert_eq!(from_cache.header("etag"), from_database.header("etag"));
}

#[tokio::test]
async fn a_transfer_at_one_server_is_seen_at_the_other() {
    let stack = Stack::start().await;
    let second = stack.second_server().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    assert_eq!(read(&second.http, source).await, miss(100));
    // Whose a wallet is, each server hears from PostgreSQL.
    assert_eq!(read(&stack.http, source).await, miss(100));
    stack.http.transfer(source, target, 1).await;
    assert_eq!(read(&second.http, source).await, hit(99));
    second.http.transfer(source, target, 1).await;
    assert_eq!(read(&stack.http, source).await, hit(98));
}

#[tokio::test]
async fn a_slow_reader_does_not_put_an_old_balance_over_a_new_one() {
    let stack = Stack::start().await;
    let gate = Gate::behind_wallets_get(&stack).await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    for (flushed, balance) in [(false, 99), (true, 98)] {
        stack.redis.flush().await;
        gate.close().await;
        let reader = tokio::spawn({
            let http = stack.http.clone();
            async move { read(&http, source).await }
        });
        gate.wait_for_call().await;
        // The reader has read the balance before this transfer and has not filled it in yet.
        assert_eq!(stack.http.transfer(source, target, 1).await.status, 201);
        if flushed {
            stack.redis.flush().await;
        }
        gate.open().await;
        assert_eq!(reader.await.expect("no panic"), miss(balance + 1));
        assert_eq!(read(&stack.http, source).await.1, balance, "{flushed}");
        assert_eq!(read(&stack.http, source).await, hit(balance), "{flushed}");
    }
}

#[tokio::test]
async fn readers_that_miss_one_wallet_together_make_one_query() {
    let stack = Stack::start().await;
    let gate = Gate::behind_wallets_get(&stack).await;
    let wallet = stack.http.wallet(100).await;
    let before = gate.call_count().await;
    let reads_before = cache_reads(&stack).await;
    gate.close().await;
    let readers: Vec<_> = (0..50)
        .map(|_| {
            let http = stack.http.clone();
            tokio::spawn(async move { read(&http, wallet).await })
        })
        .collect();
    gate.wait_for_call().await;
    eventually_true(SOON, "all have missed", async || {
        cache_reads(&stack).await >= reads_before + 50
    })
    .await;
    gate.open().await;
    let mut misses = 0;
    for reader in readers {
        let (how, balance) = reader.await.expect("no panic");
        assert_eq!(balance, 100);
        misses += usize::from(how == "MISS");
    }
    assert_eq!((gate.call_count().await - before, misses), (1, 1));
}

/// How often this Redis was asked for a wallet.
async fn cache_reads(stack: &Stack) -> u64 {
    let info = redis::cmd("INFO").arg("commandstats").to_owned();
    let text: String = info
        .query_async(&mut stack.redis.connect().await)
        .await
        .expect("Redis answers");
    let count = text.split_once("cmdstat_hmget:calls=");
    let count = count.and_then(|(_, rest)| rest.split(',').next()?.parse().ok());
    count.unwrap_or(0)
}

#[tokio::test]
async fn a_wallet_that_was_not_there_is_found_once_it_is() {
    let stack = Stack::start().await;
    let id = Uuid::new_v4();
    for _ in 0..2 {
        assert_eq!(stack.http.get(&format!("/wallets/{id}")).await.status, 404);
    }
    let body = json!({"user_id": stack.http.user().await, "currency": "USD", "initial_balance": 7});
    stack
        .http
        .post_with_key("/wallets", &id.to_string(), &body)
        .await;
    assert_eq!(read(&stack.http, id).await, miss(7));
}

#[tokio::test]
async fn a_wallet_frozen_in_psql_is_frozen_whatever_the_cache_says() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    assert_eq!(read(&stack.http, source).await, miss(100));
    stack.operate("wallet_freeze", source).await;
    let refused = stack.http.transfer(source, target, 1).await;
    assert_eq!(refused.problem(), (422, "wallet_frozen".to_owned()));
    stack.redis.flush().await;
    for cached in ["MISS", "HIT"] {
        let wallet = stack.http.get(&format!("/wallets/{source}")).await;
        assert_eq!(
            (wallet.header("x-cache"), &wallet.json()["status"]),
            (cached, &json!("frozen"))
        );
    }
    stack.operate("wallet_unfreeze", source).await;
    assert_eq!(stack.http.transfer(source, target, 1).await.status, 201);
}

/// The row of the generation as a test sets it.
struct Row;

impl GenerationRow for Row {
    fn state(&self) -> Asked<'_> {
        Box::pin(async { Err("nobody asks".to_owned()) })
    }

    fn close(&self) -> Asked<'_> {
        Box::pin(async { Err("nobody closes".to_owned()) })
    }
}

/// Two caches on one Redis, as two servers have them, and a wallet whose owner both know.
async fn two_caches(stack: &Stack) -> (WalletCache, WalletCache, (i64, Uuid)) {
    let wallet = (1, Uuid::new_v4());
    let state = CacheState {
        instance_id: Uuid::nil(),
        place: "p:1".to_owned(),
        generation: 2,
        age_ms: 10_000,
        redis_id: Some(replication_id(&stack.redis).await),
    };
    let cache = || {
        let redis = Redis::new(&stack.redis.url(), &Trust::default()).expect("the URL is good");
        let knowledge = Arc::new(Knowledge::default());
        // As if it were asked every moment for the next hour.
        knowledge.hear(state.clone(), Instant::now() + Duration::from_secs(3_600));
        let ttl = Duration::from_secs(60);
        let cache = WalletCache::new(Arc::new(redis), knowledge, Row, ttl);
        cache.remember_owner(wallet, &found(wallet.1, 1, 0));
        cache
    };
    (cache(), cache(), wallet)
}

fn found(id: Uuid, version: i64, balance: i64) -> WalletResult {
    WalletResult {
        id,
        user_id: Some(Uuid::from_u128(1)),
        currency: "USD".to_owned(),
        balance,
        held: 3,
        held_until: None,
        floor: Some(-5),
        status: WalletStatus::Active,
        version,
        status_version: 0,
        reference: Some("a b".to_owned()),
        metadata: json!({"a": "b"}),
        created_at: OffsetDateTime::UNIX_EPOCH,
        updated_at: OffsetDateTime::UNIX_EPOCH,
        replayed: false,
    }
}

fn written(version: i64, balance: i64) -> WalletChange {
    let entry = EntryChange {
        version,
        balance,
        held: 3,
        held_until: None,
    };
    WalletChange::entry(entry, OffsetDateTime::UNIX_EPOCH)
}

#[tokio::test]
async fn a_stale_writer_loses_whichever_way_it_comes() {
    let stack = Stack::start().await;
    let (slow, fast, wallet) = two_caches(&stack).await;
    let lease = slow.lease(wallet, None).await.expect("Redis answers");
    fast.write([(wallet, written(6, 60))])
        .await
        .expect("Redis takes it");
    slow.fill(&found(wallet.1, 5, 50), lease)
        .await
        .expect("Redis answers");
    let cached = fast
        .read(wallet)
        .await
        .expect("Redis answers")
        .expect("it is filled in");
    assert_eq!((cached.version, cached.balance), (6, 60));

    slow.write([(wallet, written(4, 40))])
        .await
        .expect("Redis takes it");
    fast.write([(wallet, written(8, 80)), (wallet, written(7, 70))])
        .await
        .expect("Redis takes it");
    let cached = slow
        .read(wallet)
        .await
        .expect("Redis answers")
        .expect("it is there");
    assert_eq!((cached.version, cached.balance), (8, 80));

    let frozen = WalletChange::status(2, "frozen".to_owned(), OffsetDateTime::UNIX_EPOCH);
    let active = WalletChange::status(1, "active".to_owned(), OffsetDateTime::UNIX_EPOCH);
    fast.write([(wallet, frozen)])
        .await
        .expect("Redis takes it");
    slow.write([(wallet, active)])
        .await
        .expect("Redis takes it");
    let cached = slow
        .read(wallet)
        .await
        .expect("Redis answers")
        .expect("it is there");
    assert_eq!(
        (cached.status, cached.status_version),
        (WalletStatus::Frozen, 2)
    );
}

#[tokio::test]
async fn a_flush_between_query_and_fill_does_not_bring_the_old_wallet_back() {
    let stack = Stack::start().await;
    let (slow, fast, wallet) = two_caches(&stack).await;
    let lease = slow.lease(wallet, None).await.expect("Redis answers");
    fast.write([(wallet, written(6, 60))])
        .await
        .expect("Redis takes it");
    stack.redis.flush().await;
    slow.fill(&found(wallet.1, 5, 50), lease)
        .await
        .expect("Redis answers");
    assert_eq!(fast.read(wallet).await.expect("Redis answers"), None);

    // Nor does the fill of a reader whose lease another reader took over.
    let (first, second) = (
        slow.lease(wallet, None).await,
        fast.lease(wallet, None).await,
    );
    let (first, second) = (
        first.expect("Redis answers"),
        second.expect("Redis answers"),
    );
    slow.fill(&found(wallet.1, 5, 50), first)
        .await
        .expect("Redis answers");
    assert_eq!(fast.read(wallet).await.expect("Redis answers"), None);
    fast.fill(&found(wallet.1, 7, 70), second)
        .await
        .expect("Redis answers");
    let cached = slow
        .read(wallet)
        .await
        .expect("Redis answers")
        .expect("it is filled in");
    assert_eq!(cached, found(wallet.1, 7, 70));
}
