//! What the operators' scripts do with parameters that are missing or malformed.

use crate::ops::refused;
use crate::stack::Stack;

#[tokio::test]
async fn missing_and_malformed_parameters_are_named_and_nothing_is_done() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let (id, other) = (source.to_string(), target.to_string());
    let hash = "0".repeat(64);
    let good: [(&str, &[(&str, &str)]); 10] = [
        ("freeze", &[("wallet", &id), ("reason", "why")]),
        ("unfreeze", &[("wallet", &id), ("reason", "why")]),
        ("limits", &[("wallet", &id), ("reason", "why")]),
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
        ("chain_head", &[]),
        ("chain_check", &[("block", "1"), ("hash", &hash)]),
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
                // Any printable ASCII is a key, any text a reason.
                if (name == "key" && value.is_ascii()) || ["reason", "reference"].contains(&name) {
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
