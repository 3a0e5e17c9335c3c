//! API keys while PostgreSQL is away, and where a connection to it breaks.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use crate::http::Server;
use crate::stack::serve_log;
use crate::support::poll::{SOON, eventually_true};
use crate::support::postgres::Database;
use crate::support::proxy::TcpProxy;
use crate::support::redis::RedisServer;

#[tokio::test]
async fn while_postgresql_is_away_known_keys_read_what_redis_has() {
    let (database, redis) = (Database::create().await, RedisServer::start().await);
    let proxy = TcpProxy::start(database.port()).await;
    let variables = [
        ("DATABASE_URL", database.url_at("remit_server", proxy.port)),
        ("REDIS_URL", redis.url()),
    ];
    let server = Server::start(env!("CARGO_BIN_EXE_remit"), &variables, &serve_log()).await;
    let path = format!("/wallets/{}", server.http.wallet(7).await);
    let unknown = server.http.scoped("reader", None).await;
    assert_eq!(server.http.get(&path).await.status, 200);
    proxy.cut().await;
    // Longer than the ring goes without a check.
    let end = tokio::time::Instant::now() + Duration::from_millis(2_500);
    while tokio::time::Instant::now() < end {
        let read = server.http.get(&path).await;
        assert_eq!((read.status, read.header("x-cache")), (200, "HIT"));
    }
    let unknown_path = format!("/wallets/{}", Uuid::new_v4());
    for (http, path) in [(&unknown, &path), (&server.http, &unknown_path)] {
        let refused = http.get(path).await;
        assert_eq!(refused.problem(), (503, "database_unavailable".to_owned()));
    }
    proxy.resume().await;
    eventually_true(SOON, "the unknown key is looked up", async || {
        unknown.get(&path).await.status == 200
    })
    .await;
}

#[tokio::test]
async fn a_key_is_made_once_even_where_a_connection_was_dead() {
    let (database, redis) = (Database::create().await, RedisServer::start().await);
    let proxy = TcpProxy::start(database.port()).await;
    let variables = [
        ("DATABASE_URL", database.url_at("remit_server", proxy.port)),
        ("REDIS_URL", redis.url()),
    ];
    let server = Server::start(env!("CARGO_BIN_EXE_remit"), &variables, &serve_log()).await;
    let owner = database.connect().await;
    for (path, body) in [
        ("/keys", json!({"name": "k", "scope": "reader"})),
        ("/ledgers", json!({"name": "l"})),
    ] {
        let count = async || {
            let row = owner
                .query_one("select count(*) from remit.keys", &[])
                .await;
            row.expect("the table is there").get::<_, i64>(0)
        };
        let calls = async |condition: &str| {
            let query = format!(
                "select count(*) from pg_stat_activity where query like '%remit_v1.%_create(%' and {condition} and datname = current_database() and pid <> pg_backend_pid()"
            );
            let row = owner.query_one(&query, &[]).await;
            row.expect("the catalog can be read").get::<_, i64>(0)
        };
        let before = count().await;
        // The call is under way when the connection breaks; the answer is lost, what was asked is done.
        let lock = "begin; lock table remit.keys in share mode";
        let holder = database.connect().await;
        holder.batch_execute(lock).await.expect("the owner may");
        let lost = tokio::spawn({
            let (http, body) = (server.http.clone(), body.clone());
            async move { http.post(path, &body).await }
        });
        eventually_true(SOON, "the call waits", async || {
            calls("wait_event_type = 'Lock'").await == 1
        })
        .await;
        proxy.cut().await;
        proxy.resume().await;
        let lost = lost.await.expect("no panic");
        assert_eq!(lost.problem(), (503, "database_unavailable".to_owned()));
        assert!(
            lost.json()["detail"]
                .as_str()
                .is_some_and(|said| !said.contains("same key"))
        );
        holder.batch_execute("commit").await.expect("it is open");
        eventually_true(SOON, "the call ends", async || {
            calls("state = 'active'").await == 0
        })
        .await;
        assert_eq!(count().await, before + 1, "{path}");
    }
}
