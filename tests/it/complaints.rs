//! What a command says when it fails: one line, with the cause and what to do.

use std::fs;
use std::process::{Command, Output, Stdio};

use testbed::poll::{SOON, eventually_true};
use testbed::port::free_port;
use testbed::postgres::Database;
use testbed::program::{WEBHOOK_SECRET, new_log};

use crate::sessions::complaints;

/// In a ledger that is not there.
const KEY_CREATE: [&str; 10] = [
    "keys", "create", "--name", "n", "--scope", "admin", "--reason", "r", "--ledger", "77",
];

pub fn remit(arguments: &[&str], url: &str) -> Command {
    let mut remit = Command::new(env!("CARGO_BIN_EXE_remit"));
    remit
        .args(arguments)
        .env_clear()
        .env("DATABASE_URL", url)
        .env("REDIS_URL", "redis://127.0.0.1:1/0")
        .env("REMIT_WEBHOOK_SECRET", WEBHOOK_SECRET)
        .env("REMIT_LOG", "error")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    remit
}

/// Asserts that it failed with one line that has the cause and, after it, what to do.
pub fn check(what: &str, output: &Output, cause: &str, advice: &str) {
    assert_eq!(output.status.code(), Some(1), "{what}: {output:?}");
    assert!(output.stdout.is_empty(), "{what}: {output:?}");
    let text = complaints(output);
    let line = text.strip_suffix('\n').expect("it ends its line");
    assert!(!line.contains('\n'), "{what}: {text}");
    let (said, todo) = line.rsplit_once("; ").unwrap_or_else(|| panic!("{text}"));
    let is_whole = said.starts_with("remit: ") && said.contains(cause) && todo.contains(advice);
    assert!(is_whole, "{what}, {cause}, {advice}: {text}");
}

fn run(arguments: &[&str], url: &str) -> Output {
    let output = remit(arguments, url).output();
    output.expect("the program was built")
}

#[tokio::test]
async fn what_stops_a_migration_is_said() {
    let fresh = Database::create_empty().await;
    // A login that is no owner.
    let output = run(&["migrate"], &fresh.url("remit_server"));
    check("no owner", &output, "(SQLSTATE 42501)", "DATABASE_URL");
    // Something else's schema.
    let owner = fresh.connect().await;
    let made = owner.batch_execute("create schema remit").await;
    made.expect("the owner may");
    let output = run(&["migrate"], &fresh.owner_url());
    check(
        "taken",
        &output,
        "schema \"remit\" already exists",
        "nothing but Remit",
    );

    // The history of another version.
    let other = Database::create().await;
    let owner = other.connect().await;
    for (statement, cause) in [
        (
            "update refinery_schema_history set checksum = '1' where version = 1",
            "is different than",
        ),
        (
            "insert into refinery_schema_history values (999, 'later', '2026-01-01T00:00:00Z', '1')",
            "V999__later",
        ),
    ] {
        let undo = "create table if not exists kept as table refinery_schema_history;
                    truncate refinery_schema_history;
                    insert into refinery_schema_history table kept;";
        let done = owner.batch_execute(&format!("{undo} {statement}")).await;
        done.expect("the owner may");
        let output = run(&["migrate"], &other.owner_url());
        check(cause, &output, cause, "another version");
    }
}

#[tokio::test]
async fn a_migration_that_is_ended_while_it_waits_says_so() {
    let database = Database::create().await;
    let owner = database.connect().await;
    let lock = "begin; lock table public.refinery_schema_history";
    let holder = database.connect().await;
    holder.batch_execute(lock).await.expect("nobody has it");
    let waiting = remit(&["migrate"], &database.owner_url()).spawn();
    let waiting = waiting.expect("the program was built");
    eventually_true(SOON, "its session is there", async || {
        let end = "select pg_terminate_backend(pid) from pg_stat_activity
                    where datname = current_database() and application_name = 'remit migrate'
                      and wait_event_type = 'Lock'";
        let ended = owner.query(end, &[]).await;
        !ended.expect("the owner may").is_empty()
    })
    .await;
    let output = waiting.wait_with_output().expect("it ends");
    check("ended", &output, "(SQLSTATE 57P01)", "try again");
}

#[tokio::test]
async fn what_keeps_a_command_from_its_database_is_said() {
    let database = Database::create_empty().await;
    let url = database.owner_url();
    let place = format!("@127.0.0.1:{}/", database.port());
    let nowhere = url.replace(&place, &format!("@127.0.0.1:{}/", free_port()));
    let no_such = url.replace(&database.name, "no_such_database");
    let wrong = database.url("remit_server").replace(":test@", ":wrong@");
    for arguments in [&["migrate"][..], &["serve"], &["verify"], &["keys", "list"]] {
        let what = format!("{arguments:?}");
        let output = run(arguments, &nowhere);
        check(&what, &output, "Connection refused", "PostgreSQL");
        let output = run(arguments, &no_such);
        check(&what, &output, "(SQLSTATE 3D000)", "");
        let output = run(arguments, &wrong);
        check(&what, &output, "(SQLSTATE 28P01)", "");
    }
    // Never migrated.
    let server = database.url("remit_server");
    for (arguments, url) in [(["serve"], server), (["verify"], url)] {
        let output = run(&arguments, &url);
        check("not migrated", &output, "does not exist", "`remit migrate`");
    }
}

#[tokio::test]
async fn every_other_failure_of_a_command_has_its_advice() {
    let database = Database::create().await;
    let url = database.owner_url();
    let file = new_log("heads");
    fs::write(&file, "{}\n").expect("a file");
    let file = file.display().to_string();
    for (arguments, cause, advice) in [
        (&["verify", "--head", &file][..], "line 1", "--export"),
        (
            &["verify", "--head", "/nothing/there"],
            "No such file",
            "--export",
        ),
        (&["health"], "Connection refused", "REMIT_LISTEN"),
        (&KEY_CREATE, "no ledger 77", "--ledger"),
        (
            &["verify", "--ledger", "99"],
            "ledger not found",
            "name a ledger that is there with --ledger",
        ),
    ] {
        let mut command = remit(arguments, &url);
        command.env("REMIT_LISTEN", format!("127.0.0.1:{}", free_port()));
        let output = command.output().expect("the program was built");
        check(&format!("{arguments:?}"), &output, cause, advice);
    }
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    let mut command = remit(&["verify"], &url);
    command.stdout(full.expect("Linux has it"));
    let output = command.output().expect("the program was built");
    check("full", &output, "No space left on device", "make room");
    let output = run(&["migrate"], "");
    check("no URL", &output, "DATABASE_URL is not set", "--help");
}
