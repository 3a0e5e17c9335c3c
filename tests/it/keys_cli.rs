//! `remit keys`: what it prints, and what its keys are good for.

use std::process::{Command, Output};

use serde_json::Value;
use testbed::postgres::ADMIN_KEY;
use uuid::Uuid;

use crate::stack::Stack;

fn keys(url: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_remit"))
        .arg("keys")
        .args(arguments)
        .env_clear()
        .env("DATABASE_URL", url)
        .output()
        .expect("the program was built")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// What it prints when it succeeds.
fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout)
}

#[tokio::test]
async fn an_operator_makes_lists_and_revokes_keys() {
    let stack = Stack::start().await;
    let url = stack.database.owner_url();
    let made = [
        "create",
        "--name",
        "a till",
        "--scope",
        "service",
        "--reason",
        "a new till",
        "--expires-at",
        "2100-01-01T00:00:00Z",
    ];
    let created = keys(&url, &made);
    let (key, said) = (printed(&created), text(&created.stderr));
    let key = key.strip_suffix('\n').expect("a line");
    assert!(
        key.starts_with("remit_1_") && !key.contains('\n'),
        "the key, nothing else"
    );
    assert!(
        said.contains("shown this once") && !said.contains(key),
        "{said}"
    );
    let http = stack.http.with_key(key);
    assert_eq!(http.get("/ledgers/1").await.status, 200);
    assert_eq!(http.get("/keys").await.status, 403);

    let listed = printed(&keys(&url, &["list"]));
    let secret = key.rsplit('_').next().expect("a key has parts");
    assert!(!listed.contains(secret) && !listed.contains(ADMIN_KEY));
    let lines: Vec<Value> = listed
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    assert_eq!(lines.len(), 2, "{listed}");
    assert_eq!(
        (&lines[1]["name"], &lines[1]["scope"]),
        (&"a till".into(), &"service".into())
    );
    assert_eq!(
        Value::Array(lines.clone()),
        stack.http.get("/keys").await.json()["keys"]
    );

    let id = lines[1]["id"].as_str().expect("an id");
    assert!(said.contains(id), "{said}");
    let revoked = keys(&url, &["revoke", id, "--reason", "the till is gone"]);
    assert_eq!(printed(&revoked), "");
    // A server that has not heard of it yet asks PostgreSQL for every change.
    let refused = http
        .post("/users", &serde_json::json!({"name": "Ann"}))
        .await;
    assert_eq!(refused.status, 401);
    let owner = stack.owner().await;
    let query = "select array_agg(a.action || ' ' || a.reason || ' ' || a.application_name order by a.id) from remit.audit a";
    let row = owner.query_one(query, &[]).await.expect("the owner may");
    let expected = [
        "key_create a new till remit keys",
        "key_revoke the till is gone remit keys",
    ];
    assert_eq!(row.get::<_, Vec<String>>(0), expected);
}

#[tokio::test]
async fn what_is_refused_is_said_and_prints_no_key() {
    let stack = Stack::start().await;
    let (owner, server) = (
        stack.database.owner_url(),
        stack.database.url("remit_server"),
    );
    let absent = Uuid::new_v4().to_string();
    let unknown = format!("no key {absent} in ledger 1; `remit keys list`");
    let create = ["create", "--name", "n", "--reason", "r", "--scope"];
    let with = |more: &[&'static str]| [&create[..], more].concat();
    for (url, arguments, said) in [
        (&server, with(&["admin"]), "operator"),
        (&server, vec!["list"], "operator"),
        (&owner, with(&["root"]), "--scope"),
        (&owner, with(&["user"]), "--user <UUID>"),
        (
            &owner,
            with(&["user", "--user", "018f4e9c-7d3b-4c55-9a7e-2f1d3c4b5a69"]),
            "no user 018f4e9c-7d3b-4c55-9a7e-2f1d3c4b5a69 in ledger 1; name one",
        ),
        (
            &owner,
            vec!["list", "--ledger", "99"],
            "there is no ledger 99; name one",
        ),
        (&owner, with(&["admin", "--ledger", "77"]), "no ledger 77; "),
        (
            &owner,
            with(&["admin", "--expires-at", "2020-01-01T00:00:00Z"]),
            "--expires-at",
        ),
        (
            &owner,
            vec!["create", "--name", "n", "--scope", "admin"],
            "--reason",
        ),
        (&owner, vec!["revoke", &absent, "--reason", "r"], &unknown),
        (&owner, vec!["revoke", ADMIN_KEY, "--reason", "r"], "UUID"),
        (&owner, vec![], "create, list or revoke"),
    ] {
        let output = keys(url, &arguments);
        // What clap refuses is a usage error.
        let is_usage = text(&output.stderr).contains("--help");
        let code = if is_usage { 2 } else { 1 };
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {output:?}"
        );
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let error = text(&output.stderr);
        assert!(error.contains(said), "{arguments:?}: {error}");
        assert!(!error.contains(ADMIN_KEY), "{error}");
    }
    assert_eq!(stack.count("keys").await, 1);
    let help = printed(&keys("", &["--help"]));
    for word in ["create", "list", "revoke", "--reason", "DATABASE_URL"] {
        assert!(help.contains(word), "{word}");
    }
}
