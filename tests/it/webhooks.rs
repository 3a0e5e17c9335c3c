//! Webhooks over HTTP: what an administrator sees of them. What is sent, the worker's tests say.

use hyper::Method;
use remit::types::MasterSecret;
use serde_json::{Value, json};
use testbed::http::{Answer, Http};
use testbed::program::WEBHOOK_SECRET;
use uuid::Uuid;

use crate::stack::Stack;

async fn make(http: &Http, body: &Value) -> Value {
    let answer = http.post("/webhooks", body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let place = format!("/webhooks/{}", answer.id("id"));
    assert_eq!(answer.header("location"), place);
    answer.json()
}

async fn patch(http: &Http, path: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    http.send(Method::PATCH, path, &headers, body.to_string())
        .await
}

fn secret(id: &Value, generation: i32) -> String {
    let id: Uuid = id.as_str().and_then(|id| id.parse().ok()).expect("an id");
    let master = MasterSecret::parse(WEBHOOK_SECRET).expect("it is long enough");
    master.secret(1, id, generation).text()
}

#[tokio::test]
async fn a_secret_is_shown_when_it_is_new_and_never_again() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let made = make(http, &json!({"url": "https://hooks.example.org/x"})).await;
    assert_eq!(made["secret"], secret(&made["id"], 1));
    let path = format!("/webhooks/{}", made["id"].as_str().expect("an id"));
    let rotated = http.post(&format!("{path}/rotate"), &json!({})).await;
    assert_eq!(rotated.json()["secret"], secret(&made["id"], 2));
    assert!(rotated.json()["previous_secret_until"].is_string());
    let mut answers = vec![
        http.get(&path).await,
        http.get("/webhooks").await,
        http.get(&format!("{path}/failures")).await,
        patch(http, &path, &json!({"description": "x"})).await,
    ];
    for verb in ["ping", "enable"] {
        answers.push(http.post(&format!("{path}/{verb}"), &json!({})).await);
    }
    for answer in answers {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 200, "{text}");
        assert!(
            !text.contains("whsec_") && !text.contains("secret\":"),
            "{text}"
        );
    }
    let dump = "select string_agg(t.x, '') from (
                    select w::text as x from remit.webhooks w union all select o::text from remit.outbox o
                    union all select a::text from remit.audit a) t";
    let row = stack.owner().await.query_one(dump, &[]).await;
    let text: String = row.expect("the tables are there").get(0);
    for generation in [1, 2] {
        let secret = secret(&made["id"], generation);
        assert!(
            !text.contains(secret.trim_start_matches("whsec_")),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_webhook_is_changed_member_by_member_and_ends() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let body =
        json!({"url": "https://hooks.example.org/x", "types": ["key.created"], "description": "d"});
    let made = make(http, &body).await;
    let path = format!("/webhooks/{}", made["id"].as_str().expect("an id"));
    for (change, member, expected) in [
        (
            json!({"url": "https://other.example.org/"}),
            "url",
            json!("https://other.example.org/"),
        ),
        (json!({"types": null}), "types", Value::Null),
        (
            json!({"description": "e", "reason": "why"}),
            "description",
            json!("e"),
        ),
    ] {
        let before = http.get(&path).await.json();
        let answer = patch(http, &path, &change).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let mut expected_whole = before.clone();
        expected_whole[member] = expected;
        let mut told = answer.json();
        told["updated_at"] = before["updated_at"].clone();
        assert_eq!(told, expected_whole);
    }
    for (change, code) in [
        (json!({}), "malformed_body"),
        (json!({"url": null}), "invalid_field"),
        (json!({"status": "disabled"}), "unknown_field"),
    ] {
        let answer = patch(http, &path, &change).await;
        assert_eq!(answer.json()["code"], code, "{change}");
    }
    assert_eq!(http.send(Method::DELETE, &path, &[], "").await.status, 204);
    assert_eq!(http.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_ledger_has_twenty_webhooks() {
    let stack = Stack::start().await;
    let body = json!({"url": "https://hooks.example.org/"});
    let all = (0..25).map(|_| stack.http.post("/webhooks", &body));
    let answers = futures_util::future::join_all(all).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 20);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        let told = (answer.status, answer.json()["code"].clone());
        assert_eq!(told, (422, json!("too_many_webhooks")));
    }
    let listed = stack.http.get("/webhooks").await.json();
    assert_eq!(listed["webhooks"].as_array().map(Vec::len), Some(20));
}

#[tokio::test]
async fn http_is_for_development() {
    let mut stack = Stack::start().await;
    let body = json!({"url": "http://127.0.0.1:8000/"});
    let refused = stack.http.post("/webhooks", &body).await;
    assert_eq!(
        (refused.status, refused.json()["pointer"].clone()),
        (422, json!("/url"))
    );
    stack
        .restart_with(&[("REMIT_WEBHOOK_HTTP", "true".to_owned())])
        .await;
    make(&stack.http, &body).await;
}

#[tokio::test]
async fn failures_are_listed_and_tried_again() {
    let stack = Stack::start().await;
    let made = make(&stack.http, &json!({"url": "https://hooks.example.org/"})).await;
    let id: Uuid = made["id"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("an id");
    let insert = "insert into remit.webhook_failures
                      (ledger_id, webhook_id, position, event_id, type, subject_ids, attempts, is_aside, outcome, answer_status, failed_at)
                  select 1, $1::uuid, n, gen_random_uuid(), 'key.created', array[$1::uuid], 9, true, 'refused', 500, now()
                    from generate_series(1, 3) n";
    let owner = stack.owner().await;
    owner.execute(insert, &[&id]).await.expect("three failures");
    let path = format!("/webhooks/{id}/failures");
    let page = stack.http.get(&format!("{path}?limit=2")).await.json();
    assert_eq!(page["failures"][1]["position"], 2);
    assert_eq!(page["failures"][1]["outcome"], "refused");
    assert_eq!(page["next_cursor"], "2");
    let last = stack
        .http
        .get(&format!("{path}?limit=2&cursor=2"))
        .await
        .json();
    assert_eq!(
        (
            last["failures"].as_array().map(Vec::len),
            &last["next_cursor"]
        ),
        (Some(1), &Value::Null)
    );
    let again = stack
        .http
        .post(&format!("{path}/2/retry"), &json!({"reason": "mended"}))
        .await;
    assert_eq!(
        (again.status, again.json()["next_at"].is_string()),
        (200, true)
    );
    let none = stack
        .http
        .post(&format!("{path}/4/retry"), &json!({}))
        .await;
    assert_eq!(
        (none.status, none.json()["code"].clone()),
        (404, json!("webhook_not_found"))
    );
}
