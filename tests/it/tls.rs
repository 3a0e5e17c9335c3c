//! TLS to PostgreSQL, Redis and RabbitMQ: it is spoken, and the other side is verified.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use testbed::cluster::Cluster;
use testbed::poll::{SOON, eventually_true};
use testbed::postgres::Database;
use testbed::program::WEBHOOK_SECRET;
use testbed::rabbitmq::RabbitVhost;
use testbed::redis::RedisServer;
use testbed::server::Server;
use testbed::tls::{Authority, trusting};

use crate::stack::{Stack, serve_log};

/// The address for which the servers have certificates, and another name for it.
const CERTIFIED: &str = "127.0.0.1";
const OTHER: &str = "localhost";

#[tokio::test]
async fn a_transfer_goes_through_with_tls_everywhere() {
    let authority = Authority::create();
    let redis =
        RedisServer::start_with_tls("remit-server", authority.certify("IP:127.0.0.1")).await;
    let vhost = RabbitVhost::create().await;
    let mut stack = Stack::start().await;
    // SCRAM is bound to the server's certificate: a program that stands between cannot log in.
    let database = stack.database.url_with_tls("remit_server", CERTIFIED);
    stack
        .restart_with(&[
            (
                "DATABASE_URL",
                format!("{database}&channel_binding=require"),
            ),
            ("REDIS_URL", redis.url_with_tls(CERTIFIED)),
            ("AMQP_URL", vhost.url_with_tls(CERTIFIED)),
            ("REMIT_TLS_CA_FILE", trusting(&authority)),
        ])
        .await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let posted = stack.http.transfer(source, target, 40).await;
    assert_eq!(posted.status, 201, "{posted:?}");
    // The server has opened a generation in this Redis, and the first read fills in what no
    // transfer says.
    let wallet = format!("/wallets/{target}");
    eventually_true(SOON, "the cache is used", async || {
        let cached = stack.http.get(&wallet).await;
        assert_eq!(cached.json()["balance"], 40);
        cached.header("x-cache") == "HIT"
    })
    .await;
    let ready = stack.http.get("/readyz").await.json();
    assert_eq!(ready["status"], "ready", "{ready}");

    let sessions = "select ssl, version from pg_stat_activity join pg_stat_ssl using (pid)
                     where datname = current_database() and usename = 'remit_server'";
    let sessions = stack.owner().await.query(sessions, &[]).await;
    let sessions = sessions.expect("the owner may look");
    assert!(!sessions.is_empty());
    for session in sessions {
        assert!(session.get::<_, bool>(0));
        assert_eq!(session.get::<_, &str>(1), "TLSv1.3");
    }
}

/// What `remit` says when it fails with these variables.
fn failure(command: &str, variables: &[(&str, &str)]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_remit"))
        .arg(command)
        .env_clear()
        .env("REMIT_WEBHOOK_SECRET", WEBHOOK_SECRET)
        .envs(variables.iter().copied())
        .output()
        .expect("the program was built");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stderr).expect("text");
    assert!(!text.contains("postgresql://"), "{text}");
    text
}

#[tokio::test]
async fn postgresql_must_prove_who_it_is() {
    let database = Database::create().await;
    let authority = Authority::create();
    let (trusted, stranger) = (trusting(&authority), authority.file().display().to_string());
    for (host, trust, reason) in [
        (CERTIFIED, stranger.as_str(), "UnknownIssuer"),
        (OTHER, &trusted, "not valid for name"),
        // The system's roots.
        (CERTIFIED, "", "UnknownIssuer"),
    ] {
        let url = database.url_with_tls("remit_server", host);
        let variables = [
            ("DATABASE_URL", url.as_str()),
            ("REDIS_URL", "redis://127.0.0.1:1/0"),
            ("REMIT_TLS_CA_FILE", trust),
        ];
        for command in ["serve", "migrate"] {
            let text = failure(command, &variables);
            assert!(text.contains(reason), "{command} {host}: {text}");
        }
    }
}

