//! A database with what book.sql adds, and a ledger for each case.

use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::{Value, json};
use testbed::postgres::Database;
use time::Duration;
use tokio_postgres::Client;

use crate::answer::Answer;
use crate::call::Call;
use crate::cast::{KEYS, Key, USERS, user};

/// A new database in which books can be opened.
pub async fn database() -> Database {
    let database = Database::create().await;
    let owner = database.connect().await;
    let helpers = owner.batch_execute(include_str!("book.sql")).await;
    helpers.expect("the owner may make functions");
    let foreign =
        json!([{"id": Key::Foreign.id(), "scope": "admin", "sha256": Key::Foreign.sha256()}]);
    let opened = owner.execute(OPEN, &[&1_i64, &json!([]), &foreign]).await;
    opened.expect("the ledger is there");
    database
}

const OPEN: &str = "select public.book_open($1, $2, $3)";

/// Makes a ledger of its own, with the cast's users and keys.
pub async fn open(owner: &Client) -> i64 {
    static LEDGERS: AtomicI64 = AtomicI64::new(1_000);
    let ledger = LEDGERS.fetch_add(1, Ordering::Relaxed);
    let users: Vec<_> = (0..USERS).map(user).collect();
    let keys = KEYS.iter().filter(|key| key.has_row()).map(|key| {
        let (scope, user) = key.scope().unzip();
        json!({"id": key.id(), "scope": scope, "user_id": user.flatten(), "sha256": key.sha256()})
    });
    let keys = keys.collect::<Vec<_>>();
    let opened = owner
        .execute(OPEN, &[&ledger, &json!(users), &json!(keys)])
        .await;
    opened.expect("the ledger is new");
    ledger
}

/// Makes one call.
pub async fn attempt(session: &Client, ledger: i64, call: &Call) -> Answer {
    let (role, statement, arguments) = (call.role(), call.statement(), call.arguments(ledger));
    let query = "select public.attempt($1, $2, $3)";
    let row = session
        .query_one(query, &[&role, &statement, &arguments])
        .await;
    Answer::of(&row.expect("the attempt catches errors").get(0))
}

/// Makes calls one after the other, in one journey.
pub async fn attempts(session: &Client, ledger: i64, calls: &[Call]) -> Vec<Answer> {
    let calls = calls.iter().map(|call| {
        json!({"role": call.role(), "statement": call.statement(), "arguments": call.arguments(ledger)})
    });
    let calls = Value::Array(calls.collect());
    let row = session
        .query_one("select public.attempts($1)", &[&calls])
        .await;
    let answers: Value = row.expect("the attempts catch errors").get(0);
    let answers = answers.as_array().expect("an answer for each").iter();
    answers.map(Answer::of).collect()
}

/// Lets time go by until the first hold that ends has so many milliseconds left; gives how long
/// that was.
pub async fn near(session: &Client, ledger: i64, milliseconds: i32) -> Duration {
    let query = "select public.book_near($1, $2)";
    let row = session.query_one(query, &[&ledger, &milliseconds]).await;
    Duration::microseconds(row.expect("the owner may").get(0))
}

/// What the ledger's tables hold, and what is wrong with them.
pub async fn state(session: &Client, ledger: i64) -> Value {
    let row = session
        .query_one("select public.book_state($1)", &[&ledger])
        .await;
    row.expect("the owner may read").get(0)
}
