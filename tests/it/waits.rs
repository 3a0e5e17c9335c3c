//! What a call finds after it has waited for a lock, and what it is refused before it waits.

use testbed::poll::{SOON, eventually_true};
use testbed::postgres::Database;
use tokio_postgres::{Client, Error};
use uuid::Uuid;

/// What calls write: all of it is counted.
const WRITTEN: &str = "
    select concat_ws(' ', (select count(*) from remit.keys where revoked_at is null), (select count(*) from remit.ledgers),
                     (select count(*) from remit.wallets), (select count(*) from remit.users), (select count(*) from remit.audit))";
const WAITS: &str = "select wait_event_type = 'Lock' from pg_stat_activity where pid = $1";
const USER: &str =
    "select (remit_v1.user_create(1, (null, 'Ada', null, null, null)::remit_v1.user_request)).id";
const LARGE: &str = "repeat('x', 17 * 1024 * 1024)";

async fn id(session: &Client, make: &str) -> Uuid {
    let row = session.query_one(make, &[]).await;
    row.expect("it is made").get(0)
}

async fn run(session: &Client, statement: &str) {
    let done = session.batch_execute(statement).await;
    done.expect("the owner may do this");
}

fn code(refused: &Error) -> (&str, Option<&str>) {
    let error = refused.as_db_error().expect("PostgreSQL said so");
    (error.code().code(), error.column())
}

/// A new key: its id, and what a caller passes.
async fn key(owner: &Client, scope: &str) -> (Uuid, String) {
    let make = format!(
        "select k.id, encode(sha256(convert_to(k.secret, 'UTF8')), 'hex')
           from remit_v1.key_create(1, ('k', '{scope}', null, null)::remit_v1.key_request, 'a test') k"
    );
    let row = owner.query_one(&make, &[]).await.expect("it is made");
    (row.get(0), format!("'\\x{}'", row.get::<_, String>(1)))
}

/// Holds what a call with a key waits for, revokes the key, and lets the call go on.
async fn refused_after_its_wait(database: &Database, scope: &str, hold: &str, call: &str) {
    let owner = database.connect().await;
    let (key_id, passed) = key(&owner, scope).await;
    let (holder, caller) = (database.connect().await, database.connect().await);
    run(&holder, &format!("begin; {hold}")).await;
    let pid: i32 = caller
        .query_one("select pg_backend_pid()", &[])
        .await
        .expect("a session has a process")
        .get(0);
    let statement = call.replace("$key", &passed);
    let waiting = tokio::spawn(async move { caller.batch_execute(&statement).await });
    eventually_true(SOON, call, async || {
        let row = owner.query_one(WAITS, &[&pid]).await;
        let waits: Option<bool> = row.expect("the session is there").get(0);
        waits.unwrap_or_default()
    })
    .await;
    let revoke = format!("select remit_v1.key_revoke(1, '{key_id}', 'a test')");
    run(&owner, &revoke).await;
    let written = owner.query_one(WRITTEN, &[]).await.expect("tables");
    run(&holder, "rollback").await;
    let refused = waiting.await.expect("no panic").expect_err(call);
    assert_eq!(code(&refused), ("WL016", None), "{call}");
    let after = owner.query_one(WRITTEN, &[]).await.expect("tables");
    assert_eq!(
        after.get::<_, String>(0),
        written.get::<_, String>(0),
        "{call}"
    );
}

#[tokio::test]
async fn a_key_that_is_revoked_while_its_call_waits_writes_nothing() {
    let database = Database::create().await;
    let owner = database.connect().await;
    let user = id(&owner, USER).await;
    let (victim, _) = key(&owner, "reader").await;
    let keys_made = "lock table remit.key_moments in share mode";
    refused_after_its_wait(&database, "admin", keys_made,
        "select remit_v1.key_create(1, ('k', 'reader', null, null)::remit_v1.key_request, 'a test', $key)").await;
    refused_after_its_wait(
        &database,
        "admin",
        keys_made,
        "select remit_v1.ledger_create(1, 'another', 'a test', $key)",
    )
    .await;
    refused_after_its_wait(
        &database,
        "admin",
        &format!("select from remit.keys where id = '{victim}' for update"),
        &format!("select remit_v1.key_revoke(1, '{victim}', 'a test', $key)"),
    )
    .await;
    let user_made = |id: &str, key: &str| {
        format!(
            "select remit_v1.user_create(1, ({id}, 'Ada', null, null, null)::remit_v1.user_request, {key})"
        )
    };
    // The one that it waits for is not there in the end.
    let same = format!("'{}'", Uuid::new_v4());
    let (hold, call) = (user_made(&same, "null"), user_made(&same, "$key"));
    refused_after_its_wait(&database, "service", &hold, &call).await;
    // A new wallet, and one that is there: its creation is answered again.
    let there = Uuid::new_v4();
    let wallet = |id: &str, key: &str| {
        format!(
            "select remit_v1.wallet_create(1, ({id}, '{user}', 'USD', 0, 0, null, null, null)::remit_v1.wallet_request, {key})"
        )
    };
    run(&owner, &wallet(&format!("'{there}'"), "null")).await;
    for id in ["null", &format!("'{there}'")] {
        let user_held = format!("select from remit.users where id = '{user}' for no key update");
        refused_after_its_wait(&database, "service", &user_held, &wallet(id, "$key")).await;
    }
}

#[tokio::test]
async fn a_request_that_is_too_large_is_refused_before_it_waits() {
    let database = Database::create().await;
    let (owner, caller) = (database.connect().await, database.connect().await);
    let user = id(&owner, USER).await;
    let wallet = format!(
        "select (remit_v1.wallet_create(1, (null, '{user}', 'USD', 9, 0, null, null, null)::remit_v1.wallet_request)).id"
    );
    let (source, target) = (id(&owner, &wallet).await, id(&owner, &wallet).await);
    run(&owner, "begin; select from remit.wallets for update").await;
    run(&caller, "set lock_timeout = '1s'").await;
    let post = |reference: &str| {
        format!(
            "select remit_v1.transfer_create(1, (gen_random_uuid(), '{source}', '{target}', 1, null, {reference}, null, null)
                 ::remit_v1.transfer_request)"
        )
    };
    let refused = caller.batch_execute(&post(LARGE)).await;
    let refused = refused.expect_err("it is too large");
    assert_eq!(code(&refused), ("WL001", Some("request")));
    let waited = caller.batch_execute(&post("'rent'")).await;
    assert_eq!(code(&waited.expect_err("both are locked")).0, "55P03");
}