#[tokio::test]
async fn a_postgresql_without_tls_is_refused_where_the_url_asks_for_it() {
    let cluster = Cluster::start().await;
    let trusted = trusting(&Authority::create());
    for mode in ["require", "verify-full"] {
        let url = format!("{}?sslmode={mode}", cluster.url("remit", "postgres"));
        let variables = [
            ("DATABASE_URL", url.as_str()),
            ("REMIT_TLS_CA_FILE", &trusted),
        ];
        let text = failure("migrate", &variables);
        assert!(text.contains("does not support TLS"), "{text}");
    }
    assert!(!cluster.log().contains("applied"), "{}", cluster.log());
}

#[test]
fn a_mode_between_tls_and_none_and_a_bad_file_are_configuration_errors() {
    for mode in ["prefer", "allow", "verify-ca", "x"] {
        let url = format!("postgresql://u:planted@127.0.0.1:1/d?sslmode={mode}");
        let text = failure("migrate", &[("DATABASE_URL", &url)]);
        assert!(text.contains("DATABASE_URL: sslmode must be"), "{text}");
    }
    let text = failure("serve", &[("REMIT_TLS_CA_FILE", "/nothing/there")]);
    for name in ["REMIT_TLS_CA_FILE", "DATABASE_URL", "REDIS_URL"] {
        assert!(text.contains(name), "{name} in {text}");
    }
}

/// Waits until the server says this of Redis or RabbitMQ, and why.
async fn goes_without(server: &Server, log: &Path, dependency: &str, reason: &str) {
    eventually_true(SOON, dependency, async || {
        let ready = server.http.get("/readyz").await.json();
        assert_eq!(ready["dependencies"]["postgresql"], "up");
        ready["dependencies"][dependency] == "down"
    })
    .await;
    eventually_true(SOON, reason, async || {
        let text = std::fs::read_to_string(log).expect("the server has a log");
        assert!(!text.contains("://"), "{text}");
        let lines: Vec<Value> = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        lines.iter().any(|line| {
            let error = line["error"].as_str();
            line["level"] == "WARN" && error.is_some_and(|error| error.contains(reason))
        })
    })
    .await;
}

#[tokio::test]
async fn redis_and_rabbitmq_must_prove_who_they_are() {
    let (database, vhost) = (Database::create().await, RabbitVhost::create().await);
    let authority = Authority::create();
    let redis =
        RedisServer::start_with_tls("remit-server", authority.certify("IP:127.0.0.1")).await;
    let (trusted, stranger) = (trusting(&authority), Authority::create());
    let stranger = stranger.file().display().to_string();
    // What is plain says no word of TLS; rustls tells by the first bytes, or the other side hangs
    // up.
    let plain_redis = redis.url().replace("redis://", "rediss://");
    let plain_rabbitmq = vhost.url().replace("amqp://", "amqps://");
    for (variable, dependency, url, trust, reason) in [
        (
            "REDIS_URL",
            "redis",
            redis.url_with_tls(CERTIFIED),
            &stranger,
            "UnknownIssuer",
        ),
        (
            "REDIS_URL",
            "redis",
            redis.url_with_tls(OTHER),
            &trusted,
            "not valid for name",
        ),
        ("REDIS_URL", "redis", plain_redis, &trusted, ""),
        (
            "AMQP_URL",
            "rabbitmq",
            vhost.url_with_tls(CERTIFIED),
            &stranger,
            "UnknownIssuer",
        ),
        (
            "AMQP_URL",
            "rabbitmq",
            vhost.url_with_tls(OTHER),
            &trusted,
            "not valid for name",
        ),
        ("AMQP_URL", "rabbitmq", plain_rabbitmq, &trusted, ""),
    ] {
        let log = serve_log();
        let mut variables = vec![
            ("DATABASE_URL", database.url("remit_server")),
            ("REMIT_TLS_CA_FILE", trust.clone()),
        ];
        if variable != "REDIS_URL" {
            variables.push(("REDIS_URL", redis.url()));
        }
        variables.push((variable, url));
        let server = Server::start(env!("CARGO_BIN_EXE_remit"), &variables, &log).await;
        goes_without(&server, &log, dependency, reason).await;
        // Money moves all the same.
        let (source, target) = (server.http.wallet(1).await, server.http.wallet(0).await);
        assert_eq!(server.http.transfer(source, target, 1).await.status, 201);
    }
}
