//! A client of Remit that sees answers as they are.

use std::net::Ipv4Addr;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::postgres::ADMIN_KEY;

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// A header; empty if absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("headers are ASCII"))
    }

    /// A member of the body that is an id.
    pub fn id(&self, member: &str) -> Uuid {
        let id = self.json()[member].as_str().and_then(|id| id.parse().ok());
        id.unwrap_or_else(|| panic!("no id in {member}: {self:?}"))
    }
}

/// A client of one server, with an API key unless it has none. Clones share connections.
#[derive(Clone)]
pub struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
    pub base: String,
    key: Option<String>,
}

impl Http {
    /// A client of whatever listens on this port of loopback, with the key of every test's
    /// database.
    pub fn new(port: u16) -> Self {
        Self::over(HttpConnector::new(), port)
    }

    /// The same from another address of loopback.
    pub fn from_address(port: u16, address: Ipv4Addr) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_local_address(Some(address.into()));
        Self::over(connector, port)
    }

    fn over(mut connector: HttpConnector, port: u16) -> Self {
        connector.set_nodelay(true);
        let mut client = Client::builder(TokioExecutor::new());
        // A call is one attempt.
        client.retry_canceled_requests(false);
        Self {
            client: client.build(connector),
            base: format!("http://127.0.0.1:{port}"),
            key: Some(ADMIN_KEY.to_owned()),
        }
    }

    /// The same with another key.
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..self.clone()
        }
    }

    /// The same key at another server, which the other client asks.
    pub fn at(&self, other: &Self) -> Self {
        Self {
            base: other.base.clone(),
            ..self.clone()
        }
    }

    /// The same without a key.
    pub fn without_key(&self) -> Self {
        Self {
            key: None,
            ..self.clone()
        }
    }

    /// Makes a key of another scope with this one, and gives a client that has it.
    pub async fn scoped(&self, scope: &str, user_id: Option<Uuid>) -> Self {
        let body = json!({"name": scope, "scope": scope, "user_id": user_id});
        let created = self.post("/keys", &body).await;
        assert_eq!(created.status, 201, "{created:?}");
        self.with_key(created.json()["key"].as_str().expect("a key is text"))
    }

    /// Sends anything, with the client's key unless the headers have one. Fails where there is no
    /// whole answer.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Answer, String> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let has_key = headers.iter().any(|(name, _)| *name == "authorization");
        if let Some(key) = self.key.as_ref().filter(|_| !has_key) {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let request = request.body(Full::new(body.into()));
        let request = request.map_err(|error| error.to_string())?;
        let answer = self.client.request(request).await;
        let (head, body) = answer.map_err(|error| format!("{error:?}"))?.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?;
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: body.to_bytes(),
        })
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        self.try_send(method, path, headers, body)
            .await
            .expect("the server answers")
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    /// A POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_bytes(path, &[], body.to_string()).await
    }

    /// A POST of JSON with an idempotency key.
    pub async fn post_with_key(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.post_bytes(path, &[("idempotency-key", key)], body.to_string())
            .await
    }

    /// A POST of bytes that claim to be JSON.
    pub async fn post_bytes(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let headers = [headers, &[("content-type", "application/json")]].concat();
        self.send(Method::POST, path, &headers, body).await
    }

    /// A new user's id.
    pub async fn user(&self) -> Uuid {
        let created = self.post("/users", &json!({"name": "Ann"})).await;
        assert_eq!(created.status, 201, "{created:?}");
        created.id("id")
    }

    /// The id of a new user's new wallet in USD.
    pub async fn wallet(&self, initial_balance: i64) -> Uuid {
        let body = json!({"user_id": self.user().await, "currency": "USD", "initial_balance": initial_balance});
        let created = self.post("/wallets", &body).await;
        assert_eq!(created.status, 201, "{created:?}");
        created.id("id")
    }

    /// Posts a transfer with a new key.
    pub async fn transfer(&self, source_id: Uuid, target_id: Uuid, amount: i64) -> Answer {
        let key = Uuid::new_v4().to_string();
        self.transfer_with_key(&key, source_id, target_id, amount)
            .await
    }

    /// Posts a transfer.
    pub async fn transfer_with_key(
        &self,
        key: &str,
        source_id: Uuid,
        target_id: Uuid,
        amount: i64,
    ) -> Answer {
        let answer = self.try_transfer(key, source_id, target_id, amount).await;
        answer.expect("the server answers")
    }

    /// Posts a transfer that may never be answered.
    ///
    /// # Errors
    /// It is not.
    pub async fn try_transfer(
        &self,
        key: &str,
        source_id: Uuid,
        target_id: Uuid,
        amount: i64,
    ) -> Result<Answer, String> {
        let body = json!({"source_id": source_id, "target_id": target_id, "amount": amount});
        let headers = [
            ("idempotency-key", key),
            ("content-type", "application/json"),
        ];
        self.try_send(Method::POST, "/transfers", &headers, body.to_string())
            .await
    }

    /// A number of `GET /metrics`, named with its labels; 0 where it is not there yet.
    pub async fn metric(&self, name: &str) -> f64 {
        let metrics = self.get("/metrics").await;
        let text = str::from_utf8(&metrics.body).expect("metrics are text");
        let mut values = text
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        values
            .next()
            .map_or(0.0, |value| value.parse().expect("a metric is a number"))
    }

    /// What `GET /wallets/{id}` says of the balance.
    pub async fn balance(&self, wallet_id: Uuid) -> i64 {
        let wallet = self.get(&format!("/wallets/{wallet_id}")).await;
        wallet.json()["balance"]
            .as_i64()
            .unwrap_or_else(|| panic!("no balance: {wallet:?}"))
    }
}
