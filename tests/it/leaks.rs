//! Faults by the dozen, and the connections that the server then has: those of its pools, and each
//! of them good.

use std::time::Duration;

use testbed::http::Http;
use testbed::poll::{SOON, eventually, eventually_true};
use testbed::proxy::Side;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::faults::{check_answers, check_books};
use crate::load::{Load, retry_all};
use crate::problems::Told;
use crate::proxied::Proxied;

/// How long after a fault the server is back.
const RECOVERY_MAX: Duration = Duration::from_secs(5);
/// The same for the cache: after a stumble of Redis its generation is closed for up to 5 s.
const CACHE_RECOVERY_MAX: Duration = Duration::from_secs(10);
/// Enough that every client has had its turn.
const SOME: usize = 40;
/// Of each fault.
const ROUNDS: usize = 3;
/// `CALLS_CONNECTIONS`, `POSTS_CONNECTIONS`, `KEYS_CONNECTIONS` and the one of the pulse.
const POSTGRESQL_CONNECTIONS_MAX: i64 = 10 + 6 + 3 + 1;
/// `CONNECTIONS_MAX` of the server's Redis.
const REDIS_CONNECTIONS_MAX: usize = 1;

#[tokio::test]
async fn faults_of_postgresql_leave_no_connection_behind() {
    let stand = Proxied::start().await;
    let (http, owner) = (stand.http(), stand.database.connect().await);
    let load = Load::start(http).await;
    let (target, proxy) = (load.target, &stand.postgresql);
    for round in 0..ROUNDS {
        for fault in ["cut", "hang", "swallow", "half-close", "terminate"] {
            load.goes_on(SOME, SOON).await;
            match fault {
                "cut" => proxy.close().await,
                "hang" => proxy.hang(),
                "swallow" => proxy.swallow(proxy.accepted()),
                "half-close" => proxy.half_close(Side::Near),
                _ => terminate_all(&owner).await,
            }
            if let "cut" | "hang" = fault {
                refuses(http, target).await;
                proxy.resume();
            }
            let what = format!("transfers are posted after {fault} {round}");
            load.goes_on_so(SOME, RECOVERY_MAX, &what).await;
        }
    }
    let heard = load.end().await;
    check_answers(&heard);
    retry_all(http, target, &heard).await;
    check_books(&owner, heard.len()).await;
    let count = "select count(*) from pg_stat_activity
                  where datname = current_database() and usename = 'remit_server'";
    eventually_true(
        RECOVERY_MAX,
        "PostgreSQL has the pools' sessions",
        async || {
            let row = owner.query_one(count, &[]).await;
            let sessions: i64 = row.expect("the catalog can be read").get(0);
            (1..=POSTGRESQL_CONNECTIONS_MAX).contains(&sessions)
        },
    )
    .await;
}

async fn refuses(http: &Http, wallet_id: Uuid) {
    let path = format!("/wallets/{wallet_id}/entries");
    eventually_true(SOON, "the server is cut off", async || {
        http.get(&path).await.problem() == (503, "database_unavailable".to_owned())
    })
    .await;
}

async fn terminate_all(owner: &Client) {
    let terminate = "select pg_terminate_backend(pid) from pg_stat_activity
                      where datname = current_database() and usename = 'remit_server'";
    let terminated = owner.execute(terminate, &[]).await;
    terminated.expect("the owner may");
}

#[tokio::test]
async fn faults_of_redis_leave_no_connection_behind() {
    let mut stand = Proxied::start().await;
    let http = stand.http().clone();
    let load = Load::start(&http).await;
    let target = load.target;
    for _ in 0..ROUNDS {
        for fault in ["cut", "hang", "swallow", "half-close", "freeze", "stop"] {
            let proxy = &stand.to_redis;
            match fault {
                "cut" => proxy.close().await,
                "hang" => proxy.hang(),
                "swallow" => proxy.swallow(proxy.accepted()),
                "half-close" => proxy.half_close(Side::Near),
                "freeze" => stand.redis.freeze(),
                _ => stand.redis.stop(),
            }
            load.goes_on(SOME, SOON).await;
            match fault {
                "freeze" => stand.redis.thaw(),
                "stop" => stand.redis.resume().await,
                _ => stand.to_redis.resume(),
            }
            let what = format!("the cache serves again after {fault}");
            eventually(CACHE_RECOVERY_MAX, &what, async || {
                for _ in 0..20 {
                    let wallet = http.get(&format!("/wallets/{target}")).await;
                    (wallet.header("x-cache") == "HIT").then_some(())?;
                }
                Some(())
            })
            .await;
        }
    }
    let heard = load.end().await;
    assert!(heard.iter().all(|heard| heard.answer.status == 201));
    retry_all(&http, target, &heard).await;
    check_books(&stand.database.connect().await, heard.len()).await;
    let mut redis = stand.redis.connect().await;
    eventually_true(RECOVERY_MAX, "Redis has the pool's clients", async || {
        let mut command = redis::cmd("CLIENT");
        let clients = command.arg("LIST").query_async(&mut redis).await;
        let clients: String = clients.expect("Redis answers");
        let own = clients
            .lines()
            .filter(|line| line.contains("user=remit-server"));
        let count = own.count();
        // Shown if it stays so.
        eprintln!("{count} of the server's in:\n{clients}");
        (1..=REDIS_CONNECTIONS_MAX).contains(&count)
    })
    .await;
}
