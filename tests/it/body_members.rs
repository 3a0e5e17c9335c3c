//! Members of bodies that have another type than theirs, or a value beyond its limits.

use serde_json::Value;
use uuid::Uuid;

use crate::bodies::Bodies;

#[tokio::test]
async fn a_member_of_another_type_is_refused_by_name() {
    let bodies = Bodies::start().await;
    let deep = format!("{}{}", "[".repeat(6_000), "]".repeat(6_000));
    for (path, good) in &bodies.good {
        for (member, value) in good.as_object().expect("bodies are objects") {
            let others: &[&str] = match value {
                Value::String(_) => &[
                    "1",
                    "true",
                    "[]",
                    "{}",
                    "[\"x\"]",
                    "\"\\ud800\"",
                    "\"\\udc00\\ud800\"",
                ],
                Value::Number(_) => &["1.5", "1e2", "1E400", "-0.1", "\"1\"", "true", "[]", "{}"],
                _ => &[
                    "1",
                    "\"{}\"",
                    "[]",
                    "true",
                    "{\"a\":1}",
                    "{\"a\":null}",
                    "{\"a\":{}}",
                    "{\"a\":[\"x\"]}",
                    "{\"a\":\"x\",\"a\":\"y\"}",
                    "{\"\\ud800\":\"x\"}",
                ],
            };
            for other in others.iter().chain([&deep.as_str()]) {
                bodies
                    .refuse_value(path, member, other, 400, "malformed_body")
                    .await;
            }
        }
    }
    for (path, required) in [
        ("/users", &["name"][..]),
        ("/wallets", &["user_id", "currency"]),
        ("/transfers", &["source_id", "target_id", "amount"]),
    ] {
        for member in required {
            bodies
                .refuse_value(path, member, "null", 400, "malformed_body")
                .await;
            let mut without = bodies.good(path).clone();
            without
                .as_object_mut()
                .expect("bodies are objects")
                .remove(*member);
            let pointer = format!("/{member}");
            bodies
                .refuse(path, without.to_string(), (400, "malformed_body", &pointer))
                .await;
        }
    }
    bodies.end().await;
}

#[tokio::test]
async fn a_member_beyond_its_limits_is_refused_by_name() {
    let bodies = Bodies::start().await;
    let limits = [
        "9007199254740992",
        "-9007199254740992",
        "9223372036854775808",
        &"9".repeat(400),
    ];
    for (path, member) in [
        ("/transfers", "amount"),
        ("/wallets", "initial_balance"),
        ("/wallets", "floor"),
    ] {
        for value in limits {
            bodies
                .refuse_value(path, member, value, 422, "invalid_field")
                .await;
        }
    }
    for (path, good) in &bodies.good {
        for (member, value) in good.as_object().expect("bodies are objects") {
            let nul = match value {
                Value::String(_) => "\"s3cr3t\\u0000\"",
                Value::Object(_) => "{\"a\\u0000\":\"x\"}",
                _ => continue,
            };
            bodies
                .refuse_value(path, member, nul, 422, "invalid_field")
                .await;
        }
        let long = format!("\"{}\"", "s3cr3t".repeat(34));
        bodies
            .refuse_value(path, "reference", &long, 422, "invalid_field")
            .await;
        let wide = format!("{{\"a\":\"{}\"}}", "s3cr3t".repeat(700));
        bodies
            .refuse_value(path, "metadata", &wide, 422, "invalid_field")
            .await;
    }
    let simple = Uuid::new_v4().simple().to_string();
    for id in [
        "",
        "7",
        "s3cr3t",
        &simple,
        &format!("{{{}}}", Uuid::new_v4()),
    ] {
        for (path, member) in [
            ("/wallets", "user_id"),
            ("/transfers", "source_id"),
            ("/transfers", "target_id"),
        ] {
            let text = format!("\"{id}\"");
            bodies
                .refuse_value(path, member, &text, 422, "invalid_field")
                .await;
        }
    }
    for currency in ["", "usd", "USDX", "US", "U$D", "USD ", "ＵＳＤ"] {
        let text = format!("\"{currency}\"");
        bodies
            .refuse_value("/transfers", "currency", &text, 422, "invalid_field")
            .await;
        bodies
            .refuse_value("/wallets", "currency", &text, 422, "currency_unknown")
            .await;
    }
    bodies.end().await;
}
