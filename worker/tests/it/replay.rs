//! `remit-worker replay`: a past window of the log, and what was set aside, are published again.

use std::collections::HashSet;

use serde_json::Value;
use testbed::poll::{SOON, eventually_true};
use testbed::rabbitmq::Message;
use uuid::Uuid;

use crate::stand::Stand;

const REPLAY: &str = "remit.replay";
const AGES: [&str; 6] = [
    "--from",
    "2020-01-01T00:00:00Z",
    "--to",
    "2999-01-01T00:00:00Z",
    "--reason",
    "ticket 7",
];

/// The program as an operator runs it: exit code and standard error.
fn replay(stand: &Stand, arguments: &[&str]) -> (i32, String) {
    let arguments = [&["replay"], arguments, &AGES].concat();
    let (code, output, errors) = stand.operator().run(&arguments);
    assert!(output.is_empty(), "{output}");
    (code, errors)
}

/// The messages of a queue, once there are so many.
async fn messages(stand: &Stand, queue: &str, count: usize) -> Vec<Message> {
    eventually_true(SOON, "all are there", async || {
        stand.vhost.depth(queue).await == count
    })
    .await;
    stand.vhost.messages(queue).await.unwrap()
}

/// How many events the log of ledger 1 has, and how many of the last ones are transfers.
async fn published(stand: &Stand, transfers: usize) -> (usize, Vec<Uuid>) {
    let relay = stand.worker().start(&["--relay"]);
    let ids = stand.post(transfers).await;
    relay.await_said("event published", transfers).await;
    let query = "select remit.log_position(1)";
    let position: i64 = stand.dba.query_one(query, &[]).await.unwrap().get(0);
    (usize::try_from(position).unwrap(), ids)
}

