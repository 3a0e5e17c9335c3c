//! `/asyncapi.json` against what is really told: at the broker, and in the feed.

use std::collections::{BTreeMap, BTreeSet};

use hyper::Method;
use jsonschema::Validator;
use remit::http::docs::ASYNCAPI;
use serde_json::{Value, json};
use testbed::http::Http;
use testbed::place::programs;
use testbed::poll::{SOON, eventually};
use testbed::program::new_log;
use testbed::rabbitmq::Message;
use testbed::server::Server;
use uuid::Uuid;

use crate::stand::Stand;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// What no request of this test makes an event of.
const UNTOLD: [&str; 13] = [
    "user.created",
    "wallet.created",
    "wallet.limits_set",
    "ledger.created",
    "key.created",
    "key.revoked",
    "operator.acted",
    "webhook.created",
    "webhook.updated",
    "webhook.deleted",
    "webhook.rotated",
    "webhook.disabled",
    "webhook.enabled",
];

fn asyncapi() -> Value {
    serde_json::from_slice(ASYNCAPI).unwrap()
}

/// The types that are described.
fn described() -> BTreeSet<String> {
    let messages = asyncapi()["components"]["messages"].clone();
    messages.as_object().unwrap().keys().cloned().collect()
}

/// Does all that makes an event.
async fn live(http: &Http) -> Uuid {
    let user = http.user().await;
    let wallet =
        json!({"user_id": user, "currency": "USD", "reference": "first", "initial_balance": 5_000});
    let source = http.post("/wallets", &wallet).await.id("id");
    let target = http.wallet(0).await;
    let sides = json!({"source_id": source, "target_id": target});
    let with = |more: Value| {
        let mut body = sides.clone();
        let members = body.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        body
    };
    let body = with(json!({"amount": 500, "reference": "rent", "metadata": {"month": "May"}}));
    let headers = [("idempotency-key", "rent"), ("traceparent", TRACE)];
    let posted = http
        .post_bytes("/transfers", &headers, body.to_string())
        .await;
    assert_eq!(posted.status, 201, "{posted:?}");
    let refused = http.transfer(source, target, 999_999).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    for (path, key, body) in [
        ("/transfers/rent/reversals", "back", json!({"amount": 100})),
        (
            "/holds",
            "stay",
            with(json!({"amount": 1_000, "expires_in": 600})),
        ),
        ("/holds/stay/adjustments", "more", json!({"amount": 1_200})),
        (
            "/holds/stay/captures",
            "night",
            json!({"amount": 300, "final": false}),
        ),
        ("/holds/stay/release", "gone", json!({})),
        (
            "/holds",
            "brief",
            json!({"source_id": source, "amount": 10, "expires_in": 1}),
        ),
        (
            "/groups",
            "split",
            json!({"legs": [with(json!({"amount": 1})), with(json!({"amount": 2}))]}),
        ),
    ] {
        let headers = [("idempotency-key", key), ("traceparent", TRACE)];
        let done = http.post_bytes(path, &headers, body.to_string()).await;
        assert_eq!(done.status, 201, "{path}: {done:?}");
    }
    let bulk = json!({"transfers": [{"id": "one", "source_id": source, "target_id": target, "amount": 3}]});
    assert_eq!(http.post("/transfers/bulk", &bulk).await.status, 200);
    for verb in ["freeze", "unfreeze"] {
        let path = format!("/wallets/{target}/{verb}");
        let reason = json!({"reason": "a test"});
        assert_eq!(http.post(&path, &reason).await.status, 200, "{verb}");
    }
    let limits = json!({"transfer_max": 5_000, "daily_max": null}).to_string();
    let headers = [("content-type", "application/json")];
    let path = format!("/wallets/{target}/limits");
    assert_eq!(
        http.send(Method::PUT, &path, &headers, limits).await.status,
        200
    );
    let key = json!({"name": "k", "scope": "user", "user_id": user});
    let key = http.post("/keys", &key).await.id("id");
    let path = format!("/keys/{key}");
    assert_eq!(http.send(Method::DELETE, &path, &[], "").await.status, 204);
    let ledger = http.post("/ledgers", &json!({"name": "another"})).await;
    assert_eq!(ledger.status, 201, "{ledger:?}");
    posted.id("id")
}

/// The schemas of whole messages, by type. Members that are not described are faults here.
fn validators() -> BTreeMap<String, Validator> {
    let mut document = asyncapi();
    let schemas = document["components"]["schemas"].as_object_mut().unwrap();
    for (name, schema) in schemas.iter_mut() {
        let is_data =
            schema["type"] == "object" && !["Headers", "Metadata"].contains(&name.as_str());
        if is_data {
            schema["additionalProperties"] = json!(false);
        }
    }
    let compiled = described().into_iter().map(|kind| {
        let payload = document["components"]["messages"][&kind]["payload"].clone();
        let schema = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "allOf": [payload],
            "components": {"schemas": document["components"]["schemas"]},
        });
        let options = jsonschema::options().should_validate_formats(true);
        let validator = options.build(&schema);
        (kind, validator.unwrap_or_else(|error| panic!("{error}")))
    });
    compiled.collect()
}

