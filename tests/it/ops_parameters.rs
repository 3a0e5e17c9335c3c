//! What the operators' scripts do with parameters that are missing or malformed.

use crate::ops::{refused, run_with, scripts};
use crate::stack::Stack;

/// Any printable ASCII is a key, any text a reason, and nothing a limit.
fn is_good(name: &str, value: &str) -> bool {
    match name {
        "reason" | "reference" => true,
        "key" | "transfer_max" | "daily_max" => value.is_ascii(),
        _ => false,
    }
}

#[tokio::test]
async fn missing_and_malformed_parameters_are_named_and_nothing_is_done() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let (id, other) = (source.to_string(), target.to_string());
    let hash = "0".repeat(64);
    let good: [(&str, &[(&str, &str)]); 10] = [
        ("freeze", &[("wallet", &id), ("reason", "why")]),
        ("unfreeze", &[("wallet", &id), ("reason", "why")]),
        (
            "limits",
            &[
                ("wallet", &id),
                ("reason", "why"),
                ("transfer_max", "none"),
                ("daily_max", "9"),
            ],
        ),
        ("audit_log", &[]),
        ("statement", &[("wallet", &id)]),
        ("largest_wallets", &[("currency", "USD")]),
        (
            "transfer",
            &[
                ("key", "k"),
                ("source", &id),
                ("target", &other),
                ("amount", "1"),
                ("reference", "why"),
            ],
        ),
        ("verify", &[]),
        ("log_head", &[]),
        ("log_check", &[("block", "1"), ("hash", &hash)]),
    ];
    for (script, parameters) in good {
        for left_out in 0..parameters.len() {
            let mut some = parameters.to_vec();
            let (name, _) = some.remove(left_out);
            let said = refused(&stack, script, &some);
            assert!(
                said.contains(&format!("Missing: -v {name}=")) && said.contains("Usage:"),
                "{said}"
            );
        }
        let mut names: Vec<&str> = parameters.iter().map(|(name, _)| *name).collect();
        names.push("ledger");
        match script {
            "statement" => names.extend(["limit", "before"]),
            "largest_wallets" | "audit_log" => names.push("limit"),
            "transfer" => names.push("currency"),
            _ => {}
        }
        for name in names {
            for value in ["0", "zwölf'; select 1; --"] {
                if is_good(name, value) {
                    continue;
                }
                let mut all: Vec<_> = parameters
                    .iter()
                    .copied()
                    .filter(|(other, _)| *other != name)
                    .collect();
                all.push((name, value));
                let said = refused(&stack, script, &all);
                assert!(
                    said.contains(&format!("Malformed: -v {name}")),
                    "{script} {value}: {said}"
                );
                assert!(!said.contains("syntax error"), "{said}");
            }
        }
    }
    assert_eq!(stack.count("transfers").await, 1);
    assert_eq!(stack.http.balance(source).await, 100);
}

#[tokio::test]
async fn every_script_refuses_a_variable_that_it_does_not_know() {
    let stack = Stack::start_without_redis().await;
    let wallet = format!("wallet={}", stack.http.wallet(1).await);
    let run = |script: &str, arguments: &[&str]| {
        let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
        run_with("remit_operator", &stack, script, &arguments)
    };
    for script in scripts() {
        for misspelt in [
            &["-v", "ledgr=2"][..],
            &["-vledgr=2"],
            &["-Xqv", "ledgr=2"],
            &["--set", "ledgr=2"],
            &["--set=ledgr=2"],
            &["--variable=ledgr=2"],
            &["-v", "ledger=1", "-v", "ledgr="],
            &["-v", "reason=a reason", "-v", "ledgr=2 -v ledger=1"],
        ] {
            let said = run(&script, misspelt);
            let is_named = said.text.contains("Unknown: -v ledgr\n") || misspelt.len() == 4;
            assert!(
                is_named && said.text.contains("Unknown: -v "),
                "{script} {misspelt:?}: {said:?}"
            );
            assert!(
                said.text.contains("Usage: psql") && said.code == 3,
                "{said:?}"
            );
        }
    }
    // A script's own variables are its own, and psql's may be set as well.
    let said = run(
        "outbox_lag",
        &["-v", "unknown=x", "-v", "fault=y", "-v", "usage=-v usage="],
    );
    assert!(said.text.contains("Unknown: -v fault"), "{said:?}");
    let said = run("verify", &["-v", "ON_ERROR_STOP=1", "-v", "ledger=1"]);
    assert_eq!(said.code, 0, "{said:?}");
    // What only looks like a variable is the value of another option, or a part of a text.
    for more in [
        &["-v", "reason=why\n-vfoo=1\n--set=foo=1"][..],
        &["-v", "reason=-vfoo=1", "-Uv", "-F", "-vfoo=1"],
        &[
            "-v",
            "reason=why",
            "--username=v",
            "--pset",
            "null=-vfoo",
            "-qR-vfoo=1",
        ],
    ] {
        let said = run("freeze", &[&["-v", wallet.as_str()], more].concat());
        assert!(!said.text.contains("Unknown: "), "{more:?}: {said:?}");
        // There may be no login of that name.
        let is_done = said.text.contains("is frozen now") || said.text.contains("frozen already");
        assert!(is_done || said.code == 2, "{more:?}: {said:?}");
    }
}

#[tokio::test]
async fn a_ledger_that_does_not_exist_is_said() {
    let stack = Stack::start_without_redis().await;
    for (role, script, more) in [
        ("remit_auditor", "audit_log", &[][..]),
        ("remit_operator", "largest_wallets", &["-v", "currency=USD"]),
        ("remit_operator", "log_head", &[]),
        ("remit_operator", "verify", &[]),
    ] {
        let arguments = [&["-v", "ledger=99"], more].concat();
        let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
        let said = run_with(role, &stack, script, &arguments);
        let is_said = said.code == 3 && said.text.contains("WL009: ledger not found");
        assert!(is_said, "{script}: {said:?}");
    }
}

#[tokio::test]
async fn a_limit_that_is_misspelt_or_left_out_is_not_lifted() {
    let stack = Stack::start_without_redis().await;
    let id = stack.http.wallet(100).await.to_string();
    let known = [("wallet", id.as_str()), ("reason", "why")];
    for (name, said) in [
        ("daily_maximum", "Unknown: -v daily_maximum"),
        ("daily_max", "Missing: -v transfer_max="),
        ("transfer_max", "Missing: -v daily_max="),
    ] {
        let all = [known[0], known[1], (name, "100000")];
        let text = refused(&stack, "limits", &all);
        assert!(text.contains(said), "{name}: {text}");
    }
}
