//! Bodies that are wrong in every way: refused, nothing written, nothing told, and the server goes
//! on.

use hyper::body::Bytes;
use serde_json::{Value, json};
use testbed::http::Answer;
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

/// In every body that these tests send; in no answer.
const SECRET: &str = "s3cr3t";
/// Words of the parts behind the answer.
const INSIDE: [&str; 9] = [
    "remit.",
    "remit_v1",
    "pg_",
    "select",
    "insert",
    "constraint",
    "serde",
    "column ",
    "panicked",
];

/// A server, what it holds, and good bodies to spoil.
pub struct Bodies {
    stack: Stack,
    counts: [i64; 4],
    pub good: [(&'static str, Value); 3],
}

impl Bodies {
    /// A server, and a good body for each route that takes one.
    pub async fn start() -> Self {
        let stack = Stack::start().await;
        let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
        let labels = json!({"reference": SECRET, "metadata": {"a": SECRET}});
        let mut good = [
            (
                "/users",
                json!({"name": SECRET, "email": "s3cr3t@example.com"}),
            ),
            (
                "/wallets",
                json!({"user_id": stack.http.user().await, "currency": "USD",
                                "initial_balance": 1, "floor": 0}),
            ),
            (
                "/transfers",
                json!({"source_id": source, "target_id": target, "amount": 1, "currency": "USD"}),
            ),
        ];
        for (_, body) in &mut good {
            for (name, value) in labels.as_object().expect("it is one") {
                body[name] = value.clone();
            }
        }
        let counts = counts(&stack).await;
        Self {
            stack,
            counts,
            good,
        }
    }

    /// Asserts how a body is refused.
    pub async fn refuse(&self, path: &str, body: impl Into<Bytes>, expected: (u16, &str, &str)) {
        let body = body.into();
        let key = Uuid::new_v4().to_string();
        let answer = self
            .stack
            .http
            .post_bytes(path, &[("idempotency-key", &key)], body.clone())
            .await;
        let what = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        assert_refused(&answer, expected, &format!("{path} {what}"));
    }

    /// Asserts that one member with another value, given as JSON text, is refused.
    pub async fn refuse_value(
        &self,
        path: &str,
        member: &str,
        text: &str,
        status: u16,
        code: &str,
    ) {
        let body = self.with(path, member, text);
        self.refuse(path, body, (status, code, &format!("/{member}")))
            .await;
    }

    /// The good body with another value, given as JSON text, in one member.
    fn with(&self, path: &str, member: &str, text: &str) -> String {
        let mut body = self.good(path).clone();
        body[member] = json!("THE VALUE");
        body.to_string().replacen("\"THE VALUE\"", text, 1)
    }

    pub fn good(&self, path: &str) -> &Value {
        let good = self.good.iter().find(|(route, _)| *route == path);
        &good.expect("the route takes a body").1
    }

    /// Asserts that nothing was written and that the server goes on.
    pub async fn end(self) {
        assert_eq!(counts(&self.stack).await, self.counts);
        for (path, body) in &self.good {
            let made = self.stack.http.post_with_key(path, "k", body).await;
            assert_eq!(made.status, 201, "{made:?}");
        }
        self.stack.verify().await;
    }
}

fn assert_refused(answer: &Answer, (status, code, pointer): (u16, &str, &str), what: &str) {
    assert_eq!(answer.problem(), (status, code.to_owned()), "{what}");
    let pointed = answer.json()["pointer"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert_eq!(pointed, pointer, "{what}");
    let text = String::from_utf8_lossy(&answer.body).to_lowercase();
    for word in INSIDE.iter().chain([&SECRET]) {
        assert!(!text.contains(word), "{what} is answered with {word}");
    }
}

async fn counts(stack: &Stack) -> [i64; 4] {
    [
        stack.count("users").await,
        stack.count("wallets").await,
        stack.count("transfers").await,
        stack.journal_events().await,
    ]
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    let bodies = Bodies::start().await;
    for (path, good) in &bodies.good {
        let good = good.to_string();
        let mut wrong: Vec<Vec<u8>> = (0..good.len())
            .step_by(9)
            .map(|end| good.as_bytes()[..end].to_vec())
            .collect();
        let utf16 = good.encode_utf16().flat_map(u16::to_be_bytes);
        wrong.push(utf16.collect());
        wrong.push(good.replace(SECRET, "\u{1}").into_bytes());
        wrong.push(good.replace(SECRET, "\0").into_bytes());
        wrong.push(good.replace(SECRET, "\\x").into_bytes());
        wrong.push(good.replace('"', "'").into_bytes());
        wrong.push(good.replace('}', ",}").into_bytes());
        wrong.push(format!("\u{feff}{good}").into_bytes());
        wrong.push(format!("{good}{good}").into_bytes());
        wrong.push(format!("{good} //").into_bytes());
        wrong.push(
            good.replace(SECRET, "\u{7f}")
                .bytes()
                .map(|byte| if byte == 0x7f { 0xff } else { byte })
                .collect(),
        );
        wrong.push("[".repeat(16_000).into_bytes());
        wrong.push("{\"a\":".repeat(3_000).into_bytes());
        for number in ["NaN", "0x10", "01", "+1", "1.", ".5", "Infinity"] {
            wrong.push(format!("{{\"amount\":{number}}}").into_bytes());
        }
        for body in wrong {
            bodies.refuse(path, body, (400, "malformed_json", "")).await;
        }
    }
    bodies.end().await;
}

#[tokio::test]
async fn what_is_not_one_object_with_each_member_once_is_refused() {
    let bodies = Bodies::start().await;
    for (path, good) in &bodies.good {
        let good = good.to_string();
        let twice = format!("{},\"reference\":\"other\"}}", &good[..good.len() - 1]);
        let lone = format!("{},\"\\ud800\":1}}", &good[..good.len() - 1]);
        let deep = format!("{}{}", "[".repeat(8_000), "]".repeat(8_000));
        for body in [
            "[]",
            "null",
            "1",
            "\"x\"",
            "true",
            &format!("[{good}]"),
            &lone,
            &deep,
        ] {
            bodies
                .refuse(path, body.to_owned(), (400, "malformed_body", ""))
                .await;
        }
        let repeated = (400, "malformed_body", "/reference");
        bodies.refuse(path, twice, repeated).await;
        // The first of them, by the name that the client gave it.
        for (member, pointer) in [("stranger", "/stranger"), ("a/b~c\\n", "/a~1b~0c\n")] {
            let start = &good[..good.len() - 1];
            let unknown = format!("{start},\"{member}\":\"s3cr3t\",\"other\":1}}");
            let expected = (400, "unknown_field", pointer);
            bodies.refuse(path, unknown, expected).await;
        }
    }
    bodies.end().await;
}
