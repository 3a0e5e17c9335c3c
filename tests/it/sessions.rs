//! What a database and its sessions must be: said in a sentence when a command starts, and pinned
//! where a role, a database or a server could choose otherwise.

use std::process::{Command, Output};

use deadpool_postgres::Client;
use remit::base::tls::Trust;
use remit::sql::pools;
use serde_json::json;
use testbed::cluster::{Cluster, End};
use testbed::folder::{Folder, owned_folder};
use testbed::pooler::{IGNORED, Pooler};
use testbed::port::free_port;
use testbed::postgres::Database;
use testbed::program::WEBHOOK_SECRET;

use crate::stack::Stack;

/// What each session of the server must have, whatever others chose.
const PINNED: [(&str, &str, &str); 4] = [
    ("synchronous_commit", "off", "on"),
    (
        "default_transaction_isolation",
        "serializable",
        "read committed",
    ),
    ("default_transaction_read_only", "on", "off"),
    ("timezone", "Asia/Tokyo", "UTC"),
];

fn remit(arguments: &[&str], url: &str) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_remit"))
        .args(arguments)
        .env_clear()
        .env("DATABASE_URL", url)
        .env("REDIS_URL", "redis://127.0.0.1:1/0")
        .env("REMIT_WEBHOOK_SECRET", WEBHOOK_SECRET)
        .env("REMIT_LISTEN", format!("127.0.0.1:{}", free_port()))
        .env("REMIT_LOG", "error")
        .output();
    output.expect("the program was built")
}

