use std::collections::HashSet;

use serde_json::Value;
use testbed::poll::{SOON, eventually_true};

use crate::stand::{DEAD, NOTIFICATIONS, Stand};

/// A stand whose transfers are all dead after so many attempts.
async fn with_dead_letters(transfers: usize, attempts: u32) -> (Stand, Vec<uuid::Uuid>) {
    let stand = Stand::new().await;
    let ids = stand.post(transfers).await;
    let count = transfers;
    let failing = stand
        .worker()
        .with("NOTIFY_FAIL_RATE", 1)
        .with("NOTIFY_ATTEMPTS_MAX", attempts);
    let mut worker = failing.start(&[]);
    worker.await_said("notification is dead", count).await;
    eventually_true(SOON, "all are dead letters", async || {
        stand.vhost.depth(DEAD).await == count
    })
    .await;
    check_delays(&worker.said("notification failed"), attempts, count);
    worker.signal("TERM");
    worker.ended().await;
    assert!(stand.recorded().await.is_empty());
    (stand, ids)
}

/// Each failed attempt but the last waits half to all of a step that doubles.
fn check_delays(failures: &[Value], attempts: u32, count: usize) {
    for attempt in 1..attempts {
        let step = 50 * 2_u64.pow(attempt - 1);
        let delays = failures.iter().filter(|line| line["attempt"] == attempt);
        let delays: Vec<u64> = delays
            .map(|line| line["delay_ms"].as_u64().unwrap())
            .collect();
        assert_eq!(delays.len(), count, "attempt {attempt}");
        assert!(
            delays.iter().all(|delay| (step / 2..=step).contains(delay)),
            "{delays:?}"
        );
    }
}

#[tokio::test]
async fn a_notification_that_keeps_failing_dies_after_its_attempts_and_can_be_replayed() {
    let (stand, transfers) = with_dead_letters(5, 4).await;
    let listed = stand.worker().run_for_lines(&["dead", "list"]);
    assert_eq!(listed.len(), 5);
    for line in &listed {
        assert_eq!(line["attempts"], 4);
        assert_eq!(line["reason"], "simulated failure");
        assert_eq!(line["type"], "remit.transfer.posted");
        assert!(line["dead_at"].is_string() && line["event_id"].is_string());
    }
    let subjects: HashSet<_> = listed
        .iter()
        .map(|line| line["subject_id"].as_str().unwrap())
        .collect();
    assert!(
        transfers
            .iter()
            .all(|id| subjects.contains(id.to_string().as_str()))
    );
    // Listing leaves the letters, in their order.
    assert_eq!(
        stand
            .worker()
            .run_for_lines(&["dead", "list", "--limit", "2"]),
        listed[..2]
    );
    assert_eq!(stand.worker().run_for_lines(&["dead", "list"]), listed);

    assert_eq!(
        stand
            .operator()
            .run_for_lines(&["dead", "replay", "--all", "--reason", "ticket 7"])
            .len(),
        5
    );
    assert_eq!(stand.vhost.depth(DEAD).await, 0);
    let _worker = stand.worker().start(&["--notifier"]);
    let recorded = stand.await_recorded(5).await;
    // The attempts count anew.
    assert!(
        recorded.iter().all(|(_, attempts)| *attempts == 1),
        "{recorded:?}"
    );
}

