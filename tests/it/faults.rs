//! Parts that go away and come back under load. Money is neither lost nor made, and nobody restarts
//! the server.

use std::time::Duration;

use testbed::cache;
use testbed::cluster::{Cluster, End};
use testbed::http::Http;
use testbed::poll::SOON;
use testbed::port::free_port;
use testbed::process::signal;
use testbed::redis::RedisServer;
use testbed::server::Server;
use tokio_postgres::Client;

use crate::load::{Heard, Load, retry_all};
use crate::problems::Told;
use crate::proxied::Proxied;
use crate::stack::{Stack, serve_log};

/// How long after PostgreSQL the server is back.
const RECOVERY_MAX: Duration = Duration::from_secs(5);
/// How long anyone waits for a refusal: 2 s, and as much again where all tests share a processor.
/// Without the pulse it would be 6 s.
pub const REFUSAL_MAX: Duration = Duration::from_secs(4);
/// Enough that every client has had its turn.
const SOME: usize = 40;

/// Posted, or refused in time and with advice.
pub fn check_answers(heard: &[Heard]) {
    let mut refused = 0;
    for Heard { answer, delay, .. } in heard {
        if answer.status == 201 {
            continue;
        }
        refused += 1;
        assert_eq!(answer.problem(), (503, "database_unavailable".to_owned()));
        assert_eq!(answer.header("retry-after"), "1");
        assert!(*delay <= REFUSAL_MAX, "a refusal took {delay:?}");
    }
    assert!(refused > 0, "the load met the fault");
}

/// Asserts that the books are right and that the journal holds this many transfers of 1.
pub async fn check_books(owner: &Client, transfers: usize) {
    let row = owner
        .query_one(
            "select (select count(*) from remit_ops_v1.verify()),
                    (select count(*) from remit.transfers where amount = 1)",
            &[],
        )
        .await
        .expect("verify answers");
    let (violations, count): (i64, i64) = (row.get(0), row.get(1));
    assert_eq!(violations, 0);
    assert_eq!(usize::try_from(count), Ok(transfers));
}

/// A server with a PostgreSQL of its own.
pub struct OwnCluster {
    server: Server,
    pub cluster: Cluster,
    _redis: RedisServer,
}

impl OwnCluster {
    pub async fn start() -> Self {
        let (cluster, redis) = (
            Cluster::start().await,
            RedisServer::start("remit-server").await,
        );
        cluster.create_database("book").await;
        cluster.migrate("book").await;
        cache::open(&cluster.connect("remit", "book").await, &redis).await;
        let variables = [
            ("DATABASE_URL", cluster.url("remit_server", "book")),
            ("REDIS_URL", redis.url()),
        ];
        let server = Server::start(env!("CARGO_BIN_EXE_remit"), &variables, &serve_log()).await;
        Self {
            server,
            cluster,
            _redis: redis,
        }
    }

    pub fn http(&self) -> &Http {
        &self.server.http
    }

    async fn owner(&self) -> Client {
        self.cluster.connect("remit", "book").await
    }

    /// Ends the load, and checks that every transfer of it was posted once.
    async fn settle(&self, load: Load) {
        let target = load.target;
        let heard = load.end().await;
        check_answers(&heard);
        retry_all(self.http(), target, &heard).await;
        check_books(&self.owner().await, heard.len()).await;
    }
}

#[tokio::test]
async fn no_transfer_is_lost_or_doubled_when_postgresql_restarts() {
    let mut stand = OwnCluster::start().await;
    let load = Load::start(stand.http()).await;
    for end in [End::Fast, End::Crash] {
        load.goes_on(SOME, SOON).await;
        stand.cluster.stop(end).await;
        stand.cluster.resume().await;
        load.goes_on(1, RECOVERY_MAX).await;
    }
    stand.settle(load).await;
}

#[tokio::test]
async fn no_transfer_is_lost_or_doubled_when_a_backend_is_killed() {
    let stand = OwnCluster::start().await;
    let load = Load::start(stand.http()).await;
    for kill in [true, false] {
        load.goes_on(SOME, SOON).await;
        let owner = stand.owner().await;
        let query = "select pid from pg_stat_activity
                      where application_name = 'remit' order by state_change desc limit 1";
        let row = owner.query_one(query, &[]).await;
        let pid: i32 = row.expect("the server is connected").get(0);
        if kill {
            // The others end with it, and PostgreSQL recovers.
            signal(u32::try_from(pid).expect("a process id"), "KILL");
        } else {
            let end = "select pg_terminate_backend($1)";
            owner.execute(end, &[&pid]).await.expect("the owner may");
        }
        stand.cluster.wait().await;
        load.goes_on(1, RECOVERY_MAX).await;
    }
    stand.settle(load).await;
}

#[tokio::test]
async fn no_transfer_is_lost_or_doubled_when_postgresql_is_cut_off() {
    let stand = Proxied::start().await;
    let (server, proxy) = (&stand.server, &stand.postgresql);
    let load = Load::start(&server.http).await;
    for _ in 0..3 {
        load.goes_on(SOME, SOON).await;
        proxy.close().await;
        // The load goes on against nobody for a while.
        let path = format!("/wallets/{}/entries", load.target);
        let refused = server.http.get(&path).await.problem();
        assert_eq!(refused, (503, "database_unavailable".to_owned()));
        load.meets_refusal().await;
        proxy.resume();
        load.goes_on(1, RECOVERY_MAX).await;
    }
    let target = load.target;
    let heard = load.end().await;
    check_answers(&heard);
    retry_all(&server.http, target, &heard).await;
    check_books(&stand.database.connect().await, heard.len()).await;
}

#[tokio::test]
async fn every_transfer_is_posted_and_replayed_while_redis_comes_and_goes() {
    let mut stack = Stack::start().await;
    let load = Load::start(&stack.http).await;
    load.goes_on(SOME, SOON).await;
    stack.redis.flush().await;
    load.goes_on(SOME, SOON).await;
    stack.redis.stop();
    load.goes_on(SOME, SOON).await;
    stack.redis.resume().await;
    load.goes_on(SOME, SOON).await;
    stack.redis.freeze();
    load.goes_on(SOME, SOON).await;
    stack.redis.thaw();
    let target = load.target;
    let heard = load.end().await;
    for Heard { answer, .. } in &heard {
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    retry_all(&stack.http, target, &heard).await;
    check_books(&stack.owner().await, heard.len()).await;
}

#[tokio::test]
async fn without_rabbitmq_transfers_go_on_and_events_wait() {
    let nobody = format!("amqp://user:password@127.0.0.1:{}/%2f", free_port());
    let stack = Stack::start_with(&[("AMQP_URL", nobody)]).await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    for _ in 0..10 {
        assert_eq!(stack.http.transfer(source, target, 1).await.status, 201);
    }
    let ready = stack.http.get("/readyz").await;
    assert_eq!(
        (ready.status, &ready.json()["status"]),
        (200, &"degraded".into())
    );
    assert_eq!(ready.json()["dependencies"]["rabbitmq"], "down");
    assert_eq!(stack.journal_events().await, 11);
    stack.verify().await;
}
