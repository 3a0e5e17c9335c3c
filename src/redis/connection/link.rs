//! How a connection to Redis is opened, and ended.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use mobc_redis::mobc::{Manager, async_trait};
use redis::aio::MultiplexedConnection;
use redis::{Client, ConnectionAddr, RedisConnectionInfo, RedisError, RedisResult};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::base::tls::{Tls, Trust};
use crate::redis::replication::{info, master_id};

const URL_RULE: &str = "must be a Redis URL: redis://:password@host:port/0";

/// A connection, which Redis it leads to, and whether a call on it has failed. Clones share all.
#[derive(Clone)]
pub(super) struct Link {
    pub connection: MultiplexedConnection,
    /// The replication id of a master. None: it is no master, or does not say.
    pub id: Arc<Mutex<Option<String>>>,
    pub is_broken: Arc<AtomicBool>,
    /// Ends with the last clone.
    _driver: Arc<Driver>,
}

/// The task that reads and writes for a connection. The library's own end of it waits for good once
/// an answer is on its way to a caller that has gone; so it is ended from here.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(super) struct LinkManager {
    pub host: String,
    pub port: u16,
    login: RedisConnectionInfo,
    tls: Option<Tls>,
}

impl LinkManager {
    pub fn new(url: &str, trust: &Trust) -> Result<Self, String> {
        // The library is not asked for TLS: it would read the system's certificates at each
        // connection.
        let (url, tls) = match url.strip_prefix("rediss://") {
            Some(rest) => (format!("redis://{rest}"), Some(trust.tls()?)),
            None => (url.to_owned(), None),
        };
        let client = Client::open(url).map_err(|_| URL_RULE)?;
        let info = client.get_connection_info();
        match &info.addr {
            ConnectionAddr::Tcp(host, port) => Ok(Self {
                host: host.clone(),
                port: *port,
                login: info.redis.clone(),
                tls,
            }),
            _ => Err(URL_RULE.to_owned()),
        }
    }

    async fn open(&self) -> RedisResult<(MultiplexedConnection, Driver)> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            Some(tls) => self.log_in(tls.connect(&self.host, stream).await?).await,
            None => self.log_in(stream).await,
        }
    }

    async fn log_in<S>(&self, stream: S) -> RedisResult<(MultiplexedConnection, Driver)>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (connection, driver) = MultiplexedConnection::new(&self.login, stream).await?;
        let mut driver = Box::pin(driver);
        // The runtime runs the task that was woken last next. So that what all others ask by then
        // goes in the same packet, the driver queues once more behind them.
        let mut has_queued = false;
        let driver = tokio::spawn(poll_fn(move |context| {
            has_queued = !has_queued;
            if has_queued {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            driver.as_mut().poll(context)
        }));
        Ok((connection, Driver(driver)))
    }
}

#[async_trait]
impl Manager for LinkManager {
    type Connection = Link;
    type Error = RedisError;

    async fn connect(&self) -> Result<Link, RedisError> {
        let (mut connection, driver) = self.open().await?;
        let said: Option<String> = info().query_async(&mut connection).await.ok();
        let id = said.as_deref().and_then(master_id).map(str::to_owned);
        Ok(Link {
            connection,
            id: Arc::new(Mutex::new(id)),
            is_broken: Arc::default(),
            _driver: Arc::new(driver),
        })
    }

    async fn check(&self, link: Link) -> Result<Link, RedisError> {
        Ok(link)
    }

    fn validate(&self, link: &mut Link) -> bool {
        !link.is_broken.load(Ordering::Relaxed)
    }
}
