//! Whatever Redis or PostgreSQL says: the server does not fall, and answers well or not at all.

use std::error::Error;

use bytes::Bytes;
use postgres_types::{FromSql, Type};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use redis::aio::MultiplexedConnection;
use remit::http::render::{self, TransferBody, WalletBody, to_json};
use remit::types::{
    CacheState, Caller, Entry, KeyResult, TransferResult, UserResult, WalletResult,
};
use serde_json::{Value, json};
use testbed::fuzz::input_of;
use testbed::http::Answer;
use uuid::Uuid;

use crate::stack::Stack;

/// How many spoilt values Redis has of a wallet and of each answer.
const SPOILT: usize = 60;

/// Values of a field that a wallet cannot have: each is no hit.
const IMPOSSIBLE: [(&str, &str); 14] = [
    ("balance", "9223372036854775807"),
    ("balance", "-9007199254740992"),
    ("balance", "1e3"),
    ("version", "-1"),
    ("version", "9223372036854775807"),
    ("status", "melted"),
    ("status_version", "9223372036854775807"),
    ("updated_at", "-62167219200000001"),
    ("updated_at", "9223372036854775807"),
    ("held", "-9223372036854775808"),
    ("held_until", "-62167219200000001"),
    ("held_until", "soon"),
    (
        "filled",
        r#"{"currency":"USD","floor":-9223372036854775808,"reference":null,"metadata":{},"created_at_us":0}"#,
    ),
    (
        "filled",
        r#"{"currency":"USD","floor":0,"reference":null,"metadata":{},"created_at_us":-62167219200000001}"#,
    ),
];

/// Some spoilt forms of a value.
fn spoilt(value: Vec<u8>) -> Vec<Vec<u8>> {
    let (mut runner, strategy) = (TestRunner::deterministic(), input_of(vec![value]));
    let one = |_| strategy.new_tree(&mut runner).expect("a value").current();
    (0..SPOILT).map(one).collect()
}

async fn set_field(stack: &Stack, place: &str, field: &str, value: &[u8]) {
    let mut redis = stack.redis.connect().await;
    let mut command = redis::cmd("HSET");
    command.arg(place).arg(field).arg(value);
    command.exec_async(&mut redis).await.expect("Redis answers");
}

#[tokio::test]
async fn what_redis_has_of_a_wallet_is_told_only_if_it_is_possible() {
    let stack = Stack::start().await;
    let wallet = stack.http.wallet(100).await;
    let path = format!("/wallets/{wallet}");
    let place = stack.wallet_place(wallet).await;
    let truth = stack.http.get(&path).await.json();
    for (field, value) in IMPOSSIBLE {
        // It is there whole before it is spoilt.
        let hit = stack.http.get(&path).await;
        assert_eq!(hit.header("x-cache"), "HIT", "before {field} {value}");
        set_field(&stack, &place, field, value.as_bytes()).await;
        let answer = stack.http.get(&path).await;
        assert_ne!(answer.header("x-cache"), "HIT", "{field} {value}");
        assert_eq!(answer.json(), truth, "{field} {value}");
        stack.redis.flush().await;
        stack.http.get(&path).await;
    }
    let filled = IMPOSSIBLE[12].1.replace("-9223372036854775808", "0");
    for value in spoilt(filled.into_bytes()) {
        set_field(&stack, &place, "filled", &value).await;
        assert_eq!(stack.http.get(&path).await.status, 200);
    }
    // A value of another type is nobody's but this wallet's trouble.
    let other = stack.http.wallet(100).await;
    let other = format!("/wallets/{other}");
    stack.http.get(&other).await;
    let mut set = redis::cmd("SET");
    let mut redis = stack.redis.connect().await;
    let set = set.arg(&place).arg("no hash").exec_async(&mut redis).await;
    set.expect("Redis answers");
    assert_eq!(stack.http.get(&path).await.json(), truth);
    assert_eq!(stack.http.get(&other).await.header("x-cache"), "HIT");
    let log = std::fs::read_to_string(&stack.log).expect("the server logs");
    assert!(!log.contains("panicked") && !log.contains("\"ERROR\""));
}