#[tokio::test]
async fn dead_letters_can_be_replayed_by_number_and_by_event() {
    let (stand, _) = with_dead_letters(5, 1).await;
    let listed = stand.worker().run_for_lines(&["dead", "list"]);
    let event_id = listed[3]["event_id"].as_str().unwrap();
    assert_eq!(
        stand
            .operator()
            .run_for_lines(&["dead", "replay", "--id", event_id, "--reason", "why"]),
        listed[3..4]
    );
    assert_eq!(
        stand
            .operator()
            .run_for_lines(&["dead", "replay", "--limit", "2", "--reason", "why"]),
        listed[..2]
    );
    let left = [listed[2].clone(), listed[4].clone()];
    assert_eq!(stand.worker().run_for_lines(&["dead", "list"]), left);
    let replayed = stand.await_events(NOTIFICATIONS, 3).await;
    assert_eq!(replayed[0]["id"], event_id);
    // Again: it is no longer there.
    let again = ["dead", "replay", "--id", event_id, "--reason", "why"];
    let (code, output, errors) = stand.operator().run(&again);
    assert!(code == 1 && output.is_empty(), "{errors}");
    let said = format!("no dead letter is of the event {event_id}; ");
    assert!(errors.contains(&said), "{errors}");
}

/// What the audit log has of replays: actor, program, number of events and reason, oldest first.
async fn replays(stand: &Stand) -> Vec<(String, String, i32, String)> {
    let query = "
        select a.actor, a.application_name, cardinality(a.subject_ids), a.reason from remit.audit a
         where a.ledger_id = 1 and a.action = 'dead_letters_replay' order by a.id";
    let rows = stand.dba.query(query, &[]).await.unwrap();
    rows.iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)))
        .collect()
}

const ALL: [&str; 5] = ["dead", "replay", "--all", "--reason", "ticket 7"];

#[tokio::test]
async fn a_replay_is_in_the_audit_log_with_who_which_and_why() {
    let (stand, _) = with_dead_letters(5, 1).await;
    let listed = stand.worker().run_for_lines(&["dead", "list"]);
    assert!(replays(&stand).await.is_empty());
    assert_eq!(stand.operator().run_for_lines(&ALL).len(), 5);
    let expected =
        [("remit", "remit-worker dead replay", 5, "ticket 7")].map(|(actor, name, count, why)| {
            (actor.to_owned(), name.to_owned(), count, why.to_owned())
        });
    assert_eq!(replays(&stand).await, expected);
    let query =
        "select unnest(subject_ids)::text from remit.audit where action = 'dead_letters_replay'";
    let rows = stand.dba.query(query, &[]).await.unwrap();
    let ids: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(
        listed
            .iter()
            .map(|line| line["event_id"].as_str().unwrap())
            .eq(ids.iter().map(String::as_str))
    );
    // Nothing is there any more: nothing is recorded.
    assert!(stand.operator().run_for_lines(&ALL).is_empty());
    assert_eq!(replays(&stand).await.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_replayed() {
    let (stand, _) = with_dead_letters(3, 1).await;
    let unreachable = stand.operator().with("DATABASE_URL", "").run(&ALL);
    assert_eq!(unreachable.0, 1);
    assert!(unreachable.2.contains("DATABASE_URL"), "{}", unreachable.2);
    // The worker's own login writes no word of the audit log.
    let (code, output, errors) = stand.worker().run(&ALL);
    assert!(code == 1 && output.is_empty(), "{output}");
    assert!(errors.contains("42501"), "{errors}");
    assert_eq!(stand.vhost.depth(NOTIFICATIONS).await, 0);
    eventually_true(SOON, "all are still dead letters", async || {
        stand.vhost.depth(DEAD).await == 3
    })
    .await;
}

#[tokio::test]
async fn a_letter_that_cannot_be_read_stays_where_it_is() {
    let (stand, _) = with_dead_letters(3, 1).await;
    stand
        .vhost
        .publish("", DEAD, serde_json::json!({}), b"\xff\x00{")
        .await;
    assert_eq!(stand.operator().run_for_lines(&ALL).len(), 3);
    let replayed = replays(&stand).await;
    assert_eq!(replayed.iter().map(|row| row.2).sum::<i32>(), 3);
    eventually_true(SOON, "one is left", async || {
        stand.vhost.depth(DEAD).await == 1
    })
    .await;
    assert_eq!(stand.worker().run_for_lines(&["dead", "list"]).len(), 1);
}
