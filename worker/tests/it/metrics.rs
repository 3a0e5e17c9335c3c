//! The worker's `/metrics`: everything that is counted is there and moves.

use std::collections::HashMap;

use testbed::http::Http;
use testbed::poll::{SOON, eventually_true};
use testbed::port::free_port;
use uuid::Uuid;

use crate::stand::{Stand, Worker};

/// A worker that shows its metrics, and who asks for them.
fn shown(worker: Worker) -> (Worker, Http) {
    let port = free_port();
    let worker = worker.with("REMIT_WORKER_LISTEN", format!("127.0.0.1:{port}"));
    (worker, Http::new(port))
}

/// Every sample by its name with labels.
async fn samples(http: &Http) -> HashMap<String, f64> {
    let answer = http.get("/metrics").await;
    assert_eq!(answer.status, 200);
    let media_type = answer.header("content-type");
    assert!(media_type.starts_with("application/openmetrics-text"));
    let text = str::from_utf8(&answer.body).unwrap();
    assert!(text.ends_with("# EOF\n"));
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let samples = lines.map(|line| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), value.parse().unwrap())
    });
    samples.collect()
}

/// What is not there yet counts as 0.
fn get(samples: &HashMap<String, f64>, name: &str) -> f64 {
    let name = format!("remit_worker_{name}");
    samples.get(&name).copied().unwrap_or(0.0)
}

#[tokio::test]
async fn what_the_worker_does_is_counted() {
    let stand = Stand::new().await;
    let (worker, http) = shown(stand.worker());
    stand.post(3).await;
    let running = worker.start(&[]);
    running.await_said("notification delivered", 3).await;
    eventually_true(SOON, "all is counted", async || {
        let samples = samples(&http).await;
        let delivered = |channel| {
            get(
                &samples,
                &format!("deliveries_total{{channel=\"{channel}\",result=\"delivered\"}}"),
            )
        };
        let events = get(&samples, "log_append_events_sum");
        events >= 3.0
            && delivered("broker") == events
            && delivered("log") == events
            && delivered("cache") >= 6.0
            && get(&samples, "relay_leads") == 1.0
            && get(&samples, "log_append_events_count") >= 1.0
            && get(&samples, "broker_batch_events_sum") == events
            && ["broker", "cache"].iter().all(|channel| {
                let name =
                    format!("remit_worker_cursor_lag_events{{ledger=\"1\",channel=\"{channel}\"}}");
                samples.get(&name) == Some(&0.0)
            })
    })
    .await;
}

#[tokio::test]
async fn the_lag_of_a_broker_that_is_away_grows_and_the_outbox_is_empty() {
    let stand = Stand::new().await;
    let (worker, http) = shown(stand.worker());
    let worker = worker.with("AMQP_URL", stand.vhost.url_at(free_port()));
    let mut running = worker.start(&["--relay"]);
    running.await_said("relay leads", 1).await;
    stand.post(3).await;
    eventually_true(SOON, "three transfers lag for a second", async || {
        let samples = samples(&http).await;
        let labels = "{ledger=\"1\",channel=\"broker\"}";
        get(&samples, &format!("cursor_lag_events{labels}")) >= 3.0
            && get(&samples, &format!("cursor_lag_seconds{labels}")) >= 1.0
            && get(
                &samples,
                "cursor_lag_events{ledger=\"1\",channel=\"cache\"}",
            ) == 0.0
            && get(&samples, "outbox_events") == 0.0
    })
    .await;
    running.signal("TERM");
    running.ended().await;
}