#[tokio::test]
async fn what_redis_has_of_an_answer_is_told_only_if_it_is_one() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let user = json!({"name": "Ada"});
    let wallet = json!({"user_id": stack.http.user().await, "currency": "USD"});
    let mut redis = stack.redis.connect().await;
    stack.redis.flush().await;
    let ask = async || {
        let transfer = stack.http.transfer_with_key("k", source, target, 1).await;
        let user = stack.http.post_with_key("/users", "k", &user).await;
        let wallet = stack.http.post_with_key("/wallets", "k", &wallet).await;
        [transfer.status, user.status, wallet.status]
    };
    assert_eq!(ask().await, [201; 3]);
    let query = async |redis: &mut _| -> Vec<String> {
        let mut keys = redis::cmd("KEYS");
        let found = keys.arg("*:key:*").query_async(redis).await;
        found.expect("Redis answers")
    };
    let mut places = query(&mut redis).await;
    while places.len() < 3 {
        // Answers are stored beside what follows.
        places = query(&mut redis).await;
    }
    for place in &places {
        let mut get = redis::cmd("GET");
        let stored: Vec<u8> = get.arg(place).query_async(&mut redis).await.expect("Redis");
        let number = String::from_utf8_lossy(&stored[32..])
            .replace("\"balance\":0", "\"balance\":-9223372036854775808")
            .replace("\"held\":0", "\"held\":9223372036854775807");
        let overflowing = [&stored[..32], number.as_bytes()].concat();
        for value in spoilt(stored).into_iter().chain([overflowing]) {
            let mut set = redis::cmd("SET");
            set.arg(place).arg(&value);
            set.exec_async(&mut redis).await.expect("Redis answers");
            assert!(
                ask().await.iter().all(|status| *status < 500),
                "{}",
                value.escape_ascii()
            );
        }
    }
    let log = std::fs::read_to_string(&stack.log).expect("the server logs");
    assert!(!log.contains("panicked") && !log.contains("\"ERROR\""));
    stack.verify().await;
}

#[tokio::test]
async fn what_redis_has_of_an_answer_is_told_only_if_it_repeats_the_request() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let user = stack.http.user().await;
    for (path, body, told) in [
        (
            "/users",
            json!({"name": "Ada", "email": "a@b", "metadata": {"a": "b"}}),
            "name email reference metadata",
        ),
        (
            "/wallets",
            json!({"user_id": user, "currency": "USD", "initial_balance": 5, "reference": "r"}),
            "user_id currency balance held floor status version status_version reference metadata",
        ),
        (
            "/transfers",
            json!({"source_id": source, "target_id": target, "amount": 1, "currency": "USD"}),
            "source_id target_id amount currency reference metadata outcome source_version",
        ),
        (
            "/transfers",
            json!({"source_id": source, "target_id": target, "amount": 1_000, "reference": "r"}),
            "source_id target_id amount reference metadata outcome source_balance",
        ),
    ] {
        stack.redis.flush().await;
        let key = Uuid::new_v4().to_string();
        let ask = async || stack.http.post_with_key(path, &key, &body).await;
        let first = ask().await;
        let mut redis = stack.redis.connect().await;
        let place = answer_place(&mut redis, &key).await;
        let mut get = redis::cmd("GET");
        let stored: Vec<u8> = get
            .arg(&place)
            .query_async(&mut redis)
            .await
            .expect("Redis");
        for name in told.split(' ') {
            let mut other: Value = serde_json::from_slice(&stored[32..]).expect("JSON");
            other[name] = another(name, &other[name]);
            let other = [&stored[..32], other.to_string().as_bytes()].concat();
            let mut set = redis::cmd("SET");
            let set = set.arg(&place).arg(&other);
            set.exec_async(&mut redis).await.expect("Redis answers");
            let again = ask().await;
            let answer = |answer: &Answer| (answer.status, answer.body.clone());
            assert_eq!(answer(&again), answer(&first), "{path} {name}");
        }
    }
    assert_eq!(stack.http.balance(target).await, 1);
}

