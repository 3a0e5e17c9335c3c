//! The HTTP server: accepts connections, and gives each request its id, its time and its answer.
//!
//! When it is to end, it says so while it still listens:
//!
//! 1. For `FAREWELL_MS` it works on. `/readyz` is 503, and each answer ends its connection. So a
//!    balancer uses its connections up, or closes those that are idle.
//! 2. It stops listening. Who was waiting to be accepted is served. New clients are refused, which
//!    a balancer may take for a reason to ask another server, whatever the request.
//! 3. It ends when the requests in flight have been answered, or after `SHUTDOWN_MS_MAX`.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::base::panics;
use crate::http::answer::{Answer, Body};
use crate::http::app::App;
use crate::http::feed::WAIT_MAX;
use crate::http::handlers::handle;
use crate::http::problem::{Problem, internal, unavailable};
use crate::http::route::Route;
use crate::http::stream::Cut;

/// Shorter than nginx's `proxy_read_timeout`, 15 s. Longer than PostgreSQL's `statement_timeout`,
/// 5 s.
const REQUEST_MS_MAX: u64 = 10_000;
/// How long a request's head may take to arrive.
const HEAD_MS_MAX: u64 = 5_000;
/// The head with all its headers; nginx passes on no more.
const HEAD_BYTES_MAX: usize = 16_384;
/// Open connections. Beyond it new ones wait to be accepted.
const CONNECTIONS_MAX: usize = 16_384;
/// Connections that wait to be accepted; Linux takes no more by default. A client that finds no
/// place tries again after a second. With the usual 1,024 places that happens to every client above
/// the thousandth of those that come at once.
const WAITING_CONNECTIONS_MAX: u32 = 4_096;
/// File descriptors that are not clients: the pools, the log, the listener.
const OTHER_DESCRIPTORS: u64 = 256;
/// Longer than nginx keeps an idle connection to a server (`keepalive_timeout`), and than it leaves
/// out another one that is back (`fail_timeout`).
const FAREWELL_MS: u64 = 2_500;
/// How long the first request may take to arrive on a connection that was opened last.
const LAST_REQUESTS_MS: u64 = 100;
/// How long requests in flight have to end after that; longer than `REQUEST_MS_MAX`.
const SHUTDOWN_MS_MAX: u64 = 12_000;
/// After a failed accept, such as for want of file descriptors.
const ACCEPT_PAUSE_MS: u64 = 50;

const REQUEST_ID_HEADER: &str = "x-request-id";
const REQUEST_ID_BYTES_MAX: usize = 64;

/// Makes room for `CONNECTIONS_MAX`. Many systems start programs with a soft limit of 1,024
/// descriptors.
pub fn raise_descriptor_limit() {
    let wanted = CONNECTIONS_MAX as u64 + OTHER_DESCRIPTORS;
    match rlimit::increase_nofile_limit(wanted) {
        Ok(limit) if limit >= wanted => {}
        Ok(limit) => tracing::warn!(
            limit,
            wanted,
            "the limit of open files bounds the connections"
        ),
        Err(error) => tracing::warn!(%error, wanted, "the limit of open files cannot be raised"),
    }
}

/// Listens on an address.
///
/// # Errors
/// The address is taken, or not this machine's.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    // A server that was just stopped has left connections that linger on its port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING_CONNECTIONS_MAX)
}

/// Serves until `shutdown` completes, then takes its leave. The caller binds.
pub async fn run(listener: TcpListener, app: Arc<App>, shutdown: impl Future<Output = ()>) {
    let clients = Clients {
        app: Arc::clone(&app),
        connections: GracefulShutdown::new(),
        places: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
    };
    let mut farewell = std::pin::pin!(async {
        shutdown.await;
        app.stop();
        tracing::info!("shutting down: taking requests for the last time");
        sleep(Duration::from_millis(FAREWELL_MS)).await;
    });
    loop {
        let accepted = tokio::select! {
            accepted = clients.accept(&listener) => accepted,
            () = &mut farewell => break,
        };
        match accepted {
            Ok((stream, place)) => clients.serve(stream, place),
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
            }
        }
    }
    if let Err(error) = clients.close(listener) {
        tracing::warn!(%error, "shutdown: some clients were not accepted");
    }
    tracing::info!("shutting down: finishing requests in flight");
    sleep(Duration::from_millis(LAST_REQUESTS_MS)).await;
    let limit = Duration::from_millis(SHUTDOWN_MS_MAX);
    if timeout(limit, clients.connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("shutdown: some requests did not end in time");
    }
}

/// Those who are connected.
struct Clients {
    app: Arc<App>,
    connections: GracefulShutdown,
    places: Arc<Semaphore>,
}

