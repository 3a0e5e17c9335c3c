//! HTTP as a client of Remit speaks it: one attempt a call.

use std::time::Duration;

use hyper::Method;
use serde_json::Value;
use tokio::time::timeout;

/// nginx gives up after 15 s, and after 2 more where it cannot connect.
const ANSWER_S_MAX: u64 = 18;

/// A request to make, as often as it takes.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: Method,
    pub path: String,
    pub key: Option<String>,
    pub if_match: Option<String>,
    pub body: Option<Value>,
    /// How many requests of this key may be under way.
    pub twins: u64,
}

impl Call {
    /// A read.
    pub fn get(path: String) -> Self {
        Self {
            method: Method::GET,
            path,
            key: None,
            if_match: None,
            body: None,
            twins: 1,
        }
    }

    /// Whether it may change anything.
    pub fn is_write(&self) -> bool {
        self.method == Method::POST
    }

    /// A write under a key.
    pub fn post(path: &str, key: &str, body: Value) -> Self {
        Self {
            method: Method::POST,
            path: path.to_owned(),
            key: Some(key.to_owned()),
            if_match: None,
            body: Some(body),
            twins: 1,
        }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub body: String,
    pub has_retry_after: bool,
}

impl Reply {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// Why nothing came back. What was asked may have been done.
#[derive(Debug, Clone)]
pub enum Lost {
    /// The connection could not be made, or ended.
    Connection(String),
    /// Nothing happened for so long.
    Silence,
}

/// A server, asked with an API key.
pub struct Http(testbed::http::Http);

impl Http {
    /// On a port of loopback.
    pub fn new(port: u16, api_key: &str) -> Self {
        Self(testbed::http::Http::new(port).with_key(api_key))
    }

    /// One attempt.
    ///
    /// # Errors
    /// Nothing came back.
    pub async fn attempt(&self, call: &Call) -> Result<Reply, Lost> {
        let body = call.body.as_ref().map(Value::to_string).unwrap_or_default();
        let key = call.key.as_deref().map(|key| ("idempotency-key", key));
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(key);
        let tag = call.if_match.as_deref().map(|tag| ("if-match", tag));
        headers.extend(tag);
        let method = call.method.clone();
        let sent = self.0.try_send(method, &call.path, &headers, body);
        let Ok(answer) = timeout(Duration::from_secs(ANSWER_S_MAX), sent).await else {
            return Err(Lost::Silence);
        };
        let answer = answer.map_err(Lost::Connection)?;
        Ok(Reply {
            status: answer.status,
            body: String::from_utf8_lossy(&answer.body).into_owned(),
            has_retry_after: answer.headers.contains_key("retry-after"),
        })
    }
}
