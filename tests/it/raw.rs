//! Requests byte by byte, for what no HTTP library would send.

use std::net::Ipv4Addr;
use std::time::Duration;

use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use testbed::http::Answer;
use testbed::poll::SOON;
use testbed::postgres::ADMIN_KEY;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer usually takes at most.
const ANSWER_USUAL: Duration = Duration::from_millis(300);

/// The header with the key of every test's database.
pub fn authorization() -> String {
    format!("Authorization: Bearer {ADMIN_KEY}\r\n")
}

/// The head of a request of JSON, with the key of every test's database. More headers end with
/// CRLF.
pub fn head(method: &str, path: &str, headers: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{}{headers}\r\n",
        authorization()
    )
}

/// The head of a POST of JSON after which the server closes the connection. More headers end with
/// CRLF.
pub fn post_head(path: &str, headers: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         {}Content-Type: application/json\r\n{headers}\r\n",
        authorization()
    )
}

/// Sends bytes and gives the answer.
pub async fn send(port: u16, request: &[u8]) -> Answer {
    let answer = exchange(port, request, false).await;
    answer.expect("the server answers")
}

/// Sends bytes and ends its side of the connection. The server may answer, or take the client for
/// gone.
pub async fn send_and_end(port: u16, request: &[u8]) -> Option<Answer> {
    exchange(port, request, true).await
}

/// Sends bytes that may hold no request, one, several or a part of one, and gives all whole
/// answers.
pub async fn send_for_all(port: u16, bytes: &[u8]) -> Vec<Answer> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        .await
        .expect("the server listens");
    let _ = stream.write_all(bytes).await;
    let (mut received, mut chunk) = (Vec::new(), [0; 4_096]);
    // Who ends his side too soon may be taken for gone; who does not end it waits for a request
    // that never is whole.
    let mut limit = ANSWER_USUAL;
    loop {
        match timeout(limit, stream.read(&mut chunk)).await {
            Ok(Ok(length @ 1..)) => received.extend_from_slice(&chunk[..length]),
            Err(_) if limit == ANSWER_USUAL => {
                limit = SOON;
                let _ = stream.shutdown().await;
            }
            _ => return split(&received),
        }
    }
}

/// The answers in a stream.
fn split(mut received: &[u8]) -> Vec<Answer> {
    let mut answers = Vec::new();
    while let Some(mut answer) = parse(received) {
        let length = answer.header("content-length").parse().unwrap_or(0);
        let head = received.len() - answer.body.len();
        if answer.body.len() < length {
            break;
        }
        answer.body.truncate(length);
        received = &received[head + length..];
        answers.push(answer);
    }
    answers
}

async fn exchange(port: u16, request: &[u8], ends: bool) -> Option<Answer> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        .await
        .expect("the server listens");
    // The server may refuse before it has read all.
    let _ = stream.write_all(request).await;
    if ends {
        let _ = stream.shutdown().await;
    }
    let mut received = Vec::new();
    let mut chunk = [0; 4_096];
    while let Ok(length @ 1..) = read(&mut stream, &mut chunk).await {
        received.extend_from_slice(&chunk[..length]);
    }
    parse(&received)
}

async fn read(stream: &mut TcpStream, chunk: &mut [u8]) -> std::io::Result<usize> {
    timeout(SOON + Duration::from_secs(10), stream.read(chunk))
        .await
        .expect("the server ends the connection")
}

/// A connection that stays open until one side has had enough.
pub struct Connection(TcpStream);

impl Connection {
    /// To a port of loopback.
    pub async fn open(port: u16) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
        Self(stream.expect("the server listens"))
    }

    /// Sends bytes.
    pub async fn send(&mut self, bytes: &[u8]) {
        let sent = self.0.write_all(bytes).await;
        sent.expect("the server reads");
    }

    /// Sends bytes, unless the server has closed the connection.
    pub async fn try_send(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes).await;
    }

    /// Reads these bytes.
    pub async fn expect(&mut self, bytes: &[u8]) {
        let mut received = vec![0; bytes.len()];
        let read = timeout(SOON, self.0.read_exact(&mut received)).await;
        read.expect("the server writes").expect("it does not close");
        assert_eq!(received, bytes, "{}", received.escape_ascii());
    }

    /// Reads an answer that says how long it is. None when the server closes the connection
    /// instead.
    pub async fn receive(&mut self) -> Option<Answer> {
        let mut received = Vec::new();
        let mut chunk = [0; 4_096];
        loop {
            let answer = parse(&received);
            if let Some(answer) = answer
                && answer.header("content-length") == answer.body.len().to_string()
            {
                return Some(answer);
            }
            match read(&mut self.0, &mut chunk).await {
                Ok(0) | Err(_) => return None,
                Ok(length) => received.extend_from_slice(&chunk[..length]),
            }
        }
    }

    /// Whether the server has closed the connection, or does so in time.
    pub async fn is_closed_within(&mut self, limit: Duration) -> bool {
        let read = timeout(limit, self.0.read(&mut [0])).await;
        matches!(read, Ok(Ok(0) | Err(_)))
    }
}

/// Sends bytes and gives the answer, whether or not the server then closes the connection.
pub async fn ask(port: u16, request: &[u8]) -> Answer {
    let mut connection = Connection::open(port).await;
    connection.send(request).await;
    let answer = connection.receive().await;
    answer.unwrap_or_else(|| panic!("no answer to {}", request.escape_ascii()))
}

fn parse(received: &[u8]) -> Option<Answer> {
    let end = received.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = str::from_utf8(&received[..end]).expect("heads are ASCII");
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: HeaderMap = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| {
            let name = name.parse::<HeaderName>().expect("a header's name");
            (
                name,
                HeaderValue::from_str(value).expect("headers are ASCII"),
            )
        })
        .collect();
    Some(Answer {
        status,
        headers,
        body: Bytes::copy_from_slice(&received[end + 4..]),
    })
}