/// The audit log's actions of replays, oldest first, with their details.
async fn audited(stand: &Stand) -> Vec<(String, Value)> {
    let query =
        "select action, detail from remit.audit_log where action like 'events_%replay' order by id";
    let rows = stand.dba.query(query, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn a_window_is_published_again_with_the_same_ids_into_a_queue_of_its_own() {
    let stand = Stand::new().await;
    let tap = stand.tap().await;
    let (events, ids) = published(&stand, 3).await;
    let before = messages(&stand, &tap, 3).await;
    for _ in 0..2 {
        let (code, errors) = replay(&stand, &["--ledger", "1"]);
        assert_eq!((code, errors), (0, format!("{events} events published\n")));
    }
    let again = stand.vhost.take(REPLAY).await;
    assert_eq!(again.len(), 2 * events);
    let last: Vec<_> = again[events - 3..events]
        .iter()
        .map(Message::json)
        .collect();
    let first: Vec<_> = before.iter().map(Message::json).collect();
    assert_eq!(last, first);
    let own: HashSet<_> = again
        .iter()
        .map(|one| one.property("message_id").to_owned())
        .collect();
    assert_eq!(own.len(), events);
    assert!(
        again
            .iter()
            .all(|one| *one.header("remit-replay") == Value::Bool(true))
    );
    let subjects: Vec<_> = last
        .iter()
        .map(|one| one["subject"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        subjects,
        ids.iter().map(Uuid::to_string).collect::<Vec<_>>()
    );
    assert_eq!(stand.vhost.depth(&tap).await, 3);
    let rows = audited(&stand).await;
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].1["until_position"], events);
    let queue = stand.vhost.describe("queues", REPLAY).await;
    let arguments = &queue["arguments"];
    let told = (
        &queue["durable"],
        &arguments["x-queue-type"],
        &arguments["x-max-length"],
    );
    assert_eq!(told, (&true.into(), &"quorum".into(), &1_000_000.into()));
}

#[tokio::test]
async fn types_and_moments_choose_and_a_dry_run_publishes_nothing() {
    let stand = Stand::new().await;
    let (events, _) = published(&stand, 3).await;
    let only = [
        "--ledger",
        "1",
        "--type",
        "transfer.posted",
        "--type",
        "wallet.frozen",
    ];
    let (code, errors) = replay(&stand, &[&only[..], &["--dry-run"]].concat());
    let transfers = "select count(*) from remit.transfers where outcome = 'posted'";
    let transfers: i64 = stand.dba.query_one(transfers, &[]).await.unwrap().get(0);
    assert_eq!(
        (code, errors),
        (0, format!("{transfers} events to publish\n"))
    );
    assert!(audited(&stand).await.is_empty());
    let moment = "select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), position - cardinality(event_ids)
                    from remit.log_blocks where ledger_id = 1 order by position desc limit 1";
    let row = stand.dba.query_one(moment, &[]).await.unwrap();
    let (moment, before): (String, i64) = (row.get(0), row.get(1));
    for (from, to, count) in [
        (
            "2020-01-01T00:00:00Z",
            moment.as_str(),
            usize::try_from(before).unwrap(),
        ),
        (
            &moment,
            "2999-01-01T00:00:00Z",
            events - usize::try_from(before).unwrap(),
        ),
    ] {
        let arguments = [
            "replay",
            "--ledger",
            "1",
            "--dry-run",
            "--from",
            from,
            "--to",
            to,
            "--reason",
            "why",
        ];
        let (code, _, errors) = stand.operator().run(&arguments);
        assert_eq!((code, errors), (0, format!("{count} events to publish\n")));
    }
}

#[tokio::test]
async fn an_exchange_gets_the_types_as_routing_keys_and_what_nobody_takes_is_said() {
    let stand = Stand::new().await;
    let (events, _) = published(&stand, 2).await;
    let to = |exchange: &str| replay(&stand, &["--ledger", "1", "--exchange", exchange]);
    let (code, errors) = to("remit.events");
    assert_eq!((code, errors), (0, format!("{events} events published\n")));
    let (code, errors) = to("other");
    assert!(
        code == 1 && errors.contains("the exchange other"),
        "{errors}"
    );
    let (code, errors) = replay(&stand, &["--ledger", "77"]);
    assert!(code == 1 && errors.contains("ledger not found"), "{errors}");
    let (code, errors) = replay(&stand, &["--ledger", "1", "--type", "transfer.post"]);
    assert!(code == 1 && errors.contains("types of events"), "{errors}");
}

#[tokio::test]
async fn a_queue_that_is_full_ends_a_replay_which_may_be_run_again() {
    let stand = Stand::new().await;
    let (events, _) = published(&stand, 20).await;
    assert_eq!(replay(&stand, &["--ledger", "1"]).0, 0);
    messages(&stand, REPLAY, events).await;
    stand.vhost.limit(REPLAY, Some(1)).await;
    eventually_true(SOON, "it is refused", async || {
        let (code, errors) = replay(&stand, &["--ledger", "1"]);
        code == 1
            && errors.contains("the queue remit.replay")
            && errors.contains("run the command again")
    })
    .await;
}

#[tokio::test]
async fn what_was_set_aside_is_published_again_and_is_aside_no_longer() {
    let stand = Stand::new().await;
    let (events, ids) = published(&stand, 3).await;
    let tap = stand.tap().await;
    let aside = "select remit_worker_v1.event_set_aside(1, $1, 'too large')";
    for position in [events - 2, events] {
        let position = i64::try_from(position).unwrap();
        stand.dba.execute(aside, &[&position]).await.unwrap();
    }
    let again = |more: &[&str]| {
        let (code, _, errors) = stand
            .operator()
            .run(&[&["replay", "--aside", "--reason", "ticket 8"], more].concat());
        (code, errors)
    };
    assert_eq!(
        again(&["--dry-run"]),
        (0, "2 events to publish\n".to_owned())
    );
    assert_eq!(
        again(&["--ledger", "2"]),
        (0, "0 events published\n".to_owned())
    );
    assert_eq!(again(&[]), (0, "2 events published\n".to_owned()));
    let taken = messages(&stand, &tap, 2).await;
    let subjects = taken
        .iter()
        .map(|one| one.json()["subject"].as_str().unwrap().to_owned());
    assert_eq!(
        subjects.collect::<Vec<_>>(),
        [ids[0].to_string(), ids[2].to_string()]
    );
    assert_eq!(again(&[]), (0, "0 events published\n".to_owned()));
    let actions: Vec<_> = audited(&stand)
        .await
        .into_iter()
        .map(|(action, _)| action)
        .collect();
    assert_eq!(actions, ["events_aside_replay"; 2]);
}

#[tokio::test]
async fn the_worker_s_own_login_may_not() {
    let stand = Stand::new().await;
    for arguments in [&["--ledger", "1"][..], &["--aside"]] {
        let arguments = match arguments {
            ["--aside"] => ["replay", "--aside", "--reason", "why"].to_vec(),
            _ => [&["replay"], arguments, &AGES].concat(),
        };
        let (code, _, errors) = stand.worker().run(&arguments);
        assert!(
            code == 1 && errors.contains("permission denied"),
            "{errors}"
        );
    }
}
