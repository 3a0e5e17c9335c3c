//! The operators' scripts in sql/ops, in the real psql, as a role that may do no more.

use testbed::place::repository;
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

/// What a script said, and its exit status.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub text: String,
}

/// Runs a script as a role, with these parameters.
fn run_as(role: &str, stack: &Stack, script: &str, parameters: &[(&str, &str)]) -> Said {
    let assignments = parameters
        .iter()
        .flat_map(|(name, value)| ["-v".to_owned(), format!("{name}={value}")]);
    run_with(role, stack, script, &assignments.collect::<Vec<_>>())
}

/// The same with arguments of psql as they are typed.
pub fn run_with(role: &str, stack: &Stack, script: &str, arguments: &[String]) -> Said {
    let mut psql = stack.database.owner_program("psql");
    psql.env("PGOPTIONS", format!("-c role={role}"))
        .env_remove("PSQLRC");
    let output = psql
        .args(arguments)
        .arg("-f")
        .arg(repository().join("sql/ops").join(format!("{script}.sql")))
        .output()
        .expect("psql is installed");
    let text = [output.stdout, output.stderr].concat();
    Said {
        code: output.status.code().expect("it ends by itself"),
        text: String::from_utf8(text).expect("text"),
    }
}

fn run(stack: &Stack, script: &str, parameters: &[(&str, &str)]) -> Said {
    run_as("remit_operator", stack, script, parameters)
}

/// A run that must succeed.
pub fn done(stack: &Stack, script: &str, parameters: &[(&str, &str)]) -> String {
    let said = run(stack, script, parameters);
    assert_eq!(said.code, 0, "{script} {parameters:?}: {said:?}");
    said.text
}

/// A run that must be refused.
pub fn refused(stack: &Stack, script: &str, parameters: &[(&str, &str)]) -> String {
    let said = run(stack, script, parameters);
    assert_eq!(said.code, 3, "{script} {parameters:?}: {said:?}");
    said.text
}

#[tokio::test]
async fn a_wallet_is_frozen_and_unfrozen() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let wallet = source.to_string();
    let parameters = [("wallet", wallet.as_str()), ("reason", "ticket 7")];
    for (script, status) in [("freeze", 422), ("unfreeze", 201)] {
        let first = done(&stack, script, &parameters);
        let second = done(&stack, script, &parameters);
        assert!(
            first.contains(&wallet) && !first.contains("nothing was changed"),
            "{first}"
        );
        assert!(second.contains("nothing was changed"), "{second}");
        assert_eq!(stack.http.transfer(source, target, 1).await.status, status);
    }
    let unknown = Uuid::new_v4().to_string();
    for script in ["freeze", "unfreeze"] {
        let said = refused(&stack, script, &[("wallet", &unknown), ("reason", "why")]);
        assert!(said.contains("WL002"), "{said}");
    }
}

#[tokio::test]
async fn a_wallet_is_limited_and_the_audit_log_says_by_whom_and_why() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let wallet = source.to_string();
    let known = [("wallet", wallet.as_str()), ("reason", "ticket 4711")];
    assert_eq!(stack.http.transfer(source, target, 7).await.status, 201);
    let limits = [
        known[0],
        known[1],
        ("transfer_max", "9"),
        ("daily_max", "15"),
    ];
    let said = done(&stack, "limits", &limits);
    assert!(
        said.contains("one transfer 9") && said.contains("7 has left"),
        "{said}"
    );
    let mut statuses = Vec::new();
    for amount in [10, 9, 8] {
        statuses.push(stack.http.transfer(source, target, amount).await.problem());
    }
    let exceeded = (422, "limit_exceeded".to_owned());
    assert_eq!(statuses, [exceeded.clone(), exceeded, (201, String::new())]);
    let lifted = [
        known[0],
        known[1],
        ("transfer_max", "none"),
        ("daily_max", "none"),
    ];
    let said = done(&stack, "limits", &lifted);
    assert!(said.contains("any 24 hours unlimited"), "{said}");
    assert_eq!(stack.http.transfer(source, target, 50).await.status, 201);
    let said = refused(
        &stack,
        "limits",
        &[lifted[0], lifted[1], lifted[2], ("daily_max", "-1")],
    );
    assert!(said.contains("Malformed: -v daily_max"), "{said}");

    let log = run_as("remit_auditor", &stack, "audit_log", &[]);
    assert_eq!(log.code, 0, "{log:?}");
    for word in ["wallet_limits_set", "ticket 4711", "psql", wallet.as_str()] {
        assert!(log.text.contains(word), "{word} in {log:?}");
    }
    assert_eq!(run(&stack, "audit_log", &[]).code, 3);
}

