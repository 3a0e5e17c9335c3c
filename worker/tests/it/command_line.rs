use clap::CommandFactory;
use remit_worker::cli::Arguments;
use serde_json::Value;
use testbed::options;
use testbed::poll::{SOON, eventually_true};
use testbed::port::free_port;
use testbed::stranger::Stranger;

use crate::stand::{NOTIFICATIONS, Stand};

#[test]
fn numbers_have_one_spelling() {
    let found = options::numbers(&Arguments::command());
    let commands = [
        "dead list --limit",
        "dead replay --limit",
        "replay --ledger",
    ];
    assert_eq!(
        found,
        commands.map(|command| format!("remit-worker {command}"))
    );
}

#[tokio::test]
async fn bad_arguments_and_bad_configuration_are_refused_before_anything_connects() {
    let stand = Stand::new().await;
    let (code, _, errors) = stand
        .worker()
        .run(&["dead", "replay", "--id", "5", "--reason", "why"]);
    assert_eq!(code, 2);
    assert!(errors.contains("--help"), "{errors}");
    let wrong = [
        ("AMQP_URL", ""),
        ("NOTIFY_FAIL_RATE", "2"),
        ("REMIT_LOG", "loud"),
    ];
    let worker = wrong.iter().fold(stand.worker(), |worker, (name, value)| {
        worker.with(name, value)
    });
    let (code, _, errors) = worker.run(&[]);
    assert_eq!(code, 1);
    assert!(
        wrong.iter().all(|(name, _)| errors.contains(name)),
        "{errors}"
    );
    for (argument, answer) in [("--help", "Usage:"), ("--version", "remit-worker 0")] {
        let (code, output, _) = stand.worker().run(&[argument]);
        assert!(code == 0 && output.contains(answer), "{output}");
    }
}

#[tokio::test]
async fn health_says_what_is_missing() {
    let stand = Stand::new().await;
    let health = || stand.worker().run(&["health"]);
    let relay = stand.worker().start(&["--relay"]);
    relay.await_said("relay publishes", 1).await;
    let (code, _, errors) = health();
    let line = "remit-worker: no notifier consumes; see that ";
    assert!(code == 1 && errors.starts_with(line), "{errors}");
    assert_eq!(errors.lines().count(), 1);
    let notifier = stand.worker().start(&["--notifier"]);
    notifier.await_said("notifier consumes", 1).await;
    eventually_true(SOON, "health", async || health().0 == 0).await;
    drop(relay);
    eventually_true(SOON, "the relay is missed", async || {
        health()
            .2
            .starts_with("remit-worker: no relay leads; see that ")
    })
    .await;
    let url = stand.vhost.url_at(free_port());
    let (code, _, errors) = stand.worker().with("AMQP_URL", url).run(&["health"]);
    let is_said =
        errors.contains("connecting to RabbitMQ at ") && errors.contains("Connection refused");
    assert!(code == 1 && is_said, "{errors}");
    assert_eq!(stand.vhost.depth(NOTIFICATIONS).await, 0);
}

#[tokio::test]
async fn a_relay_that_leads_and_gets_nowhere_is_not_well() {
    let stand = Stand::new().await;
    let worker = stand.worker().start(&[]);
    stand.post(2).await;
    worker.await_said("event published", 2).await;
    worker.await_said("notifier consumes", 1).await;
    let health = || stand.worker().run(&["health"]);
    assert_eq!(health().2, "");
    // The broker answers, and does not let the worker publish this.
    stand
        .vhost
        .permit_keys("remit.events", "^transfer[.]")
        .await;
    let freeze = "select remit_ops_v1.wallet_freeze(1, $1, 'a test')";
    stand
        .dba
        .execute(freeze, &[&stand.wallets[0]])
        .await
        .unwrap();
    eventually_true(2 * SOON, "events wait for longer than 10 s", async || {
        let (code, _, errors) = health();
        code == 1 && errors.contains("a relay leads and gets nowhere")
    })
    .await;
    stand.vhost.permit_keys("remit.events", ".*").await;
    eventually_true(SOON, "it gets on", async || health().0 == 0).await;
}

#[tokio::test]
async fn a_program_that_meets_something_else_gives_up_and_names_the_address() {
    let stand = Stand::new().await;
    for stranger in Stranger::ALL {
        let (postgresql, rabbitmq) = (stranger.listen(), stranger.listen());
        let lost = format!("connecting to RabbitMQ at 127.0.0.1:{rabbitmq}: ");
        let worker = stand
            .worker()
            .with("AMQP_URL", stand.vhost.url_at(rabbitmq));
        let (code, _, errors) = worker.run(&["dead", "list"]);
        assert!(
            code == 1 && errors.contains(&lost),
            "{stranger:?}: {errors}"
        );

        let url = stand.database.url_at("remit_worker", postgresql);
        let worker = worker.with("DATABASE_URL", url);
        let mut running = worker.start(&[]);
        let (code, _, errors) = worker.run(&["health"]);
        let both = [
            format!("connecting to PostgreSQL at 127.0.0.1:{postgresql}: "),
            lost,
        ];
        assert_eq!((code, errors.lines().count()), (1, 2), "{errors}");
        for (line, lost) in errors.lines().zip(&both) {
            assert!(line.contains(lost), "{stranger:?}: {errors}");
            assert!(line.contains(", and nothing else, runs where "), "{errors}");
            eventually_true(SOON, lost, async || {
                let said = running.said("interrupted");
                let is_it =
                    |said: &Value| said["error"].as_str().is_some_and(|it| it.contains(lost));
                said.iter().any(is_it)
            })
            .await;
        }
        running.kill();
    }
}
