//! An endpoint for webhooks, as a client of Remit runs it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use testbed::poll::{SOON, eventually};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use uuid::Uuid;

/// What came.
#[derive(Debug, Clone)]
pub struct Message {
    pub headers: BTreeMap<String, String>,
    pub raw: Vec<u8>,
    pub body: Value,
}

impl Message {
    /// The event's, which is the same at each attempt.
    pub fn id(&self) -> Uuid {
        self.headers["webhook-id"].parse().unwrap()
    }

    pub fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap()
    }

    /// The versions that a transfer gave its wallets.
    pub fn versions(&self) -> Vec<(Uuid, i64)> {
        let data = &self.body["data"];
        let version = |side: &str| {
            let id = data[format!("{side}_id")].as_str()?.parse().ok()?;
            Some((id, data[format!("{side}_version")].as_i64()?))
        };
        ["source", "target"]
            .into_iter()
            .filter_map(version)
            .collect()
    }
}

/// How it answers.
#[derive(Debug, Clone, Copy)]
pub struct Reply {
    pub status: u16,
    pub delay: Duration,
}

impl Reply {
    pub fn of(status: u16) -> Self {
        let delay = Duration::ZERO;
        Self { status, delay }
    }
}

type Behaviour = dyn Fn(&Message) -> Reply + Send + Sync;

/// A receiver that keeps what it gets.
pub struct Receiver {
    pub port: u16,
    messages: Arc<Mutex<Vec<Message>>>,
    behaviour: Arc<Mutex<Arc<Behaviour>>>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// One that answers 204.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let messages = Arc::default();
        let behaviour: Arc<Behaviour> = Arc::new(|_| Reply::of(204));
        let behaviour = Arc::new(Mutex::new(behaviour));
        let task = tokio::spawn(serve(
            listener,
            Arc::clone(&messages),
            Arc::clone(&behaviour),
        ));
        Self {
            port,
            messages,
            behaviour,
            task,
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// Lets it answer otherwise from now on.
    pub fn answer(&self, behaviour: impl Fn(&Message) -> Reply + Send + Sync + 'static) {
        *self.behaviour.lock().unwrap() = Arc::new(behaviour);
    }

    /// What it got so far, in its order.
    pub fn messages(&self) -> Vec<Message> {
        self.messages.lock().unwrap().clone()
    }

    /// Waits until it has so many different events of transfers.
    pub async fn await_transfers(&self, count: usize) -> Vec<Message> {
        let what = format!("{count} transfers at a webhook");
        eventually(SOON, &what, async || {
            let mut messages = self.messages();
            messages.retain(|message| message.kind() == "transfer.posted");
            let mut ids: Vec<Uuid> = messages.iter().map(Message::id).collect();
            ids.sort_unstable();
            ids.dedup();
            (ids.len() >= count).then_some(messages)
        })
        .await
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    listener: TcpListener,
    messages: Arc<Mutex<Vec<Message>>>,
    behaviour: Arc<Mutex<Arc<Behaviour>>>,
) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(talk(stream, Arc::clone(&messages), Arc::clone(&behaviour)));
    }
}

/// One connection.
pub async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    messages: Arc<Mutex<Vec<Message>>>,
    behaviour: Arc<Mutex<Arc<Behaviour>>>,
) {
    let service = service_fn(|request: Request<Incoming>| {
        let (messages, behaviour) = (Arc::clone(&messages), Arc::clone(&behaviour));
        async move {
            let message = read(request).await;
            let behaviour = Arc::clone(&behaviour.lock().unwrap());
            let reply = behaviour(&message);
            messages.lock().unwrap().push(message);
            sleep(reply.delay).await;
            let response = Response::builder()
                .status(reply.status)
                .header("location", "http://127.0.0.1:1/elsewhere")
                .body(Full::new(Bytes::from_static(b"thanks")));
            Ok::<_, Infallible>(response.unwrap())
        }
    });
    // The other side may have ended.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn read(request: Request<Incoming>) -> Message {
    let (head, body) = request.into_parts();
    assert_eq!(head.method, "POST");
    let raw = body.collect().await.unwrap().to_bytes().to_vec();
    let headers = head.headers.iter().map(|(name, value)| {
        let value = value.to_str().unwrap().to_owned();
        (name.as_str().to_owned(), value)
    });
    Message {
        headers: headers.collect(),
        body: serde_json::from_slice(&raw).unwrap(),
        raw,
    }
}

/// A listener that accepts, reads, and sends this, a byte a second.
pub async fn drip(text: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4_096]).await;
                for byte in text.bytes() {
                    if stream.write_all(&[byte]).await.is_err() {
                        return;
                    }
                    sleep(Duration::from_secs(1)).await;
                }
            });
        }
    });
    port
}
