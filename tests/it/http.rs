//! A server process of a test's own, and a client that sees answers as they are.

use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::problems::assert_shape;
use crate::support::free_port;
use crate::support::poll::eventually;
use crate::support::postgres::ADMIN_KEY;

/// A debug build on a busy machine may take this long to start.
const START_MAX: Duration = Duration::from_secs(20);

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

    /// Status and problem code, which is empty where there is none.
    pub fn problem(&self) -> (u16, String) {
        if self.header("content-type") != "application/problem+json" {
            return (self.status, String::new());
        }
        assert_shape(self);
        let code = self.json()["code"].as_str().map(str::to_owned);
        (self.status, code.unwrap_or_default())
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
    /// A client of whatever listens on this port of loopback, with the key of every test's database.
    pub fn new(port: u16) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            base: format!("http://127.0.0.1:{port}"),
            key: Some(ADMIN_KEY.to_owned()),
        }
    }

    /// The same from another address of loopback.
    pub fn from_address(port: u16, address: Ipv4Addr) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_local_address(Some(address.into()));
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            ..Self::new(port)
        }
    }

    /// The same with another key.
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..self.clone()
        }
    }

    /// The same key at another server.
    pub fn at(&self, server: &Server) -> Self {
        Self {
            base: server.http.base.clone(),
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

    /// Sends anything, with the client's key unless the headers have one. Fails where there is no whole answer.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Answer, hyper_util::client::legacy::Error> {
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
        let request = request
            .body(Full::new(body.into()))
            .expect("the test sends a good request");
        let (head, body) = self.client.request(request).await?.into_parts();
        let body = body
            .collect()
            .await
            .map_or_else(|_| Bytes::new(), |body| body.to_bytes());
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
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
        let body = json!({"source_id": source_id, "target_id": target_id, "amount": amount});
        self.post_with_key("/transfers", key, &body).await
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

/// A running `remit serve`, killed at the end.
pub struct Server {
    pub port: u16,
    pub http: Http,
    child: Child,
}

impl Server {
    /// Starts the program with these variables and waits until it answers. Its log goes to a file.
    pub async fn start(program: &str, variables: &[(&str, String)], log: &std::path::Path) -> Self {
        let port = free_port();
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(log)
            .expect("the folder is writable");
        let mut child = Command::new(program)
            .arg("serve")
            .env_clear()
            .env("REMIT_LISTEN", format!("127.0.0.1:{port}"))
            .envs(variables.iter().map(|(name, value)| (*name, value)))
            .stdout(log.try_clone().expect("a file can be cloned"))
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .expect("the program was built");
        let http = Http::new(port);
        eventually(START_MAX, "the server answers", async || {
            let ended = child.try_wait().expect("the process is ours");
            assert!(ended.is_none(), "the server ended; see its log");
            http.try_send(Method::GET, "/healthz", &[], "").await.ok()
        })
        .await;
        Self { port, http, child }
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{signal}"), &self.child.id().to_string()])
            .status();
        assert!(
            sent.is_ok_and(|status| status.success()),
            "the server is there"
        );
    }

    /// Dies at once, as the machine might.
    pub fn kill(&mut self) {
        self.child.kill().expect("the server is there");
        self.child.wait().expect("it was killed");
    }

    /// Whether the process has ended, and well.
    pub fn ended_well(&mut self) -> Option<bool> {
        let status = self.child.try_wait().expect("the process is ours");
        status.map(|status| status.success())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
