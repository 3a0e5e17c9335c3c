//! Posts a message to a URL, and connects to no address that was not checked.
//!
//! A name is resolved for each attempt, and the connection goes to an address of that answer. So a
//! name that is public when it is checked and private a moment later leads nowhere. Each attempt
//! has a connection of its own, and no answer leads to another address: redirects are failures.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use remit::base::tls::Tls;
use remit::types::WebhookOutcome;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

use super::address::Networks;

/// From the resolution of the name to the end of the answer.
const ATTEMPT_MS_MAX: u64 = 10_000;
/// To one address; a name may have several.
const CONNECT_MS_MAX: u64 = 3_000;
/// Of a name's.
const ADDRESSES_MAX: usize = 3;
/// Of the answer, which nobody reads.
const ANSWER_BYTES_MAX: usize = 4_096;
const HEAD_BYTES_MAX: usize = 16_384;

/// What became of an attempt: a word, and the status if there was an answer.
pub type Outcome = (WebhookOutcome, Option<i32>);

/// Finds the addresses of a name.
type Resolver = dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync;

/// What may be reached, and how.
pub struct Client {
    pub tls: Tls,
    /// Networks beside the public ones.
    pub networks: Networks,
    /// Whether URLs of http are allowed.
    pub allows_http: bool,
    resolver: Arc<Resolver>,
}

impl Client {
    /// With the system's resolver.
    pub fn new(tls: Tls, networks: Networks, allows_http: bool) -> Self {
        Self::with_resolver(tls, networks, allows_http, |name| {
            Box::pin(async move {
                Ok(lookup_host((name, 0))
                    .await?
                    .map(|found| found.ip())
                    .collect())
            })
        })
    }

    /// With another one.
    pub fn with_resolver(
        tls: Tls,
        networks: Networks,
        allows_http: bool,
        resolver: impl Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            tls,
            networks,
            allows_http,
            resolver: Arc::new(resolver),
        }
    }

    /// Posts a message once.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Outcome {
        let deadline = Instant::now() + Duration::from_millis(ATTEMPT_MS_MAX);
        let attempt = self.attempt(url, headers, body, deadline);
        match timeout_at(deadline, attempt).await {
            Ok(Ok(status)) => (of_status(status), Some(i32::from(status))),
            Ok(Err(outcome)) => (outcome, None),
            Err(_) => (WebhookOutcome::TimedOut, None),
        }
    }

    async fn attempt(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
        deadline: Instant,
    ) -> Result<u16, WebhookOutcome> {
        let uri: Uri = url.parse().map_err(|_| WebhookOutcome::Unresolved)?;
        let is_tls = uri.scheme_str() == Some("https");
        if !is_tls && !self.allows_http {
            return Err(WebhookOutcome::Insecure);
        }
        let host = uri.host().ok_or(WebhookOutcome::Unresolved)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let stream = self.connect(host, port).await?;
        let request = request(&uri, headers, body).ok_or(WebhookOutcome::Broken)?;
        if is_tls {
            let stream = self.tls.connect(host, stream).await;
            let stream = stream.map_err(|_| WebhookOutcome::TlsFailed)?;
            exchange(stream, request, deadline).await
        } else {
            exchange(stream, request, deadline).await
        }
    }

    /// Opens a connection to an address of the name that may be reached.
    async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, WebhookOutcome> {
        let found = match host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => (self.resolver)(host.to_owned())
                .await
                .map_err(|_| WebhookOutcome::Unresolved)?,
        };
        if found.is_empty() {
            return Err(WebhookOutcome::Unresolved);
        }
        let allowed = found
            .into_iter()
            .filter(|address| self.networks.allow(*address));
        let mut outcome = WebhookOutcome::AddressForbidden;
        for address in allowed.take(ADDRESSES_MAX) {
            outcome = WebhookOutcome::Unreachable;
            let connecting = TcpStream::connect(SocketAddr::new(address, port));
            if let Ok(Ok(stream)) = timeout(Duration::from_millis(CONNECT_MS_MAX), connecting).await
            {
                return Ok(stream);
            }
        }
        Err(outcome)
    }
}

fn request(
    uri: &Uri,
    headers: &[(&'static str, String)],
    body: Vec<u8>,
) -> Option<Request<Full<Bytes>>> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::post(path)
        .header(HOST, uri.authority()?.as_str())
        .header(CONTENT_TYPE, "application/json")
        .header(
            USER_AGENT,
            concat!("remit-worker/", env!("CARGO_PKG_VERSION")),
        )
        .header(CONNECTION, "close");
    for (name, value) in headers {
        // A traceparent may be any text.
        if let Ok(value) = HeaderValue::from_str(value) {
            request = request.header(*name, value);
        }
    }
    request.body(Full::new(body.into())).ok()
}

/// Sends the request and reads the answer's status. What follows the head is read, so that the
/// other side gets rid of it, and dropped.
async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
    deadline: Instant,
) -> Result<u16, WebhookOutcome> {
    let broken = |_| WebhookOutcome::Broken;
    let handshake = http1::Builder::new()
        .max_buf_size(HEAD_BYTES_MAX)
        .handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(broken)?;
    let exchanged = async {
        let response = sender.send_request(request).await.map_err(broken)?;
        let status = response.status().as_u16();
        // The status decides, also where the body takes longer than there is time.
        let _ = timeout_at(deadline - MARGIN, drain(response)).await;
        Ok(status)
    };
    // The connection is driven here, and not in a task of its own: it ends with the attempt.
    tokio::pin!(exchanged);
    tokio::select! {
        result = &mut exchanged => return result,
        _ = connection => {}
    }
    exchanged.await
}

/// Before the end of the attempt, which a status that was read must not miss.
const MARGIN: Duration = Duration::from_millis(100);

async fn drain(response: Response<Incoming>) {
    let (mut body, mut bytes) = (response.into_body(), 0);
    while let Some(Ok(frame)) = body.frame().await {
        bytes += frame.data_ref().map_or(0, Bytes::len);
        if bytes >= ANSWER_BYTES_MAX {
            break;
        }
    }
}

fn of_status(status: u16) -> WebhookOutcome {
    match status {
        200..=299 => WebhookOutcome::Delivered,
        300..=399 => WebhookOutcome::Redirected,
        _ => WebhookOutcome::Refused,
    }
}
