//! The wallet cache of two servers while their Redis stumbles: no read is older than what either
//! has acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use testbed::cache::generation;
use testbed::http::{Answer, Http};
use testbed::poll::{SOON, eventually_true};
use testbed::proxy::Proxy;
use testbed::server::Server;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use uuid::Uuid;

use crate::stack::Stack;

/// How long an answer may be held up: for Redis, for what others know, and on a busy machine.
const HELD_UP_MAX: Duration = Duration::from_secs(4);

/// Two servers on one Redis, and a wallet that both have read from it.
struct Pair {
    stack: Stack,
    second: Server,
    source: Uuid,
    target: Uuid,
}

impl Pair {
    async fn start() -> Self {
        let stack = Stack::start().await;
        let second = stack.second_server().await;
        Self::of(stack, second).await
    }

    async fn of(stack: Stack, second: Server) -> Self {
        let (source, target) = (stack.http.wallet(10_000).await, stack.http.wallet(0).await);
        let pair = Self {
            stack,
            second,
            source,
            target,
        };
        for http in [&pair.stack.http, &pair.second.http] {
            pair.await_hit(http).await;
        }
        pair
    }

    fn path(&self) -> String {
        format!("/wallets/{}", self.source)
    }

    /// The balance of the source that a server tells, and whether it is the cache's.
    async fn read(&self, http: &Http) -> (i64, bool) {
        let wallet = http.get(&self.path()).await;
        (balance_of(&wallet), wallet.header("x-cache") == "HIT")
    }

    async fn await_hit(&self, http: &Http) {
        eventually_true(SOON, "the cache serves the wallet", async || {
            self.read(http).await.1
        })
        .await;
    }

    /// Moves 1 through the first server and reads at the second at once, and the other way around.
    async fn check_both_ways(&self, what: &str) {
        let (first, second) = (&self.stack.http, &self.second.http);
        for (writer, reader) in [(first, second), (second, first)] {
            let start = Instant::now();
            let posted = writer.transfer(self.source, self.target, 1).await;
            assert_eq!(posted.status, 201, "{what}: {posted:?}");
            assert!(
                start.elapsed() < HELD_UP_MAX,
                "{what}: {:?}",
                start.elapsed()
            );
            let balance = posted.json()["source_balance"].as_i64();
            let (read, is_hit) = self.read(reader).await;
            assert_eq!(Some(read), balance, "{what}, from the cache: {is_hit}");
        }
    }

    /// Writes at the first server and reads at the second, until told to stop.
    fn load(&self) -> Load {
        let told = Arc::new(AtomicI64::new(i64::MAX));
        let stop = Arc::new(AtomicBool::new(false));
        let (writer, reader) = (self.stack.http.clone(), self.second.http.clone());
        let (source, target, path) = (self.source, self.target, self.path());
        let writing = tokio::spawn({
            let (told, stop) = (Arc::clone(&told), Arc::clone(&stop));
            async move {
                while !stop.load(Ordering::SeqCst) {
                    let posted = writer.transfer(source, target, 1).await;
                    // A server that stood still does not know, and acknowledges nothing.
                    if posted.status == 503 {
                        continue;
                    }
                    assert_eq!(posted.status, 201, "{posted:?}");
                    let balance = posted.json()["source_balance"].as_i64();
                    told.store(balance.expect("a number"), Ordering::SeqCst);
                }
            }
        });
        let reading = tokio::spawn({
            let stop = Arc::clone(&stop);
            async move {
                let mut hits = 0;
                while !stop.load(Ordering::SeqCst) {
                    let most = told.load(Ordering::SeqCst);
                    let wallet = reader.get(&path).await;
                    let (balance, how) = (balance_of(&wallet), wallet.header("x-cache"));
                    assert!(balance <= most, "{balance} after {most}: {how}");
                    hits += usize::from(how == "HIT");
                }
                hits
            }
        });
        Load {
            stop,
            writing,
            reading,
        }
    }
}

/// What goes on beside a fault.
struct Load {
    stop: Arc<AtomicBool>,
    writing: JoinHandle<()>,
    reading: JoinHandle<usize>,
}

impl Load {
    /// Ends it, and gives the number of reads from the cache.
    async fn end(self) -> usize {
        self.stop.store(true, Ordering::SeqCst);
        self.writing.await.expect("each transfer is posted");
        self.reading.await.expect("no read is stale")
    }
}

fn balance_of(wallet: &Answer) -> i64 {
    wallet.json()["balance"].as_i64().expect("a number")
}

#[tokio::test]
async fn a_redis_that_stands_still_for_a_moment_shows_nothing_old_at_another_server() {
    let pair = Pair::start().await;
    let load = pair.load();
    for stopped_ms in [100, 300, 600, 1_500] {
        pair.await_hit(&pair.second.http).await;
        pair.stack.redis.freeze();
        sleep(Duration::from_millis(stopped_ms)).await;
        pair.stack.redis.thaw();
    }
    assert!(load.end().await > 0);
    pair.check_both_ways("after it stood still").await;
    pair.stack.verify().await;
}