impl Clients {
    async fn accept(
        &self,
        listener: &TcpListener,
    ) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let (stream, _) = listener.accept().await?;
        Ok((stream, place))
    }

    fn serve(&self, stream: TcpStream, place: OwnedSemaphorePermit) {
        // Answers are small and whole: waiting to fill a packet only adds time.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "connection ended");
            return;
        }
        let cut = Cut(Arc::new(Notify::new()));
        let connection = connection(stream, Arc::clone(&self.app), cut.clone());
        let connection = self.connections.watch(connection);
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => {
                    // Most often the client went away, which is its right.
                    if let Err(error) = ended {
                        tracing::debug!(%error, "connection ended");
                    }
                }
                () = cut.0.notified() => tracing::debug!("connection cut: its reader is too slow"),
            }
            drop(place);
        });
    }

    /// Stops listening. The system would reset the connections that wait to be accepted: they are
    /// served first.
    fn close(&self, listener: TcpListener) -> io::Result<()> {
        let listener = listener.into_std()?;
        while let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            let stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            };
            stream.set_nonblocking(true)?;
            self.serve(TcpStream::from_std(stream)?, place);
        }
        Ok(())
    }
}

fn connection(
    stream: TcpStream,
    app: Arc<App>,
    cut: Cut,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send {
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(HEAD_MS_MAX))
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(
            TokioIo::new(stream),
            service_fn(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(cut.clone());
                let app = Arc::clone(&app);
                async move { Ok::<_, Infallible>(respond(&app, request).await) }
            }),
        )
}

async fn respond(app: &App, request: Request<Incoming>) -> Response<Body> {
    let start = Instant::now();
    let request_id = request_id(request.headers());
    let route = Route::find(request.method(), request.uri().path());
    let name = route.as_ref().map_or("none", Route::name);
    let is_read = request.method().is_safe();
    let wait_max = match route {
        Ok(Route::EventList) => WAIT_MAX,
        _ => Duration::ZERO,
    };
    let limit = Duration::from_millis(REQUEST_MS_MAX) + wait_max;
    let answered = ended(handle(app, route, request, &request_id), limit).await;
    let problem = answered.as_ref().err().cloned();
    let mut answer = answered.unwrap_or_else(|problem| Answer::problem(&problem, &request_id));
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        answer.headers.insert("x-request-id", value);
    }
    if app.is_stopping() {
        let close = HeaderValue::from_static("close");
        answer.headers.insert(CONNECTION, close);
    }
    let duration = start.elapsed();
    let status = answer.status.as_u16();
    app.metrics.request(name, status, duration);
    log(&request_id, name, is_read, status, problem, duration);
    answer.into_response()
}

/// What a handler answers, whatever becomes of it: one that panics has its request alone fail. All
/// that requests share outlives that, as a lock that a panic has poisoned is taken all the same.
async fn ended(
    handling: impl Future<Output = Result<Answer, Problem>>,
    limit: Duration,
) -> Result<Answer, Problem> {
    let handling = AssertUnwindSafe(handling).catch_unwind();
    match timeout(limit, handling).await {
        Ok(Ok(answered)) => answered,
        Ok(Err(_)) => Err(internal(panics::last())),
        Err(_) => Err(unavailable().because("the request took too long")),
    }
}

/// Logs an answer. It logs no path, body or header: they hold keys and names. A read changes
/// nothing: its good answers are logged at debug level.
fn log(
    request_id: &str,
    route: &str,
    is_read: bool,
    status: u16,
    problem: Option<Problem>,
    duration: Duration,
) {
    let code = problem.as_ref().map(|problem| problem.code.name());
    let cause = problem.and_then(|problem| problem.cause);
    let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    match status {
        500.. => tracing::error!(request_id, route, status, code, cause, us, "answered"),
        400.. => tracing::debug!(request_id, route, status, code, us, "answered"),
        _ if is_read => tracing::debug!(request_id, route, status, us, "answered"),
        _ => tracing::info!(request_id, route, status, us, "answered"),
    }
}

/// The id that nginx gave the request, or a new one.
pub fn request_id(headers: &HeaderMap) -> String {
    let is_good = |id: &&str| {
        (1..=REQUEST_ID_BYTES_MAX).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    let given = headers
        .get(REQUEST_ID_HEADER)
        .and_then(|value| value.to_str().ok());
    given
        .filter(is_good)
        .map_or_else(|| Uuid::new_v4().simple().to_string(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem::Code;

    #[tokio::test]
    async fn a_handler_that_panics_is_an_internal_error_that_says_where() {
        panics::note();
        let line = line!() + 2;
        let handling = async {
            tokio::task::yield_now().await;
            None::<Answer>.ok_or_else(|| panic!("planted"))
        };
        let limit = Duration::from_secs(1);
        let problem = ended(handling, limit).await.expect_err("it panicked");
        assert_eq!(problem.code, Code::InternalError);
        let place = format!("panicked at src/http/server.rs:{}:", line + 1);
        let cause = problem.cause.expect("a cause");
        assert!(cause.starts_with(&place), "{cause} is not {place}");
        assert!(cause.ends_with(": planted"), "{cause}");
        let next = ended(async { Ok(Answer::no_content()) }, limit).await;
        assert!(next.is_ok(), "the next request is answered");
    }

    #[test]
    fn a_strange_request_id_is_replaced() {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID_HEADER, "a b".parse().expect("a header value"));
        assert_ne!(request_id(&headers), "a b");
        headers.insert(REQUEST_ID_HEADER, "a-b".parse().expect("a header value"));
        assert_eq!(request_id(&headers), "a-b");
    }
}