/// What a command wrote to standard error, but for what is so on purpose: the tests' own server
/// does not wait for the disk.
pub fn complaints(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let on_purpose =
        ["fsync", "full_page_writes"].map(|name| format!("remit: warning: {name} is off"));
    let lines = text.lines();
    let lines = lines.filter(|line| !on_purpose.iter().any(|start| line.starts_with(start)));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Asserts that a command refuses to start and says why on one line.
fn check_refused(arguments: &[&str], url: &str, cause: &str) {
    let output = remit(arguments, url);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains(cause) && said.contains("; "),
        "{arguments:?}: {said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

/// A connection of a pool of the server.
async fn pooled(url: &str) -> Result<Client, String> {
    let config = pools::config(url, "test", &Trust::default()).expect("a URL");
    let client = pools::first(&pools::pool(&config, 1, pools::LOCK_TIMEOUT_MS), &config).await;
    client.map_err(|complaint| complaint.lines().join("\n"))
}

/// Gives a role other defaults in a database.
async fn unpin(database: &Database, role: &str) {
    let owner = database.connect().await;
    for (name, other, _) in PINNED {
        let change = format!(
            "alter role {role} in database {} set {name} = '{other}'",
            database.name
        );
        owner.batch_execute(&change).await.expect("the owner may");
    }
}

#[tokio::test]
async fn a_role_s_defaults_change_no_session_of_the_server() {
    let stack = Stack::start_without_redis().await;
    unpin(&stack.database, "remit_server").await;
    let client = pooled(&stack.database.url("remit_server")).await;
    let client = client.expect("its sessions are the server's own");
    for (name, _, value) in PINNED {
        let row = client.query_one(&format!("show {name}"), &[]).await;
        assert_eq!(row.expect("it is shown").get::<_, &str>(0), value, "{name}");
    }
    // Read only, a server could write nothing; and serializable, creations refuse each other.
    let server = stack.second_server().await;
    let user = server.http.user().await;
    let body = json!({"user_id": user, "currency": "USD", "initial_balance": 5});
    let mut creations = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let (http, body) = (server.http.clone(), body.clone());
        creations.spawn(async move { http.post("/wallets", &body).await.status });
    }
    while let Some(status) = creations.join_next().await {
        assert_eq!(status.expect("no panic"), 201);
    }
}

#[tokio::test]
async fn a_migration_runs_whatever_the_owner_s_defaults_are() {
    let database = Database::create_empty().await;
    let owner = database.connect().await;
    for (name, other, _) in PINNED {
        let change = format!("alter database {} set {name} = '{other}'", database.name);
        owner.batch_execute(&change).await.expect("the owner may");
    }
    let output = remit(&["migrate"], &database.owner_url());
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn a_session_whose_triggers_are_off_is_refused() {
    let database = Database::create().await;
    let name = &database.name;
    let set = format!(
        "alter role remit_server in database {name} set session_replication_role = replica"
    );
    let owner = database.connect().await;
    owner.batch_execute(&set).await.expect("a superuser may");
    let url = database.url("remit_server");
    check_refused(&["serve"], &url, "session_replication_role = replica");
}

#[tokio::test]
async fn a_database_without_utf8_is_refused() {
    let empty = Database::create_empty().await;
    let owner = empty.connect().await;
    let name = format!("{}_ascii", empty.name);
    let create =
        format!("create database {name} template template0 encoding 'SQL_ASCII' locale 'C'");
    owner.batch_execute(&create).await.expect("the owner may");
    for (command, url) in [
        ("migrate", empty.owner_url()),
        ("serve", empty.url("remit_server")),
    ] {
        let url = url.replace(&empty.name, &name);
        check_refused(&[command], &url, "SQL_ASCII");
    }
    let drop = format!("drop database {name} with (force)");
    owner.batch_execute(&drop).await.expect("the owner may");
}

#[tokio::test]
async fn a_standby_is_refused() {
    let mut cluster = Cluster::start().await;
    cluster.create_database("book").await;
    cluster.migrate("book").await;
    cluster.stop(End::Fast).await;
    let signal = cluster.folder.join("data/standby.signal");
    Folder::of_tests().write(&signal, b"").expect("a file");
    cluster.resume().await;
    for (command, role) in [("migrate", "remit"), ("serve", "remit_server")] {
        check_refused(&[command], &cluster.url(role, "book"), "is a standby");
    }
}

#[tokio::test]
async fn a_server_that_may_lose_what_it_confirmed_is_warned_of() {
    let cluster = Cluster::start_with(
        owned_folder("cluster"),
        [
            "fsync=off",
            "full_page_writes=off",
            "synchronous_commit=off",
        ]
        .map(str::to_owned)
        .into(),
    );
    let cluster = cluster.await;
    cluster.create_database("book").await;
    let url = cluster.url("remit", "book");
    for (command, names) in [
        ("migrate", &["fsync", "full_page_writes"][..]),
        (
            "verify",
            &["fsync", "full_page_writes", "synchronous_commit"],
        ),
    ] {
        let output = remit(&[command], &url);
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.lines().count(), names.len(), "{said}");
        for name in names {
            assert!(
                said.contains(&format!("remit: warning: {name} is off")),
                "{said}"
            );
        }
    }
}

#[tokio::test]
async fn a_pooler_that_lends_sessions_or_drops_settings_is_refused() {
    let database = Database::create().await;
    let (owner, server) = (database.owner_url(), database.url("remit_server"));
    // It refuses settings, or drops them and lends its sessions.
    for ignored in ["", IGNORED] {
        let pooler = Pooler::start(&database, "transaction", ignored).await;
        for (command, url) in [("migrate", &owner), ("serve", &server)] {
            check_refused(
                &[command],
                &pooler.url(&database, url),
                "not through a pooler",
            );
        }
    }
    // Each session is the server's own, and what it drops the role has by itself.
    let pooler = Pooler::start(&database, "session", IGNORED).await;
    let url = pooler.url(&database, &server);
    assert!(pooled(&url).await.is_ok());
    unpin(&database, "remit_server").await;
    // It keeps sessions that were opened before.
    let pooler = Pooler::start(&database, "session", IGNORED).await;
    let url = pooler.url(&database, &server);
    let Err(said) = pooled(&url).await else {
        panic!("its settings are the role's");
    };
    assert!(said.contains("synchronous_commit = off"), "{said}");
}