#[tokio::test]
async fn a_redis_that_refuses_writes_shows_nothing_old_at_another_server() {
    let pair = Pair::start().await;
    let redis = &pair.stack.redis;
    for (name, refusing, usual) in [("maxmemory", "1", "0"), ("min-replicas-to-write", "1", "0")] {
        pair.await_hit(&pair.second.http).await;
        redis.config_set(name, refusing).await;
        pair.check_both_ways(name).await;
        redis.config_set(name, usual).await;
        pair.check_both_ways(name).await;
    }
    pair.await_hit(&pair.second.http).await;
    redis.ask(&["REPLICAOF", "127.0.0.1", "1"]).await;
    pair.check_both_ways("read-only").await;
    redis.ask(&["REPLICAOF", "NO", "ONE"]).await;
    pair.check_both_ways("a master again").await;
    pair.await_hit(&pair.second.http).await;
}

#[tokio::test]
async fn a_redis_that_forgets_shows_nothing_old() {
    let mut pair = Pair::start().await;
    let load = pair.load();
    for _ in 0..5 {
        pair.await_hit(&pair.second.http).await;
        pair.stack.redis.flush().await;
    }
    assert!(load.end().await > 0);
    // Nothing of this needed another generation.
    let before = generation(&pair.stack.owner().await).await;
    assert!(before.1, "it is open");
    pair.stack.redis.stop();
    pair.check_both_ways("without Redis").await;
    pair.stack.redis.resume().await;
    pair.check_both_ways("with another Redis").await;
    pair.await_hit(&pair.second.http).await;
    let after = generation(&pair.stack.owner().await).await;
    assert!(after.0 > before.0, "{before:?} {after:?}");
}

#[tokio::test]
async fn a_promoted_replica_that_is_behind_shows_nothing_old() {
    let stack = Stack::start().await;
    // The second server's way to Redis leads to the replica later, the first one's does not.
    let mut to_redis = Proxy::start(stack.redis.port);
    let variables = [("REDIS_URL", stack.redis.url_at(to_redis.port))];
    let second = stack.second_server_with(&variables).await;
    let pair = Pair::of(stack, second).await;
    let replica = pair.stack.redis.replica().await;
    let mut key = String::new();
    eventually_true(SOON, "the replica has the wallet", async || {
        // Another generation may have begun meanwhile.
        pair.read(&pair.stack.http).await;
        key = pair.stack.wallet_place(pair.source).await;
        let mut command = redis::cmd("EXISTS");
        command.arg(&key);
        let found = command.query_async(&mut replica.connect().await).await;
        found.unwrap_or(false)
    })
    .await;
    // It hears no more of its master, and is promoted while that goes on.
    replica.ask(&["REPLICAOF", "127.0.0.1", "1"]).await;
    pair.check_both_ways("before the failover").await;
    replica.ask(&["REPLICAOF", "NO", "ONE"]).await;
    to_redis.lead_to(replica.port).await;
    for _ in 0..3 {
        pair.check_both_ways("with two masters").await;
    }
    // A server that has never met the old master reads and writes what the others do not.
    let variables = [("REDIS_URL", pair.stack.redis.url_at(replica.port))];
    let third = pair.stack.second_server_with(&variables).await;
    for _ in 0..3 {
        pair.read(&third.http).await;
        let posted = pair.stack.http.transfer(pair.source, pair.target, 1).await;
        let balance = posted.json()["source_balance"].as_i64();
        assert_eq!(Some(pair.read(&third.http).await.0), balance);
    }
    // What was in both is read in neither.
    let (_, is_open) = generation(&pair.stack.owner().await).await;
    assert!(!is_open || pair.stack.wallet_place(pair.source).await != key);
    pair.stack.verify().await;
}

#[tokio::test]
async fn a_server_that_stood_still_acknowledges_nothing_that_is_not_shown() {
    let pair = Pair::start().await;
    let redis = &pair.stack.redis;
    let http = &pair.second.http;
    let others = (http.wallet(9).await, http.wallet(0).await);
    let load = pair.load();
    for _ in 0..3 {
        // Wherever it stands: between its commit and its write, too.
        pair.stack.server.signal("STOP");
        redis.config_set("maxmemory", "1").await;
        let posted = pair.second.http.transfer(others.0, others.1, 1).await;
        assert_eq!(posted.status, 201, "{posted:?}");
        sleep(Duration::from_millis(1_500)).await;
        redis.config_set("maxmemory", "0").await;
        pair.stack.server.signal("CONT");
        pair.await_hit(&pair.second.http).await;
    }
    assert!(load.end().await > 0);
}

#[tokio::test]
async fn a_redis_that_starts_from_an_older_dump_shows_nothing_old() {
    let mut pair = Pair::start().await;
    pair.stack.redis.dump().await;
    pair.check_both_ways("after the dump").await;
    let key = pair.stack.wallet_place(pair.source).await;
    pair.stack.redis.stop();
    pair.stack.redis.resume().await;
    let mut command = redis::cmd("HGET");
    command.arg(&key).arg("balance");
    let mut redis = pair.stack.redis.connect().await;
    let dumped: Option<i64> = command.query_async(&mut redis).await.expect("it answers");
    assert_eq!(dumped, Some(10_000), "the old entry is there");
    for http in [&pair.stack.http, &pair.second.http] {
        assert_eq!(pair.read(http).await.0, 9_998);
    }
    pair.check_both_ways("with an older dump").await;
    for http in [&pair.stack.http, &pair.second.http] {
        pair.await_hit(http).await;
        assert_eq!(pair.read(http).await, (9_996, true));
    }
}
