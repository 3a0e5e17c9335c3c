//! Where PostgreSQL, Redis or RabbitMQ are looked for, something else listens.

use std::time::{Duration, Instant};

use serde_json::json;
use testbed::poll::{eventually, eventually_true};
use testbed::postgres::Database;
use testbed::program::lines;
use testbed::server::Server;
use testbed::stranger::Stranger;

use crate::complaints::{check, remit};
use crate::stack::serve_log;

/// Longer than a command waits for its first connection.
const GIVEN_UP: Duration = Duration::from_secs(15);
/// Longer than the server waits for Redis and RabbitMQ together.
const ANSWER_MAX: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_command_gives_up_and_names_the_address() {
    let mut running = Vec::new();
    for stranger in Stranger::ALL {
        let place = format!("127.0.0.1:{}", stranger.listen());
        for arguments in [&["migrate"][..], &["serve"], &["verify"], &["keys", "list"]] {
            let command = remit(arguments, &format!("postgresql://u:p@{place}/d")).spawn();
            let what = format!("{stranger:?} {arguments:?}");
            running.push((what, place.clone(), command.expect("the program was built")));
        }
    }
    for (what, place, mut command) in running {
        eventually(GIVEN_UP, &what, async || {
            command.try_wait().expect("it is a child")
        })
        .await;
        let output = command.wait_with_output().expect("it has ended");
        check(
            &what,
            &output,
            &format!("connecting to PostgreSQL at {place}: "),
            "PostgreSQL, and nothing else, runs where DATABASE_URL says",
        );
    }
}

#[tokio::test]
async fn a_server_goes_on_without_redis_and_rabbitmq_and_names_their_addresses() {
    let database = Database::create().await;
    for stranger in Stranger::ALL {
        let [redis, rabbitmq] = [(); 2].map(|()| format!("127.0.0.1:{}", stranger.listen()));
        let variables = [
            ("DATABASE_URL", database.url("remit_server")),
            ("REDIS_URL", format!("redis://u:p@{redis}/0")),
            ("AMQP_URL", format!("amqp://{rabbitmq}")),
        ];
        let log = serve_log();
        let server = Server::start(env!("CARGO_BIN_EXE_remit"), &variables, &log).await;
        let start = Instant::now();
        let answer = server.http.get("/readyz").await;
        assert!(start.elapsed() < ANSWER_MAX, "{stranger:?}");
        let dependencies = json!({"postgresql": "up", "redis": "down", "rabbitmq": "down"});
        assert_eq!(answer.json()["dependencies"], dependencies, "{stranger:?}");
        for (message, place) in [
            ("Redis is unavailable", redis),
            ("RabbitMQ is unavailable", rabbitmq),
        ] {
            eventually_true(ANSWER_MAX, message, async || {
                let is_it = |line: &serde_json::Value| {
                    line["message"] == message && line["place"] == place.as_str()
                };
                lines(&log).iter().any(is_it)
            })
            .await;
        }
    }
}
