//! The HTTP server: accepts connections, and gives each request its id, its time and its answer.
//!
//! It ends only when the requests in flight have been answered, or after `SHUTDOWN_MS_MAX`.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::handlers::handle;
use crate::http::problem::{Problem, unavailable};
use crate::http::route::Route;

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
/// How long requests in flight have to end after the signal; longer than `REQUEST_MS_MAX`.
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

/// Serves until `shutdown` completes, then finishes what is in flight. The caller binds.
pub async fn run(listener: TcpListener, app: Arc<App>, shutdown: impl Future<Output = ()>) {
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = &mut shutdown => break,
        };
        let (stream, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
                continue;
            }
        };
        let connection = connections.watch(connection(stream, Arc::clone(&app)));
        tokio::spawn(async move {
            // Most often the client went away, which is its right.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
            drop(place);
        });
    }
    drop(listener);
    tracing::info!("shutting down: finishing requests in flight");
    let limit = Duration::from_millis(SHUTDOWN_MS_MAX);
    if timeout(limit, connections.shutdown()).await.is_err() {
        tracing::warn!("shutdown: some requests did not end in time");
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places)
        .acquire_owned()
        .await
        .expect("the semaphore is never closed");
    let (stream, _) = listener.accept().await?;
    // Answers are small and whole: waiting to fill a packet only adds time.
    stream.set_nodelay(true)?;
    Ok((stream, place))
}

fn connection(
    stream: TcpStream,
    app: Arc<App>,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send {
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(HEAD_MS_MAX))
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(
            TokioIo::new(stream),
            service_fn(move |request| {
                let app = Arc::clone(&app);
                async move { Ok::<_, Infallible>(respond(&app, request).await) }
            }),
        )
}

async fn respond(app: &App, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let start = Instant::now();
    let request_id = request_id(request.headers());
    let route = Route::find(request.method(), request.uri().path());
    let name = route.as_ref().map_or("none", Route::name);
    let is_read = request.method().is_safe();
    let handling = handle(app, route, request, &request_id);
    let answered = match timeout(Duration::from_millis(REQUEST_MS_MAX), handling).await {
        Ok(answered) => answered,
        Err(_) => Err(unavailable().because("the request took too long")),
    };
    let problem = answered.as_ref().err().cloned();
    let mut answer = answered.unwrap_or_else(|problem| Answer::problem(&problem, &request_id));
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        answer.headers.insert("x-request-id", value);
    }
    let duration = start.elapsed();
    let status = answer.status.as_u16();
    app.metrics.request(name, status, duration);
    log(&request_id, name, is_read, status, problem, duration);
    answer.into_response()
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

    #[test]
    fn a_strange_request_id_is_replaced() {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID_HEADER, "a b".parse().expect("a header value"));
        assert_ne!(request_id(&headers), "a b");
        headers.insert(REQUEST_ID_HEADER, "a-b".parse().expect("a header value"));
        assert_eq!(request_id(&headers), "a-b");
    }
}
