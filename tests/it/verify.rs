//! `remit verify`: what it finds after a superuser has switched the triggers off.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use testbed::place::setting;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::sessions::complaints;
use crate::stack::Stack;

const APPEND: &str = "select count(*) from remit_worker_v1.outbox_append(1000)";
/// What a superuser needs to undo the journal's protection.
const UNPROTECT: &str = "alter table remit.transfers disable trigger all;
                         alter table remit.log_blocks disable trigger all;";
/// With which a superuser hides that it was undone.
const PROTECT: &str = "
    do $$
    declare
        name text;
    begin
        foreach name in array array['transfers', 'log_blocks'] loop
            execute format('alter table remit.%1$I enable always trigger journal_refuses_update_and_delete, '
                           'enable always trigger journal_refuses_truncate', name);
        end loop;
    end;
    $$;";

/// Runs the command with this URL.
fn verify_at(url: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_remit"))
        .arg("verify")
        .args(arguments)
        .env_clear()
        .env("DATABASE_URL", url)
        .output()
        .expect("the program was built")
}

/// Runs the command as a role.
fn verify_as(role: &str, stack: &Stack, arguments: &[&str]) -> Output {
    let url = format!("{}?options=-c%20role%3D{role}", stack.database.owner_url());
    verify_at(&url, arguments)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// What it says when all is right.
fn right(stack: &Stack, arguments: &[&str]) -> String {
    let output = verify_as("remit_operator", stack, arguments);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(complaints(&output), "", "{output:?}");
    text(&output.stdout)
}

/// The rules and subjects that it finds broken.
fn broken(stack: &Stack, arguments: &[&str]) -> Vec<(String, String)> {
    let output = verify_as("remit_operator", stack, arguments);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let lines = text(&output.stdout);
    lines.lines().map(violation).collect()
}

fn violation(line: &str) -> (String, String) {
    let line: Value = serde_json::from_str(line).expect("a line of JSON");
    assert!(line["detail"].is_object() && line["ledger_id"].is_i64());
    let word = |name: &str| line[name].as_str().expect("text").to_owned();
    (word("rule"), word("subject"))
}

fn failed(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    complaints(output)
}

async fn run(owner: &Client, statement: &str) {
    let done = owner.batch_execute(statement).await;
    done.expect("the owner may do anything");
}

/// A server with a transfer that is in the log, and a session of its owner.
async fn logged() -> (Stack, Client, Uuid) {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let posted = stack.http.transfer(source, target, 30).await;
    let id = posted.json()["id"].as_str().expect("an id").parse();
    let owner = stack.owner().await;
    owner.execute(APPEND, &[]).await.expect("events wait");
    (stack, owner, id.expect("a UUID"))
}

fn file(content: &str) -> PathBuf {
    let name = format!("heads-{}", Uuid::new_v4().simple());
    let path = PathBuf::from(setting("REMIT_TEST_DIR")).join(name);
    std::fs::write(&path, content).expect("the folder is there");
    path
}

#[tokio::test]
async fn books_that_are_right_are_said_to_be_so_by_every_role_that_may_look() {
    let (stack, _owner, _) = logged().await;
    let said = right(&stack, &[]);
    assert!(
        said.starts_with("The books of every ledger are right: ")
            && said.contains(" events in the log, head "),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1);
    assert!(right(&stack, &["--ledger", "1"]).starts_with("The books of ledger 1 are right: "));
    let auditor = verify_as("remit_auditor", &stack, &[]);
    assert_eq!(text(&auditor.stdout), said);
    let owner = verify_at(&stack.database.owner_url(), &[]);
    assert_eq!(text(&owner.stdout), said);
    let server = verify_at(&stack.database.url("remit_server"), &[]);
    assert!(failed(&server, 1).contains("42501"));
}

#[tokio::test]
async fn a_row_that_a_superuser_changed_is_named() {
    let (stack, owner, id) = logged().await;
    // The balances are changed as well, so that only the log can tell.
    let damage = format!(
        "{UNPROTECT} update remit.transfers set metadata = '{{\"k\": \"v\"}}' where id = '{id}'; {PROTECT}"
    );
    run(&owner, &damage).await;
    let violation = (
        "transfer_matches_the_log".to_owned(),
        format!("transfer {id}"),
    );
    for arguments in [&[][..], &["--ledger", "1"]] {
        let found = broken(&stack, arguments);
        assert_eq!(found.as_slice(), std::slice::from_ref(&violation));
    }
}

#[tokio::test]
async fn a_log_that_was_made_anew_is_found_by_an_exported_head() {
    let (stack, owner, id) = logged().await;
    let exported = right(&stack, &["--export"]);
    let head: Value = serde_json::from_str(&exported).expect("one line of JSON");
    assert_eq!((&head["ledger_id"], &head["block"]), (&1.into(), &2.into()));
    assert!(head["position"].as_i64() >= Some(2));
    let path = file(&exported);
    let path = path.to_str().expect("text");
    let said = right(&stack, &["--head", path]);
    assert!(
        said.contains("the log has the heads that were exported"),
        "{said}"
    );
    assert_eq!(
        right(&stack, &["--head", path, "--ledger", "1"])
            .lines()
            .count(),
        1
    );

    let damage = format!(
        "{UNPROTECT}
         update remit.transfers set reference = 'another' where id = '{id}';
         update remit.log_blocks b
            set digests = array(select coalesce(d.digest, o.digest)
                                  from unnest(b.subject_ids, b.digests) with ordinality as o (id, digest, place)
                                  left join remit.transfer_digests d on d.ledger_id = 1 and d.id = o.id
                                 order by o.place);
         do $$
         declare
             b remit.log_blocks;
         begin
             for b in select * from remit.log_blocks order by block loop
                 update remit.log_blocks l
                    set nodes = remit.block_nodes(b.ledger_id, b.block, remit.block_leaf(b.ledger_id, b.block, b.position, b.created_at, remit.block_root(b)))
                  where l.block = b.block;
             end loop;
         end;
         $$;
         {PROTECT}"
    );
    run(&owner, &damage).await;
    // In itself the new log is right.
    right(&stack, &[]);
    let violation = ("head_is_as_exported".to_owned(), "block 2".to_owned());
    assert_eq!(broken(&stack, &["--head", path]), [violation]);
}

#[tokio::test]
async fn a_journal_that_is_not_guarded_is_named() {
    let (stack, owner, _) = logged().await;
    run(&owner, UNPROTECT).await;
    let found = ["transfers", "log_blocks"]
        .map(|table| ("journal_is_guarded".to_owned(), format!("table {table}")));
    assert_eq!(broken(&stack, &[]), found);
}

#[tokio::test]
async fn on_a_terminal_it_says_how_far_it_is() {
    let (stack, _owner, _) = logged().await;
    // script(1) gives it a terminal.
    let output = Command::new("script")
        .args(["--quiet", "--return", "--command"])
        .arg(format!("{} verify", env!("CARGO_BIN_EXE_remit")))
        .arg("/dev/null")
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("SHELL", "/bin/sh")
        .env("DATABASE_URL", stack.database.owner_url())
        .output()
        .expect("script is part of Debian");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = text(&output.stdout);
    assert!(said.contains("ledger 1: begun"), "{said}");
    assert!(
        said.contains("ledger 1: 1 slices of 200000 transfers"),
        "{said}"
    );
    assert!(said.contains("are right"), "{said}");
}

#[tokio::test]
async fn a_ledger_that_an_export_lacks_is_said() {
    let (stack, owner, _) = logged().await;
    let path = file(&right(&stack, &["--export"]));
    let path = path.to_str().expect("text");
    run(
        &owner,
        "do $$
         declare
             ledger bigint := (remit_v1.ledger_create(1, 'another', 'a test')).id;
             person uuid := (remit_v1.user_create(ledger, (null, 'Ada', null, null, null)::remit_v1.user_request)).id;
         begin
             perform remit_v1.wallet_create(
                 ledger, (null, person, 'USD', 5, 0, null, null, null)::remit_v1.wallet_request);
             perform count(*) from remit_worker_v1.outbox_append(1000);
         end;
         $$",
    )
    .await;
    let said = right(&stack, &["--head", path]);
    assert!(
        said.contains("but for ledger 2, of which it has no head"),
        "{said}"
    );
}

#[tokio::test]
async fn a_book_without_a_log_is_right_too_and_exports_nothing() {
    let stack = Stack::start().await;
    let another = "select remit_v1.ledger_create(1, 'another', 'a test')";
    run(&stack.owner().await, another).await;
    let of_it = ["--ledger", "2"];
    assert!(right(&stack, &of_it).contains("no event is in the log yet"));
    assert_eq!(right(&stack, &["--ledger", "2", "--export"]), "");
}

#[tokio::test]
async fn what_cannot_be_checked_is_said() {
    let (stack, _owner, _) = logged().await;
    let url = stack.database.owner_url();
    for arguments in [&["--ledger"][..], &["now"], &["--export", "--head", "x"]] {
        let said = failed(&verify_at(&url, arguments), 2);
        assert!(said.contains("--help"), "{said}");
    }
    assert!(failed(&verify_at(&url, &["--ledger", "77"]), 1).contains("WL009"));
    assert!(failed(&verify_at("", &[]), 1).contains("DATABASE_URL is not set"));
    let absent = failed(&verify_at(&url, &["--head", "/nowhere/heads"]), 1);
    assert!(absent.contains("/nowhere/heads"), "{absent}");
    let empty = file("\n");
    let other = file(
        right(&stack, &["--export"])
            .replace("\"ledger_id\":1", "\"ledger_id\":2")
            .as_str(),
    );
    let wrong = file("{}");
    for (path, ledger, word) in [
        (&empty, "1", "no head"),
        (&other, "1", "no head"),
        (&wrong, "1", "line 1"),
    ] {
        let path = path.to_str().expect("text");
        let said = failed(&verify_at(&url, &["--head", path, "--ledger", ledger]), 1);
        assert!(said.contains(word), "{said}");
    }
}
