//! API keys while PostgreSQL is away, and where a connection to it breaks.

use std::time::Duration;

use serde_json::json;
use testbed::poll::{SOON, eventually_true};
use uuid::Uuid;

use crate::problems::Told;
use crate::proxied::Proxied;

/// Longer than what a server knows of the cache's generation is fresh, on a busy machine.
const FRESH_MAX: Duration = Duration::from_millis(1_400);

#[tokio::test]
async fn while_postgresql_is_away_nothing_is_read_that_may_be_old() {
    let stand = Proxied::start().await;
    let http = stand.http();
    let path = format!("/wallets/{}", http.wallet(7).await);
    let unknown = http.scoped("reader", None).await;
    assert_eq!(http.get(&path).await.status, 200);
    assert_eq!(http.get(&path).await.header("x-cache"), "HIT");
    stand.postgresql.close().await;
    let start = tokio::time::Instant::now();
    // Longer than the ring goes without a check.
    while start.elapsed() < Duration::from_millis(2_500) {
        let is_known = start.elapsed() < FRESH_MAX;
        let read = http.get(&path).await;
        let is_hit = read.status == 200 && read.header("x-cache") == "HIT";
        assert!(is_hit && is_known || read.status == 503, "{read:?}");
    }
    let unknown_path = format!("/wallets/{}", Uuid::new_v4());
    for (caller, path) in [(&unknown, &path), (http, &unknown_path)] {
        let refused = caller.get(path).await;
        assert_eq!(refused.problem(), (503, "database_unavailable".to_owned()));
    }
    stand.postgresql.resume();
    eventually_true(SOON, "the unknown key is looked up", async || {
        unknown.get(&path).await.status == 200
    })
    .await;
}

#[tokio::test]
async fn a_key_is_made_once_even_where_a_connection_was_dead() {
    let stand = Proxied::start().await;
    let owner = stand.database.connect().await;
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
        // The call is under way when the connection breaks; the answer is lost, what was asked is
        // done.
        let slow = "
            create or replace function remit.be_slow() returns trigger language plpgsql as
                'begin perform pg_sleep(1); return new; end';
            create or replace trigger slow before insert on remit.keys
                for each row execute function remit.be_slow()";
        owner.batch_execute(slow).await.expect("the owner may");
        let lost = tokio::spawn({
            let (http, body) = (stand.http().clone(), body.clone());
            async move { http.post(path, &body).await }
        });
        eventually_true(SOON, "the call is under way", async || {
            calls("wait_event = 'PgSleep'").await == 1
        })
        .await;
        stand.postgresql.close().await;
        stand.postgresql.resume();
        let lost = lost.await.expect("no panic");
        assert_eq!(lost.problem(), (503, "database_unavailable".to_owned()));
        assert!(
            lost.json()["detail"]
                .as_str()
                .is_some_and(|said| !said.contains("same key"))
        );
        eventually_true(SOON, "the call ends", async || {
            calls("state = 'active'").await == 0
        })
        .await;
        assert_eq!(count().await, before + 1, "{path}");
    }
}
