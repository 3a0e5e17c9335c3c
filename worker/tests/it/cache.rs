use testbed::poll::{SOON, eventually_true};
use uuid::Uuid;

use crate::stand::{Stand, somebody_reads};

/// A field of a wallet in the cache.
async fn cached(stand: &Stand, wallet: Uuid, field: &str) -> Option<String> {
    redis::cmd("HGET")
        .arg(format!("remit:wallet:1:{wallet}"))
        .arg(field)
        .query_async(&mut stand.redis.connect().await)
        .await
        .unwrap()
}

/// What a wallet in the cache must have been filled in during, to be read.
async fn epoch(stand: &Stand) -> Option<String> {
    redis::cmd("GET")
        .arg("remit:wallet:epoch")
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

#[tokio::test]
async fn a_transfer_made_in_psql_reaches_the_cache() {
    let stand = Stand::new().await;
    let [source, target] = stand.wallets;
    somebody_reads(&stand.redis, stand.wallets).await;
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
    somebody_reads(&stand.redis, stand.wallets).await;
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
    stand.await_recorded(2).await;
    stand.redis.stop();
    stand.post(3).await;
    stand.await_recorded(5).await;
    // It comes back with nothing, so that there is nothing old in it.
    stand.redis.resume().await;
    somebody_reads(&stand.redis, stand.wallets).await;
    stand.post(1).await;
    await_cached(&stand, stand.wallets[0], "version", "5").await;
    await_cached(&stand, stand.wallets[1], "balance", "1000004").await;
}

#[tokio::test]
async fn what_a_worker_could_not_write_is_not_left_old_by_the_next_one() {
    let stand = Stand::new().await;
    somebody_reads(&stand.redis, stand.wallets).await;
    let mut worker = stand.worker().start(&[]);
    stand.post(1).await;
    await_cached(&stand, stand.wallets[0], "version", "2").await;
    worker.kill();
    let nobody = "redis://:none@127.0.0.1:1/0".to_owned();
    let mut without_redis = stand.worker().with("REDIS_URL", nobody).start(&[]);
    stand.post(1).await;
    stand.await_recorded(4).await;
    without_redis.kill();
    let old = cached(&stand, stand.wallets[0], "version").await;
    assert_eq!(old.as_deref(), Some("2"));
    let epoch = epoch(&stand).await;
    let _worker = stand.worker().start(&[]);
    eventually_true(SOON, "nobody reads the old version any more", async || {
        self::epoch(&stand).await != epoch
    })
    .await;
}

#[tokio::test]
async fn events_flow_while_redis_hangs() {
    let stand = Stand::new().await;
    let _worker = stand.worker().start(&[]);
    stand.await_recorded(2).await;
    somebody_reads(&stand.redis, stand.wallets).await;
    stand.redis.freeze();
    for step in 1..=5 {
        stand.post(1).await;
        stand.await_recorded(2 + step).await;
    }
    stand.redis.thaw();
    await_cached(&stand, stand.wallets[0], "version", "6").await;
}
