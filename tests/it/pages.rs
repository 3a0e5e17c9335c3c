//! Pages of lists while what they list is being made: a reader that goes on from a cursor gets all.

use testbed::poll::{SOON, eventually_true};
use testbed::postgres::Database;
use tokio_postgres::Client;
use uuid::Uuid;

/// Makes one in a transaction that stays open, makes another, reads a page, commits the first, and
/// reads on from the page's end: whatever came first, both are in one of the two pages.
async fn a_late_commit_is_listed(database: &Database, make: &str, list: &str) {
    let (early, late) = (database.connect().await, database.connect().await);
    early.batch_execute("begin").await.expect("it begins");
    let first = id(&early, make).await;
    let pid: i32 = late
        .query_one("select pg_backend_pid()", &[])
        .await
        .expect("a session has a process")
        .get(0);
    let make = make.to_owned();
    let second = tokio::spawn(async move { id(&late, &make).await });
    let reader = database.connect().await;
    let waits = "select wait_event_type = 'Lock' from pg_stat_activity where pid = $1";
    eventually_true(SOON, "the second is there, or waits", async || {
        let row = reader.query_one(waits, &[&pid]).await;
        let waits: Option<bool> = row.expect("the session is there").get(0);
        second.is_finished() || waits.unwrap_or_default()
    })
    .await;
    let page = ids(&reader, &list.replace("$after", "null, null")).await;
    early.batch_execute("commit").await.expect("it commits");
    let second = second.await.expect("it does not panic");
    let after = page.last().map_or_else(
        || "null, null".to_owned(),
        |(id, at)| format!("'{at}', '{id}'"),
    );
    let rest = ids(&reader, &list.replace("$after", &after)).await;
    let read: Vec<Uuid> = page.iter().chain(&rest).map(|(id, _)| *id).collect();
    assert!(read.contains(&first), "{list}: the first, which came late");
    assert!(read.contains(&second), "{list}: the second");
}

async fn id(session: &Client, make: &str) -> Uuid {
    let row = session.query_one(make, &[]).await;
    row.expect("it is made").get(0)
}

async fn ids(session: &Client, list: &str) -> Vec<(Uuid, String)> {
    let rows = session.query(list, &[]).await.expect("it is listed");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn a_wallet_that_was_committed_late_is_behind_every_cursor() {
    let database = Database::create().await;
    let owner = database.connect().await;
    let user = "select (remit_v1.user_create(1, (null, 'Ada', null, null, null)::remit_v1.user_request)).id";
    let user = id(&owner, user).await;
    let make = format!(
        "select (remit_v1.wallet_create(1, (null, '{user}', 'USD', 0, 0, null, null, null)::remit_v1.wallet_request)).id"
    );
    let list = format!(
        "select l.id, l.created_at::text from remit_v1.wallet_list(1, '{user}', $after, 10) l"
    );
    a_late_commit_is_listed(&database, &make, &list).await;
}

#[tokio::test]
async fn a_key_that_was_committed_late_is_behind_every_cursor() {
    let database = Database::create().await;
    let make = "select (remit_v1.key_create(1, ('k', 'reader', null, null)::remit_v1.key_request, 'a test')).id";
    let list = "select l.id, l.created_at::text from remit_v1.key_list(1, $after, 100) l";
    // The first two that are made through the function, and two more.
    for _ in 0..2 {
        a_late_commit_is_listed(&database, make, list).await;
    }
}

#[tokio::test]
async fn a_key_waits_for_no_other_ledger_and_for_no_vacuum() {
    let database = Database::create().await;
    let holder = database.connect().await;
    let ledger = "select (remit_v1.ledger_create(1, 'another', 'a test')).id";
    let ledger: i64 = holder.query_one(ledger, &[]).await.expect("made").get(0);
    let make = |ledger: i64| {
        format!(
            "select (remit_v1.key_create({ledger}, ('k', 'reader', null, null)::remit_v1.key_request, 'a test')).id"
        )
    };
    let other = database.connect().await;
    let impatient = "set lock_timeout = '100ms'";
    other.batch_execute(impatient).await.expect("it may");
    // An open creation of a key, the relay's lock, and what VACUUM takes.
    for hold in [
        make(ledger),
        "select from remit.ledgers for no key update".to_owned(),
        "lock table remit.keys, remit.key_moments in share update exclusive mode".to_owned(),
    ] {
        let held = holder.batch_execute(&format!("begin; {hold}")).await;
        held.expect("the owner may");
        id(&other, &make(1)).await;
        holder.batch_execute("rollback").await.expect("it ends");
    }
}
