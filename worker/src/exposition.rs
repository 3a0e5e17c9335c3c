//! `GET /metrics`, at an address of the worker's own. It asks for no key: the address belongs to a
//! network that only operators reach.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use remit::base::complaint::Complaint;
use remit::base::open_metrics::MEDIA_TYPE;
use remit::sql::pools::Config;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::contract::{self, Session};
use crate::error::Error;
use crate::metrics::{CURSORS_MAX, Metrics};

/// How long a request's head may take to arrive.
const HEAD_MS_MAX: u64 = 5_000;
/// How large it may be.
const HEAD_BYTES_MAX: usize = 16_384;
/// How long PostgreSQL may take to say how far the cursors are. Shorter than what Prometheus waits.
const ASK_MS_MAX: u64 = 5_000;
/// Open connections. Further ones wait to be accepted.
const CONNECTIONS_MAX: usize = 16;
/// After a failed accept, such as for want of file descriptors.
const ACCEPT_PAUSE_MS: u64 = 50;

/// Shows the metrics of this worker.
pub struct Exposition {
    listener: TcpListener,
    asked: Arc<Asked>,
}

/// What an answer is made of.
struct Asked {
    postgres: Config,
    metrics: Arc<Metrics>,
    /// One answer at a time is made: more would cost more, and say the same.
    session: Mutex<Option<Session>>,
}

impl Exposition {
    /// Listens.
    ///
    /// # Errors
    /// The address is taken, or not this machine's.
    pub async fn listen(
        address: SocketAddr,
        postgres: Config,
        metrics: Arc<Metrics>,
    ) -> Result<Self, Complaint> {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            let advice = "choose an address of this machine and a free port in REMIT_WORKER_LISTEN";
            Complaint::new(format!("listening on {address}: {error}"), advice)
        })?;
        let asked = Asked {
            postgres,
            metrics,
            session: Mutex::new(None),
        };
        Ok(Self {
            listener,
            asked: Arc::new(asked),
        })
    }

    /// Answers until the shutdown. Requests in flight end with it.
    pub async fn run(self, shutdown: &CancellationToken) {
        let mut connections = JoinSet::new();
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let serving = async {
            loop {
                let place = Arc::clone(&places).acquire_owned().await;
                let place = place.expect("the semaphore is never closed");
                while connections.try_join_next().is_some() {}
                match self.listener.accept().await {
                    Ok((stream, _)) => {
                        let asked = Arc::clone(&self.asked);
                        connections.spawn(async move {
                            serve(stream, asked).await;
                            drop(place);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "accepting a connection failed");
                        sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
                    }
                }
            }
        };
        shutdown.run_until_cancelled(serving).await;
    }
}

async fn serve(stream: TcpStream, asked: Arc<Asked>) {
    let service = service_fn(move |request| {
        let asked = Arc::clone(&asked);
        async move { Ok::<_, Infallible>(asked.answer(&request).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(HEAD_MS_MAX))
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "connection ended");
    }
}

impl Asked {
    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let mut answer = Response::new(Full::default());
        if request.uri().path() != "/metrics" {
            *answer.status_mut() = StatusCode::NOT_FOUND;
        } else if ![Method::GET, Method::HEAD].contains(request.method()) {
            *answer.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            let allowed = HeaderValue::from_static("GET, HEAD");
            answer.headers_mut().insert(ALLOW, allowed);
        } else {
            *answer.body_mut() = Full::from(self.text().await);
            let media_type = HeaderValue::from_static(MEDIA_TYPE);
            answer.headers_mut().insert(CONTENT_TYPE, media_type);
        }
        answer
    }

    /// All metrics, with what PostgreSQL says of the cursors. Without PostgreSQL the rest is still
    /// worth reading; they stay what they were.
    async fn text(&self) -> String {
        let limit = Duration::from_millis(ASK_MS_MAX);
        let Ok(mut session) = timeout(limit, self.session.lock()).await else {
            return self.metrics.encode();
        };
        let asking = async {
            let open = match session.take() {
                Some(open) => open,
                None => Session::connect(&self.postgres).await?,
            };
            self.metrics
                .lags(contract::cursors_lag(&open, CURSORS_MAX).await?);
            let standstill = contract::standstill(&open).await?;
            self.metrics.events_aside(standstill.events_aside);
            Ok::<_, Error>(open)
        };
        let asked = timeout(limit, asking).await;
        match asked.unwrap_or(Err(Error::Slow("PostgreSQL"))) {
            Ok(open) => *session = Some(open),
            Err(error) => tracing::warn!(%error, "metrics: the cursors were not read"),
        }
        self.metrics.encode()
    }
}