#[tokio::test]
async fn a_statement_has_every_entry_page_by_page() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(10_000).await, stack.http.wallet(0).await);
    for amount in [1_100, 2_200, 3_300] {
        stack.http.transfer(source, target, amount).await;
    }
    let wallet = source.to_string();
    let all = done(&stack, "statement", &[("wallet", &wallet)]);
    for word in [
        wallet.as_str(),
        "USD",
        " -3300 ",
        " -2200 ",
        " -1100 ",
        "4 entries",
    ] {
        assert!(all.contains(word), "{word} in {all}");
    }
    let page = [("wallet", wallet.as_str()), ("limit", "2")];
    let first = done(&stack, "statement", &page);
    assert!(
        first.contains("-v before=3") && !first.contains(" -1100 "),
        "{first}"
    );
    let second = done(&stack, "statement", &[page[0], page[1], ("before", "3")]);
    assert!(
        second.contains(" -1100 ") && !second.contains(" -2200 "),
        "{second}"
    );
}

#[tokio::test]
async fn a_transfer_by_hand_is_made_once_under_the_key_that_http_knows() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let (from, to) = (source.to_string(), target.to_string());
    let transfer = |key: &'static str, amount: &'static str| {
        let parameters = [
            ("key", key),
            ("source", from.as_str()),
            ("target", to.as_str()),
            ("amount", amount),
            ("currency", "USD"),
            ("reference", "it's \"by hand\"; :x"),
        ];
        run(&stack, "transfer", &parameters)
    };
    let first = transfer("refund 42", "30");
    assert_eq!(first.code, 0, "{first:?}");
    let again = transfer("refund 42", "30");
    assert!(
        again.code == 0 && again.text.contains("Replayed"),
        "{again:?}"
    );
    let reused = transfer("refund 42", "31");
    assert!(
        reused.code == 3 && reused.text.contains("WL005"),
        "{reused:?}"
    );
    for _ in 0..2 {
        let rejected = transfer("too much", "71");
        assert!(
            rejected.code == 3 && rejected.text.contains("insufficient_funds"),
            "{rejected:?}"
        );
    }
    let stored = stack.http.get("/transfers/refund%2042").await.json();
    assert_eq!(stored["reference"], "it's \"by hand\"; :x");
    assert_eq!(
        (
            stack.http.balance(source).await,
            stack.http.balance(target).await
        ),
        (70, 30)
    );
    stack.verify().await;
}

#[tokio::test]
async fn the_books_are_verified_and_a_broken_one_is_said() {
    let stack = Stack::start().await;
    let wallet = stack.http.wallet(100).await;
    for parameters in [&[][..], &[("ledger", "1")], &[("ledger", "all")]] {
        let said = done(&stack, "verify", parameters);
        assert!(said.contains("right"), "{said}");
    }
    assert_eq!(run_as("remit_auditor", &stack, "verify", &[]).code, 0);
    let owner = stack.owner().await;
    let broken = "update remit.wallets set balance = balance + 1 where id = $1";
    owner
        .execute(broken, &[&wallet])
        .await
        .expect("the owner may");
    let said = refused(&stack, "verify", &[]);
    assert!(
        said.contains(&wallet.to_string()) && said.contains("broken"),
        "{said}"
    );
}

