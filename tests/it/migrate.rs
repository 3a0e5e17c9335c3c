//! `remit migrate`, and what `remit serve` asks of a database.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use testbed::cluster::Cluster;
use testbed::poll::SOON;
use testbed::port::free_port;
use testbed::postgres::Database;
use testbed::program::WEBHOOK_SECRET;
use tokio::time::{sleep, timeout};

const PROGRAM: &str = env!("CARGO_BIN_EXE_remit");

/// A command of the program, with these variables and no others.
pub fn remit(command: &str, variables: &[(&str, &str)]) -> Command {
    let mut remit = Command::new(PROGRAM);
    remit
        .arg(command)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    remit
}

/// Runs `remit migrate`, which must succeed.
pub async fn migrate(url: &str) -> String {
    let mut command = remit("migrate", &[("DATABASE_URL", url)]);
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output
        .await
        .expect("no panic")
        .expect("the program was built");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Runs `remit serve`, which must refuse to start, and gives its message.
pub async fn refused_start(url: String) -> String {
    let variables = [
        ("DATABASE_URL", url.as_str()),
        ("REDIS_URL", "redis://127.0.0.1:1/0"),
        ("REMIT_WEBHOOK_SECRET", WEBHOOK_SECRET),
    ];
    let mut child = remit("serve", &variables)
        .env("REMIT_LISTEN", format!("127.0.0.1:{}", free_port()))
        .spawn()
        .expect("the program was built");
    // A server that has started must not outlive the test.
    let ended = timeout(SOON, async {
        while child.try_wait().expect("the process is ours").is_none() {
            sleep(Duration::from_millis(20)).await;
        }
    });
    if ended.await.is_err() {
        child.kill().expect("the process is ours");
    }
    let Output { status, stderr, .. } = child.wait_with_output().expect("it has ended");
    assert_eq!(status.code(), Some(1));
    String::from_utf8(stderr).expect("text")
}

/// All of a database as text: tables and their rows, types, functions with their bodies, rights.
fn dump(database: &Database) -> String {
    let output = database
        .owner_program("pg_dump")
        .output()
        .expect("pg_dump is installed");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    // Newer versions add a random word that psql asks for.
    let lines = text.lines().filter(|line| !line.contains("restrict "));
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn four_at_once_migrate_fresh_databases_of_a_fresh_server() {
    let cluster = Cluster::start().await;
    for database in ["a", "b"] {
        cluster.create_database(database).await;
    }
    // The roles belong to both databases, the lock to one.
    let processes: Vec<_> = ["a", "a", "a", "a", "b", "b"]
        .into_iter()
        .map(|database| {
            let url = cluster.url("remit", database);
            let spawned = remit("migrate", &[("DATABASE_URL", &url)]).spawn();
            spawned.expect("the program was built")
        })
        .collect();
    for process in processes {
        let output = tokio::task::spawn_blocking(|| process.wait_with_output());
        let output = output.await.expect("no panic").expect("it ends");
        assert!(output.status.success(), "{output:?}");
    }
    for database in ["a", "b"] {
        let owner = cluster.connect("remit", database).await;
        let verified = owner.query("select from remit_ops_v1.verify()", &[]).await;
        assert!(verified.expect("verify answers").is_empty());
    }
}

#[tokio::test]
async fn twice_changes_nothing() {
    let database = Database::create_empty().await;
    let said = migrate(&database.owner_url()).await;
    assert!(said.contains("applied"), "{said}");
    let before = dump(&database);
    assert!(before.contains("FUNCTION remit_v1.transfers_post") && before.contains("GRANT"));
    let said = migrate(&database.owner_url()).await;
    assert!(!said.contains("applied"), "{said}");
    let after = dump(&database);
    assert!(before == after, "the second run changed the database");
}

#[tokio::test]
async fn what_is_granted_or_changed_by_hand_is_gone_after_a_migration() {
    let database = Database::create().await;
    let before = dump(&database);
    let owner = database.connect().await;
    owner
        .batch_execute(
            "grant execute on function remit_ops_v1.verify(bigint) to remit_server, public;
             grant execute on function remit_worker_v1.log_read(bigint, bigint, integer) to remit_operator;
             grant select on remit.keys to remit_server;
             grant update (balance) on remit.wallets to remit_operator with grant option;
             grant usage on schema remit to public;
             revoke usage on schema remit_v1 from remit_server;
             alter default privileges in schema remit_v1 grant execute on functions to public;
             drop function remit_v1.outbox_lag();
             revoke execute on function remit_v1.transfer_get(bigint, uuid, bytea) from remit_server;
             create or replace function remit_v1.transfer_id(idempotency_key text) returns uuid language sql as $$ select null::uuid $$;
             comment on function remit_v1.transfer_id(text) is null;",
        )
        .await
        .expect("the owner may");
    assert!(dump(&database) != before);
    migrate(&database.owner_url()).await;
    let undo =
        "alter default privileges in schema remit_v1 revoke execute on functions from public";
    owner.batch_execute(undo).await.expect("the owner may");
    assert!(dump(&database) == before, "all is as the files say");
}

#[tokio::test]
async fn a_function_s_names_are_not_those_that_somebody_has_made_in_public() {
    let database = Database::create().await;
    let before = dump(&database);
    let owner = database.connect().await;
    // Nearer to what remit.scope_permits compares than the catalog's, and bound when a function is
    // created.
    owner
        .batch_execute(
            "create function public.equal(remit_v1.key_scope, remit_v1.key_scope) returns boolean
                 language sql as 'select true';
             create operator public.= (leftarg = remit_v1.key_scope, rightarg = remit_v1.key_scope,
                                       procedure = public.equal);",
        )
        .await
        .expect("the owner may");
    migrate(&database.owner_url()).await;
    owner
        .batch_execute("drop function public.equal(remit_v1.key_scope, remit_v1.key_scope) cascade")
        .await
        .expect("the owner may");
    assert!(dump(&database) == before, "nothing hung on it");
}

#[tokio::test]
async fn passwords_are_for_login_with_scram_and_in_no_log() {
    let cluster = Cluster::start().await;
    cluster.create_database("book").await;
    let url = cluster.url("remit", "book");
    let passwords = [
        ("remit_server", "planted-server's \\ \"1\""),
        ("remit_worker", "planted-worker"),
    ];
    let variables = [
        ("DATABASE_URL", url.as_str()),
        ("REMIT_SERVER_PASSWORD", passwords[0].1),
        ("REMIT_WORKER_PASSWORD", passwords[1].1),
        ("REMIT_LOG", "debug"),
    ];
    let output = remit("migrate", &variables)
        .output()
        .expect("the program was built");
    assert!(output.status.success(), "{output:?}");
    let said = [output.stdout, output.stderr].concat();
    assert!(!String::from_utf8_lossy(&said).contains("planted"));
    assert!(!cluster.log().contains("planted"));
    assert!(
        cluster.log().contains("alter role remit_server"),
        "statements are logged"
    );

    for (role, password) in passwords {
        let login = async |password: &str| {
            let mut config: tokio_postgres::Config = url.parse().expect("a URL");
            config.user(role).password(password);
            config.connect(tokio_postgres::NoTls).await.map(|_| ())
        };
        assert!(login(password).await.is_ok(), "{role}");
        let refused = login("wrong").await.expect_err("the password is wrong");
        let state = refused.code().map(tokio_postgres::error::SqlState::code);
        assert_eq!(state, Some("28P01"));
    }
    let owner = cluster.connect("remit", "book").await;
    let query = "select count(*) from pg_authid where rolname in ('remit_server', 'remit_worker')
                   and rolpassword like 'SCRAM-SHA-256$%'";
    let row = owner.query_one(query, &[]).await.expect("the owner may");
    assert_eq!(row.get::<_, i64>(0), 2);

    // A run without passwords leaves them as they are.
    migrate(&url).await;
    let server = cluster.url_with("remit_worker", passwords[1].1, "book");
    let config: tokio_postgres::Config = server.parse().expect("a URL");
    assert!(config.connect(tokio_postgres::NoTls).await.is_ok());
}

#[tokio::test]
async fn the_server_does_not_start_on_a_database_that_was_never_migrated() {
    let database = Database::create_empty().await;
    let said = refused_start(database.url("remit_server")).await;
    assert!(said.contains("remit migrate"), "{said}");
}

#[tokio::test]
async fn the_server_does_not_start_on_types_that_differ_from_its_own() {
    let database = Database::create().await;
    let owner = database.connect().await;
    let changed = "alter type remit_v1.transfer_result add attribute more text";
    owner.batch_execute(changed).await.expect("the owner may");
    let said = refused_start(database.url("remit_server")).await;
    assert!(
        said.contains("remit migrate") && said.contains("transfers_post"),
        "{said}"
    );
}

#[tokio::test]
async fn the_server_does_not_start_as_a_role_that_may_not_call_its_functions() {
    let database = Database::create().await;
    let said = refused_start(database.url("remit_worker")).await;
    assert!(said.contains("remit_v1"), "{said}");
}
