//! `/healthz` and `/readyz`, and `remit health`, in each state of the dependencies.

use std::process::Command;

use serde_json::{Value, json};
use testbed::poll::{SOON, eventually_true};
use testbed::port::free_port;
use testbed::postgres::Database;
use testbed::proxy::Proxy;
use testbed::rabbitmq::RabbitVhost;
use testbed::redis::RedisServer;
use testbed::server::Server;

use crate::problems::Told;
use crate::stack::serve_log;

struct Watched {
    server: Server,
    postgresql: Proxy,
    rabbitmq: Proxy,
    redis: RedisServer,
    _database: Database,
    _vhost: RabbitVhost,
}

impl Watched {
    async fn start() -> Self {
        let (database, vhost) = (Database::create().await, RabbitVhost::create().await);
        let redis = RedisServer::start("remit-server").await;
        let postgresql = Proxy::start(database.port());
        let rabbitmq = Proxy::start(vhost.port());
        let variables = [
            (
                "DATABASE_URL",
                database.url_at("remit_server", postgresql.port),
            ),
            ("REDIS_URL", redis.url()),
            ("AMQP_URL", vhost.url_at(rabbitmq.port)),
        ];
        let server = Server::start(env!("CARGO_BIN_EXE_remit"), &variables, &serve_log()).await;
        Self {
            server,
            postgresql,
            rabbitmq,
            redis,
            _database: database,
            _vhost: vhost,
        }
    }

    /// Waits until `/readyz` is a problem that names these.
    async fn becomes_unready(&self, dependencies: Value) {
        eventually_true(SOON, "/readyz is a problem", async || {
            let answer = self.server.http.get("/readyz").await;
            let is_told = answer.problem() == (503, "database_unavailable".to_owned());
            is_told && answer.json()["dependencies"] == dependencies
        })
        .await;
        self.is_alive(false).await;
    }

    /// Waits until `/readyz` says so. An answer is given again for half a second.
    async fn becomes(&self, body: Value) {
        let what = format!("/readyz is {body}");
        eventually_true(SOON, &what, async || {
            let answer = self.server.http.get("/readyz").await;
            (answer.status, answer.json()) == (200, body.clone())
        })
        .await;
        self.is_alive(true).await;
    }

    /// The process itself is well in every state.
    async fn is_alive(&self, is_ready: bool) {
        let alive = self.server.http.get("/healthz").await;
        assert_eq!(
            (alive.status, alive.json()),
            (200, json!({"status": "alive"}))
        );
        assert_eq!(health(self.server.port).await, is_ready);
    }
}

fn body(status: &str, postgresql: &str, redis: &str, rabbitmq: &str) -> Value {
    json!({"status": status, "dependencies": dependencies(postgresql, redis, rabbitmq)})
}

fn dependencies(postgresql: &str, redis: &str, rabbitmq: &str) -> Value {
    json!({"postgresql": postgresql, "redis": redis, "rabbitmq": rabbitmq})
}

/// What `remit health` says by its exit status, which is 0 or 1.
async fn health(port: u16) -> bool {
    let output = tokio::task::spawn_blocking(move || {
        Command::new(env!("CARGO_BIN_EXE_remit"))
            .arg("health")
            .env_clear()
            .env("REMIT_LISTEN", format!("127.0.0.1:{port}"))
            .output()
            .expect("the program was built")
    })
    .await
    .expect("no panic");
    match output.status.code() {
        Some(0) => true,
        Some(1) => {
            assert!(!output.stderr.is_empty(), "it says why");
            false
        }
        other => panic!("exit status {other:?}"),
    }
}

#[tokio::test]
async fn readiness_follows_the_dependencies() {
    let mut watched = Watched::start().await;
    watched.becomes(body("ready", "up", "up", "up")).await;

    watched.redis.stop();
    watched.becomes(body("degraded", "up", "down", "up")).await;
    watched.redis.resume().await;
    watched.becomes(body("ready", "up", "up", "up")).await;
    watched.redis.freeze();
    watched.becomes(body("degraded", "up", "down", "up")).await;
    watched.redis.thaw();
    watched.becomes(body("ready", "up", "up", "up")).await;

    watched.rabbitmq.close().await;
    watched.becomes(body("degraded", "up", "up", "down")).await;
    watched.redis.stop();
    watched
        .becomes(body("degraded", "up", "down", "down"))
        .await;
    watched.postgresql.close().await;
    watched
        .becomes_unready(dependencies("down", "down", "down"))
        .await;

    watched.postgresql.resume();
    watched
        .becomes(body("degraded", "up", "down", "down"))
        .await;
    watched.rabbitmq.resume();
    watched.redis.resume().await;
    watched.becomes(body("ready", "up", "up", "up")).await;

    watched.postgresql.close().await;
    watched
        .becomes_unready(dependencies("down", "up", "up"))
        .await;
    watched.postgresql.resume();
    watched.becomes(body("ready", "up", "up", "up")).await;
}

#[tokio::test]
async fn a_server_without_a_broker_is_ready() {
    let stack = crate::stack::Stack::start().await;
    let ready = stack.http.get("/readyz").await;
    assert_eq!(
        (ready.status, ready.json()),
        (200, body("ready", "up", "up", "not_configured"))
    );
}

#[tokio::test]
async fn nobody_at_home_is_not_healthy() {
    assert!(!health(free_port()).await);
}

#[tokio::test]
async fn a_port_that_never_answers_is_not_healthy() {
    // It accepts connections, as its backlog does, and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("some port is free");
    let port = silent.local_addr().expect("it is bound").port();
    assert!(!health(port).await);
}

#[tokio::test]
async fn a_server_that_starts_waits_for_a_slow_database() {
    let (database, redis) = (
        Database::create().await,
        RedisServer::start("remit-server").await,
    );
    let proxy = Proxy::start(database.port());
    proxy.hang();
    let variables = [
        ("DATABASE_URL", database.url_at("remit_server", proxy.port)),
        ("REDIS_URL", redis.url()),
    ];
    let log = serve_log();
    let starting = Server::start(env!("CARGO_BIN_EXE_remit"), &variables, &log);
    let answering = async {
        eventually_true(SOON, "it tries again", async || proxy.accepted() > 1).await;
        proxy.resume();
    };
    let (server, ()) = tokio::join!(starting, answering);
    assert_eq!(server.http.get("/healthz").await.status, 200);
}
