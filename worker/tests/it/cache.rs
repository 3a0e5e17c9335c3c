use std::time::{Duration, Instant};

use remit_worker::drain::Drained;
use testbed::cache::{self, generation};
use testbed::poll::{SOON, eventually_true};
use uuid::Uuid;

use crate::relay::{leading, relay};
use crate::stand::Stand;

/// A field of a wallet in the cache.
async fn cached(stand: &Stand, wallet: Uuid, field: &str) -> Option<String> {
    redis::cmd("HGET")
        .arg(cache::wallet_key(&stand.dba, 1, wallet).await)
        .arg(field)
        .query_async(&mut stand.redis.connect().await)
        .await
        .unwrap()
}

async fn await_cached(stand: &Stand, wallet: Uuid, field: &str, value: &str) {
    let what = format!("{field} {value} of {wallet} in the cache");
    eventually_true(SOON, &what, async || {
        cached(stand, wallet, field).await.as_deref() == Some(value)
    })
    .await;
}

/// Opens a generation, as a server would, and waits until the worker knows it.
async fn await_written_again(stand: &Stand) {
    cache::open(&stand.dba, &stand.redis).await;
    stand.somebody_reads().await;
    eventually_true(SOON, "the worker writes to the cache again", async || {
        stand.post(1).await;
        let version = cached(stand, stand.wallets[0], "version").await;
        version.is_some_and(|version| version != "-1")
    })
    .await;
}

#[tokio::test]
async fn a_transfer_made_in_psql_reaches_the_cache() {
    let stand = Stand::new().await;
    let [source, target] = stand.wallets;
    stand.somebody_reads().await;
    let _worker = stand.worker().start(&["--relay"]);
    stand.post(3).await;
    await_cached(&stand, source, "version", "4").await;
    await_cached(&stand, source, "balance", "999997").await;
    await_cached(&stand, target, "version", "4").await;
    await_cached(&stand, target, "balance", "1000003").await;
}

#[tokio::test]
async fn a_freeze_in_psql_reaches_the_cache() {
    let stand = Stand::new().await;
    let wallet = stand.wallets[0];
    stand.somebody_reads().await;
    let _worker = stand.worker().start(&["--relay"]);
    let operator = stand
        .database
        .connect_as_owner_in_role("remit_operator")
        .await;
    operator
        .execute(
            "select remit_ops_v1.wallet_freeze(1, $1, 'a test')",
            &[&wallet],
        )
        .await
        .unwrap();
    await_cached(&stand, wallet, "status", "frozen").await;
    operator
        .execute(
            "select remit_ops_v1.wallet_unfreeze(1, $1, 'a test')",
            &[&wallet],
        )
        .await
        .unwrap();
    await_cached(&stand, wallet, "status", "active").await;
    await_cached(&stand, wallet, "status_version", "2").await;
}

#[tokio::test]
async fn events_flow_while_redis_is_gone_and_reach_it_when_it_is_back() {
    let mut stand = Stand::new().await;
    let _worker = stand.worker().start(&[]);
    stand.post(1).await;
    stand.await_recorded(1).await;
    stand.redis.stop();
    stand.post(3).await;
    stand.await_recorded(4).await;
    assert!(!generation(&stand.dba).await.1, "a lost write closes it");
    // A server opens the next one.
    stand.redis.resume().await;
    await_written_again(&stand).await;
}

#[tokio::test]
async fn what_a_worker_could_not_write_nobody_reads() {
    let stand = Stand::new().await;
    stand.somebody_reads().await;
    let mut worker = stand.worker().start(&[]);
    stand.post(1).await;
    await_cached(&stand, stand.wallets[0], "version", "2").await;
    worker.kill();
    let before = generation(&stand.dba).await;
    let nobody = "redis://:none@127.0.0.1:1/0".to_owned();
    let _without_redis = stand.worker().with("REDIS_URL", nobody).start(&[]);
    stand.post(1).await;
    stand.await_recorded(2).await;
    assert_eq!(generation(&stand.dba).await, (before.0 + 1, false));
}

#[tokio::test]
async fn an_event_is_settled_when_nobody_can_read_the_generation_that_lacks_it() {
    let stand = Stand::new().await;
    let mut drain = leading(&relay(&stand)).await;
    drain.drain_once().await.unwrap();
    stand.somebody_reads().await;
    stand.post(1).await;
    stand.redis.freeze();
    let start = Instant::now();
    let closed = async {
        eventually_true(SOON, "the generation is closed", async || {
            !generation(&stand.dba).await.1
        })
        .await;
        (Instant::now(), stand.unpublished().await)
    };
    let (drained, (closed_at, depth)) = tokio::join!(drain.drain_once(), closed);
    assert_eq!((drained.unwrap(), depth), (Drained::Events(1), 1));
    assert!(closed_at.elapsed() >= Duration::from_millis(1_000));
    assert!(start.elapsed() < Duration::from_secs(4));
    // It is closed: no other event waits.
    stand.post(1).await;
    let start = Instant::now();
    assert_eq!(drain.drain_once().await.unwrap(), Drained::Events(1));
    assert!(start.elapsed() < Duration::from_millis(900));
    stand.redis.thaw();
}

#[tokio::test]
async fn a_redis_that_was_promoted_or_takes_no_writes_has_no_generation() {
    for refusal in [
        ["replica-of", "127.0.0.1 1"],
        ["min-replicas-to-write", "1"],
    ] {
        let stand = Stand::new().await;
        let mut drain = leading(&relay(&stand)).await;
        drain.drain_once().await.unwrap();
        stand.somebody_reads().await;
        let mut command = match refusal[0] {
            "replica-of" => redis::cmd("REPLICAOF"),
            _ => redis::cmd("CONFIG").arg("SET").to_owned(),
        };
        match refusal[0] {
            "replica-of" => command.arg("127.0.0.1").arg("1"),
            _ => command.arg(&refusal),
        };
        let mut redis = stand.redis.connect().await;
        command.exec_async(&mut redis).await.unwrap();
        stand.post(1).await;
        assert_eq!(drain.drain_once().await.unwrap(), Drained::Events(1));
        assert!(!generation(&stand.dba).await.1, "{refusal:?}");
    }
}

#[tokio::test]
async fn events_flow_while_redis_hangs() {
    let stand = Stand::new().await;
    let _worker = stand.worker().start(&[]);
    stand.post(1).await;
    stand.await_recorded(1).await;
    stand.redis.freeze();
    for step in 1..=5 {
        stand.post(1).await;
        stand.await_recorded(1 + step).await;
    }
    stand.redis.thaw();
    await_written_again(&stand).await;
}