#[tokio::test]
async fn a_head_is_shown_and_checked() {
    let stack = Stack::start().await;
    stack.http.wallet(100).await;
    let append = "select count(*) from remit_worker_v1.outbox_append(1000)";
    let owner = stack.owner().await;
    owner.execute(append, &[]).await.expect("an event waits");
    for parameters in [&[][..], &[("ledger", "1")], &[("ledger", "all")]] {
        let said = done(&stack, "log_head", parameters);
        assert!(said.contains(" | "), "{said}");
    }
    let said = run_as("remit_auditor", &stack, "log_head", &[]).text;
    let digits = |word: &&str| word.len() == 64;
    let hash = said.split_whitespace().find(digits).expect("a hash");
    // The first block has the key of the tests.
    let good = [("block", "2"), ("hash", hash)];
    assert!(done(&stack, "log_check", &good).contains("is as it was"));
    assert_eq!(run_as("remit_auditor", &stack, "log_check", &good).code, 0);
    let other = "0".repeat(64);
    let said = refused(&stack, "log_check", &[good[0], ("hash", &other)]);
    assert!(said.contains(hash), "{said}");
    let said = refused(&stack, "log_check", &[("block", "3"), good[1]]);
    assert!(said.contains("missing"), "{said}");
    let said = refused(&stack, "log_check", &[good[0], good[1], ("ledger", "2")]);
    assert!(said.contains("missing"), "{said}");
}

#[tokio::test]
async fn lag_and_largest_wallets_are_shown() {
    let stack = Stack::start().await;
    let (small, large) = (stack.http.wallet(100).await, stack.http.wallet(900).await);
    let said = done(&stack, "outbox_lag", &[]);
    let query = "select sum(cardinality(types))::text from remit.outbox";
    let row = stack.owner().await.query_one(query, &[]).await;
    let events: String = row.expect("it counts").get(0);
    let begins = format!("{events} |");
    assert!(
        said.lines()
            .any(|line| line.trim_start().starts_with(&begins)),
        "{said}"
    );
    let all = done(&stack, "largest_wallets", &[("currency", "USD")]);
    let place = |id: Uuid| all.find(&id.to_string()).expect("it is listed");
    assert!(place(large) < place(small), "{all}");
    let one = done(
        &stack,
        "largest_wallets",
        &[("currency", "USD"), ("limit", "1")],
    );
    assert!(
        one.contains(&large.to_string()) && !one.contains(&small.to_string()),
        "{one}"
    );
    assert_eq!(
        run_as(
            "remit_auditor",
            &stack,
            "largest_wallets",
            &[("currency", "USD")]
        )
        .code,
        0
    );
}

#[tokio::test]
async fn no_script_works_for_a_role_without_its_right() {
    let stack = Stack::start().await;
    let id = stack.http.wallet(100).await.to_string();
    let parameters = [("wallet", id.as_str()), ("reason", "why")];
    for (script, count) in [("freeze", 2), ("unfreeze", 2), ("statement", 1)] {
        for role in ["remit_auditor", "remit_worker"] {
            let said = run_as(role, &stack, script, &parameters[..count]);
            assert!(
                said.code == 3 && said.text.contains("42501"),
                "{role}: {said:?}"
            );
        }
    }
}

/// The names of all scripts.
pub fn scripts() -> Vec<String> {
    let folder = std::fs::read_dir(repository().join("sql/ops")).expect("it is there");
    let names = folder.map(|entry| {
        entry
            .expect("it is readable")
            .file_name()
            .into_string()
            .expect("text")
    });
    let mut scripts: Vec<String> = names
        .filter_map(|name| Some(name.strip_suffix(".sql")?.to_owned()))
        .collect();
    scripts.sort();
    scripts
}

/// A new script needs a test here.
#[test]
fn every_script_is_tested() {
    let tested = [
        "audit_log",
        "events_aside",
        "freeze",
        "holds",
        "largest_wallets",
        "limits",
        "log_check",
        "log_head",
        "outbox_lag",
        "reverse",
        "statement",
        "transfer",
        "unfreeze",
        "verify",
    ];
    assert_eq!(scripts(), tested);
}