#[tokio::test]
async fn events_wait_in_the_outbox_while_no_relay_leads_and_failures_are_counted() {
    let stand = Stand::new().await;
    let (relay, _) = shown(stand.worker());
    let relay = relay.start(&["--relay"]);
    stand.post(2).await;
    let failing = stand.worker().with("NOTIFY_FAIL_RATE", 1);
    let (failing, http) = shown(failing.with("NOTIFY_ATTEMPTS_MAX", 2));
    let notifier = failing.start(&["--notifier"]);
    notifier.await_said("notifier consumes", 1).await;
    eventually_true(SOON, "two failures and two letters", async || {
        let samples = samples(&http).await;
        let log = |result: &str| {
            get(
                &samples,
                &format!("deliveries_total{{channel=\"log\",result=\"{result}\"}}"),
            )
        };
        log("failed") >= 2.0
            && log("failed") == get(&samples, "retries_total{channel=\"log\"}")
            && log("set_aside") >= 2.0
            && get(&samples, "relay_leads") == 0.0
    })
    .await;
    drop(relay);
    stand.post(1).await;
    eventually_true(SOON, "one waits for a second", async || {
        let samples = samples(&http).await;
        get(&samples, "outbox_events") == 1.0 && get(&samples, "outbox_oldest_age_seconds") >= 1.0
    })
    .await;
    stand
        .dba
        .execute(
            "select remit_worker_v1.event_set_aside(1, 1, 'too large')",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(get(&samples(&http).await, "set_aside_events"), 1.0);
}

#[tokio::test]
async fn of_many_ledgers_those_with_the_largest_lag_are_shown_and_the_others_summed() {
    let stand = Stand::new().await;
    let append = "
        insert into remit.ledgers (ledger_id, name) select n, 'book ' || n from generate_series(1001, 1150) n;
        insert into remit.log_blocks
        select n, 1, n - 1000, array_fill($1::uuid, array[(n - 1000)::integer]), array_fill('user.created'::remit_v1.event_type, array[(n - 1000)::integer]),
               array_fill($1::uuid, array[(n - 1000)::integer]), array_fill(now(), array[(n - 1000)::integer]),
               array_fill('\\x00'::bytea, array[(n - 1000)::integer]), array['\\x00'::bytea], now() - interval '1 hour'
          from generate_series(1001, 1150) n";
    let append = append.replace("$1", &format!("'{}'", Uuid::nil()));
    stand.dba.batch_execute(&append).await.unwrap();
    let (worker, http) = shown(stand.worker());
    let _notifier = worker.start(&["--notifier"]);
    eventually_true(SOON, "it answers", async || {
        let asked = http.try_send(hyper::Method::GET, "/metrics", &[], "").await;
        asked.is_ok()
    })
    .await;
    let samples = samples(&http).await;
    let shown = samples
        .keys()
        .filter(|name| name.starts_with("remit_worker_cursor_lag_events{"));
    assert_eq!(shown.count(), 102);
    let lag = |ledger: &str, channel: &str| {
        let labels = format!("{{ledger=\"{ledger}\",channel=\"{channel}\"}}");
        let seconds = get(&samples, &format!("cursor_lag_seconds{labels}"));
        (
            get(&samples, &format!("cursor_lag_events{labels}")),
            seconds >= 3600.0,
        )
    };
    assert_eq!(lag("1150", "broker"), (150.0, true));
    assert_eq!(lag("1101", "cache"), (101.0, true));
    assert_eq!(lag("1100", "broker"), (0.0, false));
    assert_eq!(lag("others", "broker"), (5050.0, true));
}

#[tokio::test]
async fn metrics_are_all_that_the_address_has() {
    let stand = Stand::new().await;
    let (worker, http) = shown(stand.worker());
    let notifier = worker.start(&["--notifier"]);
    notifier.await_said("notifier consumes", 1).await;
    assert_eq!(http.get("/").await.status, 404);
    let posted = http.send(hyper::Method::POST, "/metrics", &[], "").await;
    assert_eq!((posted.status, posted.header("allow")), (405, "GET, HEAD"));
    let (code, _, errors) = worker.run(&["--relay"]);
    assert_eq!(code, 1);
    assert!(errors.contains("REMIT_WORKER_LISTEN"), "{errors}");
}
