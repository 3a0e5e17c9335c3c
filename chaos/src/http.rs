//! HTTP as a client of Remit speaks it: connections that are kept, one attempt a call.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{
    AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// nginx gives up after 15 s, and after 2 more where it cannot connect.
const ANSWER_S_MAX: u64 = 18;

type Link = SendRequest<Full<Bytes>>;

/// A request to make, as often as it takes.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: Method,
    pub path: String,
    pub key: Option<String>,
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
            body: None,
            twins: 1,
        }
    }

    /// A write under a key.
    pub fn post(path: &str, key: &str, body: Value) -> Self {
        Self {
            method: Method::POST,
            path: path.to_owned(),
            key: Some(key.to_owned()),
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

/// A server and the idle connections to it.
pub struct Http {
    port: u16,
    headers: HeaderMap,
    idle: Mutex<Vec<Link>>,
}

impl Http {
    /// A client with an API key.
    ///
    /// # Errors
    /// A key that does not fit into a header.
    pub fn new(port: u16, api_key: &str) -> Result<Self, String> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("localhost"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let bearer = HeaderValue::from_str(&format!("Bearer {api_key}"));
        headers.insert(AUTHORIZATION, bearer.map_err(|error| error.to_string())?);
        Ok(Self {
            port,
            headers,
            idle: Mutex::default(),
        })
    }

    /// One attempt.
    ///
    /// # Errors
    /// Nothing came back.
    pub async fn attempt(&self, call: &Call) -> Result<Reply, Lost> {
        timeout(Duration::from_secs(ANSWER_S_MAX), self.exchange(call))
            .await
            .unwrap_or(Err(Lost::Silence))
    }

    async fn exchange(&self, call: &Call) -> Result<Reply, Lost> {
        let lost = |error: hyper::Error| Lost::Connection(error.to_string());
        let mut link = self.link().await?;
        let response = link.send_request(self.request(call)?).await.map_err(lost)?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(lost)?.to_bytes();
        if !link.is_closed() {
            self.idle().push(link);
        }
        Ok(Reply {
            status: head.status.as_u16(),
            body: String::from_utf8_lossy(&body).into_owned(),
            has_retry_after: head.headers.contains_key(RETRY_AFTER),
        })
    }

    fn request(&self, call: &Call) -> Result<Request<Full<Bytes>>, Lost> {
        let body = call.body.as_ref().map(Value::to_string).unwrap_or_default();
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = call.method.clone();
        let path = call.path.parse();
        *request.uri_mut() = path.map_err(|_| Lost::Connection("no path".to_owned()))?;
        *request.headers_mut() = self.headers.clone();
        if let Some(key) = &call.key {
            let value = HeaderValue::from_str(key);
            let value = value.map_err(|_| Lost::Connection("no header".to_owned()))?;
            request.headers_mut().insert(IDEMPOTENCY_KEY, value);
        }
        Ok(request)
    }

    /// An idle connection, or a new one.
    async fn link(&self) -> Result<Link, Lost> {
        loop {
            let Some(mut link) = self.idle().pop() else {
                break;
            };
            if link.ready().await.is_ok() {
                return Ok(link);
            }
        }
        let lost = |error: &dyn std::error::Error| Lost::Connection(error.to_string());
        let stream = TcpStream::connect(("127.0.0.1", self.port))
            .await
            .map_err(|error| lost(&error))?;
        let _ = stream.set_nodelay(true);
        let (link, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| lost(&error))?;
        tokio::spawn(connection);
        Ok(link)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Link>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
