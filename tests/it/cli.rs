//! The command line of `remit`: what it says, and with which exit status it ends.

use std::net::TcpListener;
use std::process::{Command, Output};

use clap::CommandFactory;
use remit::cli::Arguments;
use testbed::options;
use testbed::port::free_port;
use testbed::postgres::Database;
use testbed::program::WEBHOOK_SECRET;

const PROGRAM: &str = env!("CARGO_BIN_EXE_remit");
const SECRET: &str = "planted-secret-7";

fn remit(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(PROGRAM)
        .args(arguments)
        .env_clear()
        .env("REMIT_WEBHOOK_SECRET", WEBHOOK_SECRET)
        .envs(variables.iter().copied())
        .output()
        .expect("the program was built")
}

/// What it wrote to standard error, after it failed as it should, and without secrets.
fn failure(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stderr.clone()).expect("text");
    assert!(!text.contains(SECRET), "{text}");
    text
}

#[test]
fn help_names_every_command_and_variable() {
    for argument in ["--help", "-h", "help"] {
        let output = remit(&[argument], &[]);
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).expect("text");
        for word in [
            "serve",
            "migrate",
            "verify",
            "health",
            "DATABASE_URL",
            "REDIS_URL",
            "REMIT_LISTEN",
        ] {
            assert!(text.contains(word), "{word} in {text}");
        }
    }
}

#[test]
fn every_command_has_help_with_variables_and_an_example() {
    for command in ["serve", "migrate", "verify", "prune", "health", "keys"] {
        let output = remit(&[command, "--help"], &[]);
        assert_eq!(output.status.code(), Some(0), "{command}");
        let text = String::from_utf8(output.stdout).expect("text");
        for word in ["Usage: remit", command, "DATABASE_URL", "Example:"] {
            assert!(text.contains(word), "{word} in {text}");
        }
    }
}

#[test]
fn numbers_have_one_spelling() {
    let found = options::numbers(&Arguments::command());
    assert_eq!(
        found,
        [
            "remit keys --ledger",
            "remit verify --ledger",
            "remit prune --ledger"
        ]
    );
}

#[test]
fn version_is_the_package_s_with_its_commit() {
    for argument in ["--version", "-V"] {
        let output = remit(&[argument], &[]);
        assert_eq!(output.status.code(), Some(0));
        let said = String::from_utf8(output.stdout).expect("text");
        let version = said.strip_prefix(concat!("remit ", env!("CARGO_PKG_VERSION"), " ("));
        let commit = version.and_then(|rest| rest.strip_suffix(")\n"));
        let commit = commit.unwrap_or_else(|| panic!("{said}"));
        // Built from an archive, it has none.
        let head = Command::new("git").args(["rev-parse", "HEAD"]).output();
        if let Ok(head) = head
            && head.status.success()
        {
            let head = String::from_utf8(head.stdout).expect("text");
            let built = commit.trim_end_matches("-dirty");
            assert!(
                built.len() >= 12 && head.starts_with(built),
                "{commit}: {head}"
            );
        }
    }
}

#[test]
fn an_unknown_command_is_a_usage_error() {
    for (arguments, named) in [
        (&[][..], ""),
        (&["server"], "'server'"),
        (&["serve", "now"], "'now'"),
        (&["--port", "1"], "'--port'"),
        (&["migrate", "--now"], "'--now'"),
        (&["keys"], ""),
        (&["keys", "delete"], "'delete'"),
        (&["keys", "list", "all"], "'all'"),
        (&["keys", "list", "--limit", "5"], "'--limit'"),
        (&["verify", "--heads=x"], "'--heads'"),
        (&["health", SECRET], "…"),
    ] {
        let text = failure(&remit(arguments, &[]), 2);
        assert!(
            text.contains("Usage") && text.contains(named),
            "{arguments:?}: {text}"
        );
    }
}

