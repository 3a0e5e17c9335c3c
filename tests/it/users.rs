//! Users, and the pages of their wallets.

use std::collections::HashSet;

use serde_json::{Value, json};
use testbed::http::Http;
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

#[tokio::test]
async fn a_user_is_created_and_found() {
    let stack = Stack::start().await;
    let body = json!({"name": "Ann", "email": "ann@example.com", "reference": "crm-7",
                      "metadata": {"tier": "gold"}});
    let created = stack.http.post("/users", &body).await;
    assert_eq!(created.status, 201, "{created:?}");
    let user = created.json();
    for (name, value) in body.as_object().expect("it is one") {
        assert_eq!(&user[name], value, "{name}");
    }
    let path = format!("/users/{}", created.id("id"));
    assert_eq!(created.header("location"), path);
    assert_eq!(created.header("content-type"), "application/json");
    let found = stack.http.get(&path).await;
    assert_eq!((found.status, &found.body), (200, &created.body));
}

#[tokio::test]
async fn a_moment_has_six_digits_of_a_second_also_where_they_are_zero() {
    let stack = Stack::start().await;
    let id = stack.http.user().await;
    for moment in ["2026-01-02T03:04:05.000000Z", "2026-01-02T03:04:05.120000Z"] {
        let owner = stack.owner().await;
        let set = format!("update remit.users set created_at = '{moment}' where id = '{id}'");
        owner.batch_execute(&set).await.expect("the owner may");
        let user = stack.http.get(&format!("/users/{id}")).await.json();
        assert_eq!(user["created_at"], moment);
    }
}

#[tokio::test]
async fn what_a_user_omits_is_null_and_its_metadata_empty() {
    let stack = Stack::start().await;
    for body in [
        json!({"name": "Ann"}),
        json!({"name": "Ann", "email": null, "reference": null, "metadata": null}),
    ] {
        let user = stack.http.post("/users", &body).await.json();
        assert_eq!(
            (&user["email"], &user["reference"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(user["metadata"], json!({}));
        let created_at = user["created_at"].as_str().expect("a time");
        assert!(created_at.ends_with('Z'), "{created_at} is not UTC");
    }
}

#[tokio::test]
async fn the_limits_of_a_users_fields_are_characters() {
    let stack = Stack::start().await;
    let long = |length: usize| "ü".repeat(length);
    let good = json!({"name": long(200), "reference": long(200)});
    assert_eq!(stack.http.post("/users", &good).await.status, 201);
    for (field, body) in [
        ("name", json!({"name": ""})),
        ("name", json!({"name": long(201)})),
        ("reference", json!({"name": "A", "reference": long(201)})),
        ("email", json!({"name": "A", "email": "ann"})),
        ("email", json!({"name": "A", "email": "ann@ex ample"})),
        (
            "email",
            json!({"name": "A", "email": format!("{}@e", "a".repeat(253))}),
        ),
        (
            "metadata",
            json!({"name": "A", "metadata": {"k": "v".repeat(4_096)}}),
        ),
    ] {
        let refused = stack.http.post("/users", &body).await;
        assert_eq!(
            refused.problem(),
            (422, "invalid_field".to_owned()),
            "{body}"
        );
        assert_eq!(refused.json()["pointer"], format!("/{field}"));
    }
    assert_eq!(stack.count("users").await, 1);
}

#[tokio::test]
async fn a_user_who_is_not_there_is_not_found() {
    let stack = Stack::start().await;
    for path in ["", "/wallets"] {
        let path = format!("/users/{}{path}", Uuid::new_v4());
        let absent = stack.http.get(&path).await;
        assert_eq!(absent.problem(), (404, "user_not_found".to_owned()));
        assert_eq!(absent.json()["pointer"], Value::Null);
    }
}

#[tokio::test]
async fn pages_of_wallets_neither_skip_nor_repeat_while_wallets_are_added() {
    let stack = Stack::start().await;
    let user = stack.http.user().await;
    let mut wallets = Vec::new();
    for _ in 0..7 {
        wallets.push(wallet_of(&stack.http, user).await);
    }
    wallet_of(&stack.http, stack.http.user().await).await;

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/users/{user}/wallets?limit=3{cursor}");
        let page = stack.http.get(&path).await.json();
        let ids = page["wallets"].as_array().expect("a list");
        assert!((1..=3).contains(&ids.len()), "{page}");
        seen.extend(ids.iter().map(|wallet| wallet["id"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
        if seen.len() == 3 {
            wallets.push(wallet_of(&stack.http, user).await);
        }
    }
    assert_eq!(seen, wallets, "oldest first");
    let unique: HashSet<String> = seen.iter().map(Value::to_string).collect();
    assert_eq!(unique.len(), 8);
}

#[tokio::test]
async fn a_wallet_in_a_list_is_as_it_is_alone() {
    let stack = Stack::start().await;
    let user = stack.http.user().await;
    let empty = stack.http.get(&format!("/users/{user}/wallets")).await;
    assert_eq!(empty.json(), json!({"wallets": [], "next_cursor": null}));
    let id = wallet_of(&stack.http, user).await;
    let id = id.as_str().expect("an id");
    let list = stack.http.get(&format!("/users/{user}/wallets")).await;
    let alone = stack.http.get(&format!("/wallets/{id}")).await;
    assert_eq!(
        list.json(),
        json!({"wallets": [alone.json()], "next_cursor": null})
    );
}

#[tokio::test]
async fn a_malformed_page_of_wallets_is_refused() {
    let stack = Stack::start().await;
    let user = stack.http.user().await;
    let others = wallet_of(&stack.http, stack.http.user().await).await;
    let others = format!("cursor={}", others.as_str().expect("an id"));
    for query in [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=x",
        "limit=",
        "limit=1.5",
        "limit=1&limit=1",
        "cursor=x",
        "cursor=7",
        "page=2",
        &others,
    ] {
        let refused = stack
            .http
            .get(&format!("/users/{user}/wallets?{query}"))
            .await;
        assert_eq!(
            refused.problem(),
            (400, "malformed_query".to_owned()),
            "{query}"
        );
    }
    for query in ["limit=1", "limit=200"] {
        let path = format!("/users/{user}/wallets?{query}");
        assert_eq!(stack.http.get(&path).await.status, 200, "{query}");
    }
}

/// The id of a new wallet without money.
async fn wallet_of(http: &Http, user_id: Uuid) -> Value {
    let body = json!({"user_id": user_id, "currency": "EUR"});
    let created = http.post("/wallets", &body).await;
    assert_eq!(created.status, 201, "{created:?}");
    created.json()["id"].clone()
}
