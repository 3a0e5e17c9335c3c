//! Helpers for tests of the feed: what the relay does, and a reader of a stream.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde_json::Value;
use testbed::poll::SOON;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::raw::authorization;
use crate::stack::Stack;

/// What the active relay does: it takes events to the logs, as often as it does. Ends when dropped.
pub struct Appending(JoinHandle<()>);

impl Appending {
    pub async fn start(stack: &Stack) -> Self {
        let session = stack.owner().await;
        Self(tokio::spawn(async move {
            loop {
                let append = "select remit_worker_v1.outbox_append(1000)";
                session.batch_execute(append).await.expect("it appends");
                sleep(Duration::from_millis(20)).await;
            }
        }))
    }
}

impl Drop for Appending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Takes what is in the outbox to the logs.
pub async fn append(stack: &Stack) {
    let append = "select remit_worker_v1.outbox_append(10000)";
    let appended = stack.owner().await.batch_execute(append).await;
    appended.expect("the owner may do anything");
}

/// An event as a stream tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub id: i64,
    pub kind: String,
    pub data: Value,
}

/// A reader of a stream. It asks in HTTP 1.0, so that nothing stands between the parts.
pub struct Reader {
    stream: TcpStream,
    received: String,
    pub head: String,
}

impl Reader {
    /// With the key of every test's database. More headers end with CRLF.
    pub async fn open(port: u16, path: &str, headers: &str) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
        let headers = format!("{}{headers}", authorization());
        Self::ask(stream.expect("it listens"), path, &headers).await
    }

    /// One whose system keeps next to nothing for it.
    pub async fn open_small(port: u16, path: &str) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4_096).expect("a small buffer");
        let stream = socket.connect((Ipv4Addr::LOCALHOST, port).into()).await;
        Self::ask(stream.expect("it listens"), path, &authorization()).await
    }

    /// With these headers alone.
    pub async fn ask(mut stream: TcpStream, path: &str, headers: &str) -> Self {
        let request = format!("GET {path} HTTP/1.0\r\nHost: x\r\n{headers}\r\n");
        let sent = stream.write_all(request.as_bytes()).await;
        sent.expect("the server reads");
        let mut reader = Self {
            stream,
            received: String::new(),
            head: String::new(),
        };
        reader.head = reader.until("\r\n\r\n").await.expect("there is a head");
        reader
    }

    /// What comes before a mark. None: the stream has ended.
    async fn until(&mut self, mark: &str) -> Option<String> {
        loop {
            if let Some((before, after)) = self.received.split_once(mark) {
                let before = before.to_owned();
                self.received = after.to_owned();
                return Some(before);
            }
            let mut chunk = [0; 4_096];
            let limit = SOON + Duration::from_secs(15);
            let length = timeout(limit, self.stream.read(&mut chunk)).await;
            match length.expect("the stream goes on") {
                Ok(length @ 1..) => self
                    .received
                    .push_str(&String::from_utf8_lossy(&chunk[..length])),
                _ => return None,
            }
        }
    }

    /// The next event or, where it is but an id, what comes with it. None: the stream has ended.
    pub async fn part(&mut self) -> Option<String> {
        self.until("\n\n").await
    }

    /// The next event. None: the stream has ended.
    pub async fn event(&mut self) -> Option<Told> {
        loop {
            let part = self.part().await?;
            let lines = part.lines().filter_map(|line| line.split_once(": "));
            let field = |wanted| {
                let mut lines = lines.clone().filter(|(name, _)| *name == wanted);
                lines.next().map(|(_, value)| value)
            };
            if let (Some(id), Some(kind), Some(data)) = (field("id"), field("event"), field("data"))
            {
                return Some(Told {
                    id: id.parse().expect("a position"),
                    kind: kind.to_owned(),
                    data: serde_json::from_str(data).expect("JSON"),
                });
            }
        }
    }
}