/// Where the answer to an idempotency key is. It is stored beside what follows.
async fn answer_place(redis: &mut MultiplexedConnection, key: &str) -> String {
    loop {
        let mut keys = redis::cmd("KEYS");
        let found = keys.arg(format!("*:key:*:{key}")).query_async(redis).await;
        let found: Vec<String> = found.expect("Redis answers");
        if let Some(place) = found.into_iter().next() {
            return place;
        }
    }
}

/// Another value that the member of an answer may have.
fn another(name: &str, value: &Value) -> Value {
    match (name, value) {
        // Of which value they are the request says nothing.
        ("source_version" | "source_balance", Value::Number(_)) => Value::Null,
        (_, Value::Number(number)) => json!(number.as_i64().expect("an integer") + 1),
        ("source_version" | "source_balance", _) => json!(7),
        ("metadata", _) => json!({"other": "metadata"}),
        ("currency", _) => json!("EUR"),
        ("status", _) => json!("frozen"),
        ("outcome", Value::String(word)) if word == "posted" => json!("insufficient_funds"),
        ("outcome", _) => json!("posted"),
        ("user_id" | "source_id" | "target_id", _) => json!(Uuid::new_v4()),
        _ => json!("another text"),
    }
}

/// A value as PostgreSQL sent it.
struct Raw(Type, Bytes);

impl FromSql<'_> for Raw {
    fn from_sql(sql: &Type, raw: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(sql.clone(), Bytes::copy_from_slice(raw)))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Reads a value that was spoilt on its way, and does with it what is done with a good one.
fn read(sql: &Type, raw: &[u8]) {
    match sql.name() {
        "wallet_result" => {
            drop(WalletResult::from_sql(sql, raw).map(|wallet| to_json(&WalletBody::from(&wallet))))
        }
        "transfer_result" => drop(TransferResult::from_sql(sql, raw).map(|transfer| {
            (
                to_json(&TransferBody::from(&transfer)),
                render::refusal(&transfer),
            )
        })),
        "user_result" => drop(UserResult::from_sql(sql, raw).map(|user| to_json(&user))),
        "key_result" => drop(KeyResult::from_sql(sql, raw).map(|key| to_json(&key))),
        "entry" => drop(Entry::from_sql(sql, raw).map(|entry| to_json(&entry))),
        "caller" => drop(Caller::from_sql(sql, raw)),
        "cache_state" => drop(CacheState::from_sql(sql, raw)),
        name => panic!("{name} is not read"),
    }
}

#[tokio::test]
async fn whatever_postgresql_says_is_a_value_or_an_error() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let posted = stack.http.transfer_with_key("k", source, target, 1).await;
    let (transfer, user) = (posted.id("id"), stack.http.user().await);
    let owner = stack.owner().await;
    for call in [
        format!("remit_v1.wallet_get(1, '{source}', null)"),
        format!("remit_v1.transfer_get(1, '{transfer}', null)"),
        format!("remit_v1.user_get(1, '{user}', null)"),
        format!("remit_v1.entry_list(1, '{source}', null, 1, null)"),
        "remit_v1.key_list(1, null, null, 1, null)".to_owned(),
        "remit_v1.keys_get(array[1], array(select sha256 from remit.keys limit 1))".to_owned(),
        "remit_ops_v1.cache_state()".to_owned(),
    ] {
        let row = owner
            .query_one(&format!("select r from {call} r"), &[])
            .await;
        let Raw(sql, raw) = row.unwrap_or_else(|error| panic!("{call}: {error}")).get(0);
        read(&sql, &raw);
        let mut runner = TestRunner::new(ProptestConfig::with_cases(1_000));
        let ran = runner.run(&input_of(vec![raw.to_vec()]), |raw| {
            read(&sql, &raw);
            Ok(())
        });
        ran.unwrap_or_else(|failure| panic!("{call}: {failure}"));
    }
}
