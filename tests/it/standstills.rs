//! `/readyz` where a dependency answers and does not do its work.

use serde_json::{Value, json};
use testbed::cluster::Cluster;
use testbed::folder::owned_folder;
use testbed::poll::{SOON, eventually_true};
use testbed::postgres::Database;
use testbed::rabbitmq::RabbitVhost;
use testbed::redis::RedisServer;
use testbed::server::Server;

use crate::stack::serve_log;

async fn serve(database_url: String, redis: &RedisServer, vhost: &RabbitVhost) -> Server {
    let variables = [
        ("DATABASE_URL", database_url),
        ("REDIS_URL", redis.url()),
        ("AMQP_URL", vhost.url()),
    ];
    Server::start(env!("CARGO_BIN_EXE_remit"), &variables, &serve_log()).await
}

/// Waits until `/readyz` says these words of PostgreSQL, Redis and RabbitMQ, and that it is ready.
async fn becomes(server: &Server, [postgresql, redis, rabbitmq]: [&str; 3]) {
    let is_well = [postgresql, redis, rabbitmq] == ["up"; 3];
    let status = if is_well { "ready" } else { "degraded" };
    let body: Value = json!({"status": status, "dependencies": {
        "postgresql": postgresql, "redis": redis, "rabbitmq": rabbitmq}});
    eventually_true(SOON, &format!("/readyz is {body}"), async || {
        let answer = server.http.get("/readyz").await;
        (answer.status, answer.json()) == (200, body.clone())
    })
    .await;
}

#[tokio::test]
async fn a_redis_that_refuses_writes_and_events_that_wait_are_seen() {
    let (database, vhost) = (Database::create().await, RabbitVhost::create().await);
    let redis = RedisServer::start("remit-server").await;
    let server = serve(database.url("remit_server"), &redis, &vhost).await;
    becomes(&server, ["up"; 3]).await;
    for (name, refusing, usual) in [("maxmemory", "1", "0"), ("min-replicas-to-write", "1", "0")] {
        redis.config_set(name, refusing).await;
        becomes(&server, ["up", "refuses_writes", "up"]).await;
        redis.config_set(name, usual).await;
        becomes(&server, ["up"; 3]).await;
    }
    redis.ask(&["REPLICAOF", "127.0.0.1", "1"]).await;
    becomes(&server, ["up", "refuses_writes", "up"]).await;
    redis.ask(&["REPLICAOF", "NO", "ONE"]).await;

    let waits = "insert into remit.outbox (ledger_id, types, subject_ids, data, created_at)
                 values (1, '{wallet.frozen}', array[gen_random_uuid()], '{}', now() - interval '11 s')";
    let dba = database.connect().await;
    dba.execute(waits, &[]).await.expect("a DBA may");
    becomes(&server, ["up", "up", "events_wait"]).await;
    dba.execute("delete from remit.outbox", &[])
        .await
        .expect("a DBA may");
    becomes(&server, ["up"; 3]).await;
}

#[tokio::test]
async fn what_the_relay_says_of_its_work_is_seen_while_it_leads() {
    let (database, vhost) = (Database::create().await, RabbitVhost::create().await);
    let redis = RedisServer::start("remit-server").await;
    let server = serve(database.url("remit_server"), &redis, &vhost).await;
    let relay = database.connect().await;
    let says = "select remit_worker_v1.relay_lead(), remit_worker_v1.relay_report(true)";
    relay.batch_execute(says).await.expect("a DBA may");
    becomes(&server, ["up", "up", "blocked"]).await;
    drop(relay);
    becomes(&server, ["up"; 3]).await;
}

#[tokio::test]
async fn what_was_set_aside_is_counted() {
    let (database, vhost) = (Database::create().await, RabbitVhost::create().await);
    let redis = RedisServer::start("remit-server").await;
    let server = serve(database.url("remit_server"), &redis, &vhost).await;
    let dba = database.connect().await;
    let aside = "insert into remit.events_aside values (1, 7, 'too large', now())";
    dba.execute(aside, &[]).await.expect("a DBA may");
    let metrics = server.http.get("/metrics").await.body;
    let metrics = String::from_utf8_lossy(&metrics);
    let mut lines = metrics.lines();
    assert!(lines.any(|line| line == "remit_outbox_set_aside_events 1"));
}

#[tokio::test]
async fn an_archive_that_fails_is_seen_until_it_works_again() {
    let settings = vec!["archive_mode=on".to_owned()];
    let cluster = Cluster::start_with(owned_folder("archiving"), settings).await;
    cluster.create_database("remit").await;
    cluster.migrate("remit").await;
    let owner = cluster.connect("remit", "remit").await;
    let archive_with = async |command: &str| {
        for statement in [
            &format!("alter system set archive_command = '{command}'"),
            "select pg_reload_conf()",
            "select pg_switch_wal()",
            // Something to archive, also the next time.
            "create table if not exists remit.something ()",
        ] {
            owner.batch_execute(statement).await.expect("the owner may");
        }
    };
    let (redis, vhost) = (
        RedisServer::start("remit-server").await,
        RabbitVhost::create().await,
    );
    let server = serve(cluster.url("remit_server", "remit"), &redis, &vhost).await;
    becomes(&server, ["up"; 3]).await;
    archive_with("false").await;
    becomes(&server, ["archive_fails", "up", "up"]).await;
    archive_with("true").await;
    becomes(&server, ["up"; 3]).await;
}
