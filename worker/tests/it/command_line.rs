use clap::CommandFactory;
use remit_worker::cli::Arguments;
use testbed::options;
use testbed::poll::{SOON, eventually_true};
use testbed::port::free_port;

use crate::stand::{NOTIFICATIONS, Stand};

#[test]
fn numbers_have_one_spelling() {
    let found = options::numbers(&Arguments::command());
    let commands = ["list", "replay"];
    assert_eq!(
        found,
        commands.map(|name| format!("remit-worker dead {name} --limit"))
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
    relay.await_said("relay leads", 1).await;
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
    let is_said = errors.contains("broker: ") && errors.contains("Connection refused");
    assert!(code == 1 && is_said, "{errors}");
    assert_eq!(stand.vhost.depth(NOTIFICATIONS).await, 0);
}
