//! `/readyz`: what the server can reach.
//!
//! Without PostgreSQL the server is not ready, nor when it is about to end. Without Redis or
//! RabbitMQ it works on and says so. It also says so where one of the three answers and does not do
//! its work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::base::tls::{Tls, Trust};
use crate::redis::connection::Redis;
use crate::sql::contract;
use crate::sql::database::Database;
use crate::types::Standstill;

/// How long an answer is given again, so that many clients that ask cost no more than one.
const FRESH_MS: u64 = 500;
const BROKER_MS_MAX: u64 = 1_000;
/// What an AMQP 0-9-1 client says first (section 4.2.2 of the specification).
const AMQP_HEADER: &[u8] = b"AMQP\x00\x00\x09\x01";
/// The type of the frame with which a broker answers that.
const AMQP_METHOD_FRAME: u8 = 1;
const AMQP_PORT_DEFAULT: u16 = 5672;
const AMQPS_PORT_DEFAULT: u16 = 5671;

/// Where RabbitMQ listens.
#[derive(Debug, Clone)]
pub struct Broker {
    host: String,
    port: u16,
    tls: Option<Tls>,
}

impl Broker {
    /// Takes host and port from an AMQP URL; `amqps` asks for TLS. The server does not log in, so
    /// user and password may be left out.
    ///
    /// # Errors
    /// A URL that is none. The message does not repeat it.
    pub fn parse(url: &str, trust: &Trust) -> Result<Self, String> {
        let uri: hyper::Uri = url.parse().map_err(|_| BROKER_RULE)?;
        let (port, tls) = match uri.scheme_str() {
            Some("amqp") => (AMQP_PORT_DEFAULT, None),
            Some("amqps") => (AMQPS_PORT_DEFAULT, Some(trust.tls()?)),
            _ => return Err(BROKER_RULE.to_owned()),
        };
        let host = uri.host().ok_or(BROKER_RULE)?;
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: uri.port_u16().unwrap_or(port),
            tls,
        })
    }

    /// Whether a broker answers there now.
    async fn is_up(&self) -> bool {
        let greeting = async {
            let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
            match &self.tls {
                Some(tls) => greet(tls.connect(&self.host, stream).await?).await,
                None => greet(stream).await,
            }
        };
        let error = match timeout(Duration::from_millis(BROKER_MS_MAX), greeting).await {
            Ok(Ok(AMQP_METHOD_FRAME)) => return true,
            Ok(Ok(_)) => "it does not speak AMQP 0-9-1".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {BROKER_MS_MAX} ms"),
        };
        let place = format!("{}:{}", self.host, self.port);
        tracing::warn!(error, place, "RabbitMQ is unavailable");
        false
    }
}

/// The first byte that a broker answers.
async fn greet(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<u8> {
    stream.write_all(AMQP_HEADER).await?;
    stream.flush().await?;
    stream.read_u8().await
}

const BROKER_RULE: &str = "must be an AMQP URL: amqp://host:port";

/// What `/readyz` says of a server that is ready.
#[derive(Debug, Clone, Serialize)]
pub struct Readiness {
    pub status: &'static str,
    pub dependencies: Dependencies,
}

/// Each dependency: `up`, `down`, or a word for what does not work though it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dependencies {
    pub postgresql: &'static str,
    pub redis: &'static str,
    pub rabbitmq: &'static str,
}

impl Readiness {
    /// Whether requests can be served.
    pub fn is_ready(&self) -> bool {
        self.dependencies.postgresql != DOWN
    }
}

const UP: &str = "up";
const DOWN: &str = "down";
/// PostgreSQL cannot archive its log.
const ARCHIVE_FAILS: &str = "archive_fails";
/// Redis answers, and takes nothing.
const REFUSES_WRITES: &str = "refuses_writes";
const NOT_CONFIGURED: &str = "not_configured";
/// The broker answers, and takes nothing from the relay.
const BLOCKED: &str = "blocked";
/// The broker answers, and the oldest event has waited for too long.
const EVENTS_WAIT: &str = "events_wait";

/// Asks the dependencies.
pub struct Probe {
    database: Arc<Database>,
    redis: Arc<Redis>,
    broker: Option<Broker>,
    last: Mutex<Option<(Instant, Readiness)>>,
}

impl Probe {
    /// A probe of these.
    pub fn new(database: Arc<Database>, redis: Arc<Redis>, broker: Option<Broker>) -> Self {
        Self {
            database,
            redis,
            broker,
            last: Mutex::default(),
        }
    }

    /// What can be reached now.
    pub async fn readiness(&self) -> Readiness {
        let mut last = self.last.lock().await;
        if let Some((asked_at, readiness)) = &*last
            && asked_at.elapsed() < Duration::from_millis(FRESH_MS)
        {
            return readiness.clone();
        }
        let readiness = self.ask().await;
        *last = Some((Instant::now(), readiness.clone()));
        readiness
    }

    async fn ask(&self) -> Readiness {
        let rabbitmq = async {
            match &self.broker {
                Some(broker) if broker.is_up().await => UP,
                Some(_) => DOWN,
                None => NOT_CONFIGURED,
            }
        };
        let (postgresql, redis, rabbitmq) =
            tokio::join!(self.ask_postgresql(), self.ask_redis(), rabbitmq);
        let (postgresql, standstill) = postgresql;
        let rabbitmq = match rabbitmq {
            UP if standstill.is_some_and(|it| it.broker_blocked) => BLOCKED,
            UP if standstill.is_some_and(|it| it.events_wait) => EVENTS_WAIT,
            word => word,
        };
        let status = match (postgresql, redis, rabbitmq) {
            (UP, UP, UP | NOT_CONFIGURED) => "ready",
            _ => "degraded",
        };
        Readiness {
            status,
            dependencies: Dependencies {
                postgresql,
                redis,
                rabbitmq,
            },
        }
    }

    /// PostgreSQL's word, and what it says of events and the broker.
    async fn ask_postgresql(&self) -> (&'static str, Option<Standstill>) {
        if !self.database.is_up().await {
            return (DOWN, None);
        }
        match contract::standstill(&self.database).await {
            Ok(standstill) if standstill.archive_fails => (ARCHIVE_FAILS, Some(standstill)),
            Ok(standstill) => (UP, Some(standstill)),
            Err(failure) => {
                tracing::warn!(?failure, "whether events wait is not known");
                (UP, None)
            }
        }
    }

    async fn ask_redis(&self) -> &'static str {
        if !self.redis.is_up().await {
            DOWN
        } else if self.redis.takes_writes().await {
            UP
        } else {
            REFUSES_WRITES
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_is_read_from_its_url() {
        let trust = Trust::default();
        let broker = Broker::parse("amqp://user:secret@[::1]/%2f", &trust).expect("a URL");
        assert_eq!((broker.host.as_str(), broker.port), ("::1", 5672));
        assert!(broker.tls.is_none());
        let bare = Broker::parse("amqp://rabbitmq", &trust).expect("a URL");
        assert_eq!((bare.host.as_str(), bare.port), ("rabbitmq", 5672));
        assert!(Broker::parse("http://host", &trust).is_err());
    }
}