/// What the properties of a message say beside its body.
fn check_properties(message: &Message) {
    let event = message.json();
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(message.exchange, "remit.events");
    assert_eq!(text("type"), format!("remit.{}", message.routing_key));
    assert_eq!(message.property("message_id"), text("id"));
    assert_eq!(message.property("type"), text("type"));
    assert_eq!(
        message.property("content_type"),
        "application/cloudevents+json"
    );
    assert_eq!(message.properties["delivery_mode"], 2);
    assert_eq!(message.property("correlation_id"), text("requestid"));
    let traceparent = message.header("traceparent").as_str().unwrap_or_default();
    assert_eq!(traceparent, text("traceparent"));
}

#[tokio::test]
async fn what_is_told_is_as_it_is_described_and_the_same_everywhere() {
    let stand = Stand::new().await;
    let tap = stand.tap().await;
    let worker = stand.worker().start(&[]);
    worker.await_said("relay leads", 1).await;
    let program = programs().join("remit").display().to_string();
    let variables = [
        ("DATABASE_URL", stand.database.url("remit_server")),
        ("REDIS_URL", "redis://:none@127.0.0.1:1/0".to_owned()),
    ];
    let server = Server::start(&program, &variables, &new_log("serve")).await;
    let next = server.http.get("/events?limit=1000").await.json()["next"].clone();
    let transfer = live(&server.http).await;
    let path = format!("/events?after={next}&limit=1000");
    let told = eventually(SOON, "all is told", async || {
        let page = server.http.get(&path).await.json();
        let told = page["events"].as_array().unwrap().clone();
        let is_over = told.iter().any(|event| event["type"] == "hold.expired");
        is_over.then_some(told)
    })
    .await;
    let messages = eventually(SOON, "all is published", async || {
        let messages = stand.vhost.messages(&tap).await.unwrap();
        let of_ledger = |message: &&Message| message.json()["source"] == "/ledgers/1";
        let count = messages.iter().filter(of_ledger).count();
        (count >= told.len()).then_some(messages)
    })
    .await;

    let validators = validators();
    let mut by_id = BTreeMap::new();
    for message in &messages {
        check_properties(message);
        let event = message.json();
        let validator = &validators[&message.routing_key];
        let faults: Vec<String> = validator
            .iter_errors(&event)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{event}: {faults:?}");
        by_id.insert(event["id"].as_str().unwrap().to_owned(), (message, event));
    }
    for event in &told {
        let (message, published) = &by_id[event["id"].as_str().unwrap()];
        assert_eq!(json!(message.routing_key), event["type"]);
        assert_eq!(message.header("position"), &event["position"]);
        for (member, name) in [
            ("subject", "subject"),
            ("time", "time"),
            ("data", "data"),
            ("requestid", "request_id"),
            ("traceparent", "traceparent"),
        ] {
            assert_eq!(published[member], event[name], "{member}: {event}");
        }
    }
    let of_transfer = told
        .iter()
        .find(|event| event["subject"] == json!(transfer));
    assert_eq!(of_transfer.unwrap()["traceparent"], TRACE);
    let traced = told.iter().filter(|event| event["traceparent"] == TRACE);
    assert_eq!(
        traced.count(),
        9,
        "rent, back, stay and what was done to it, brief, two legs"
    );
    let seen: BTreeSet<&str> = messages.iter().map(|m| m.routing_key.as_str()).collect();
    let mut expected = described();
    expected.retain(|kind| !UNTOLD.contains(&kind.as_str()));
    assert_eq!(seen, expected.iter().map(String::as_str).collect());
}

#[tokio::test]
async fn each_type_of_events_is_described_and_no_other() {
    let stand = Stand::new().await;
    let labels = "select unnest(enum_range(null::remit_v1.event_type))::text";
    let rows = stand.dba.query(labels, &[]).await.unwrap();
    let labels: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(described(), labels);
    let document = asyncapi();
    let channel = &document["channels"]["events"];
    let in_channel = channel["messages"].as_object().unwrap().keys().cloned();
    assert_eq!(in_channel.collect::<BTreeSet<_>>(), labels);
    for names in [
        &channel["parameters"]["type"]["enum"],
        &document["components"]["schemas"]["EventType"]["enum"],
    ] {
        let names = names.as_array().unwrap().iter();
        let names = names.map(|name| name.as_str().unwrap().to_owned());
        assert_eq!(names.collect::<BTreeSet<_>>(), labels);
    }
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
}