#[test]
fn all_that_is_wrong_with_the_environment_is_said_at_once_before_a_port_is_bound() {
    // Were the port bound first, the failure would be another one.
    let taken = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    let listen = taken.local_addr().expect("it is bound").to_string();
    let wrong = format!("mysql://user:{SECRET}@host/x");
    let variables = [
        ("DATABASE_URL", wrong.as_str()),
        ("REDIS_URL", &wrong),
        ("AMQP_URL", &wrong),
        ("REMIT_LOG", SECRET),
        ("REMIT_LISTEN", &listen),
    ];
    let text = failure(&remit(&["serve"], &variables), 1);
    for name in ["DATABASE_URL", "REDIS_URL", "AMQP_URL", "REMIT_LOG"] {
        assert!(text.contains(name), "{name} in {text}");
    }

    let text = failure(&remit(&["serve"], &[("REMIT_LISTEN", SECRET)]), 1);
    for name in ["DATABASE_URL", "REDIS_URL", "REMIT_LISTEN"] {
        assert!(text.contains(name), "{name} in {text}");
    }
    assert!(!text.contains("AMQP_URL"), "it is optional: {text}");

    let text = failure(&remit(&["migrate"], &[("REMIT_LOG", SECRET)]), 1);
    for name in ["DATABASE_URL", "REMIT_LOG"] {
        assert!(text.contains(name), "{name} in {text}");
    }
    let text = failure(&remit(&["health"], &[("REMIT_LISTEN", SECRET)]), 1);
    assert!(text.contains("REMIT_LISTEN"), "{text}");
}

#[test]
fn check_reads_the_settings_and_does_nothing_else() {
    let (postgres, redis) = ("postgresql://h/d", "redis://127.0.0.1:1/0");
    let mut variables = vec![("DATABASE_URL", postgres), ("REDIS_URL", redis)];
    let output = remit(&["serve", "--check"], &variables);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(
        output.stdout.is_empty() && output.stderr.is_empty(),
        "{output:?}"
    );
    variables.push(("REMIT_LOG", "loud"));
    let text = failure(&remit(&["serve", "--check"], &variables), 1);
    assert!(text.contains("REMIT_LOG"), "{text}");
}

#[test]
fn an_empty_variable_is_an_absent_one() {
    let text = failure(
        &remit(&["serve"], &[("DATABASE_URL", ""), ("REDIS_URL", "")]),
        1,
    );
    assert!(text.contains("DATABASE_URL is not set"), "{text}");
    assert!(text.contains("REDIS_URL is not set"), "{text}");
}

#[tokio::test]
async fn a_refused_login_repeats_no_password() {
    let database = Database::create().await;
    let url = format!(
        "postgresql://remit_server:{SECRET}@127.0.0.1:{}/{}",
        database.port(),
        database.name
    );
    let variables = [
        ("DATABASE_URL", url.as_str()),
        ("REDIS_URL", "redis://127.0.0.1:1/0"),
    ];
    let text = failure(&remit(&["serve"], &variables), 1);
    assert!(text.contains("PostgreSQL"), "{text}");
    let text = failure(&remit(&["migrate"], &variables[..1]), 1);
    assert!(text.contains("PostgreSQL"), "{text}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let database = Database::create().await;
    let taken = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    let listen = taken.local_addr().expect("it is bound").to_string();
    let output = remit(
        &["serve"],
        &[
            ("DATABASE_URL", &database.url("remit_server")),
            ("REDIS_URL", "redis://127.0.0.1:1/0"),
            ("REMIT_LISTEN", &listen),
            ("REMIT_LOG", "error"),
        ],
    );
    assert!(failure(&output, 1).contains(&listen), "{output:?}");
}

#[test]
fn a_database_that_is_away_ends_the_start() {
    let url = format!(
        "postgresql://remit_server:{SECRET}@127.0.0.1:{}/remit",
        free_port()
    );
    let variables = [
        ("DATABASE_URL", url.as_str()),
        ("REDIS_URL", "redis://127.0.0.1:1/0"),
    ];
    for command in ["serve", "migrate"] {
        let text = failure(&remit(&[command], &variables), 1);
        assert!(text.contains("PostgreSQL"), "{command}: {text}");
    }
}
