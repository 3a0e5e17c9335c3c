//! Connections to Redis. Redis is a helper: each call has a short time limit, and after a failure
//! Redis is left alone for a moment, so that a dead or slow one costs its callers next to nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mobc_redis::RedisConnectionManager;
use mobc_redis::mobc::{Manager, Pool, async_trait};
use redis::aio::MultiplexedConnection;
use redis::{Client, Cmd, FromRedisValue, Pipeline, RedisError, RedisResult, ScriptInvocation};
use tokio::time::timeout;

/// How long a call may take, connecting included.
const CALL_MS_MAX: u64 = 250;
/// How long Redis is left alone after a failure.
const REST_MS: u64 = 250;
/// Each connection carries many calls at a time, so that a few are enough.
const CONNECTIONS_MAX: u64 = 4;

/// Redis did not answer, or not in time. The caller goes on without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unavailable;

/// A pool of connections with a time limit and a rest after failures.
pub struct Redis {
    pool: Pool<LinkManager>,
    rests_until: Mutex<Option<Instant>>,
}

impl Redis {
    /// Parses the URL; connects on first use.
    ///
    /// # Errors
    /// A URL that cannot be parsed. The message does not repeat it.
    pub fn new(url: &str) -> Result<Self, String> {
        let client =
            Client::open(url).map_err(|_| "must be a Redis URL: redis://:password@host:port/0")?;
        let pool = Pool::builder()
            .max_open(CONNECTIONS_MAX)
            .max_idle(CONNECTIONS_MAX)
            .get_timeout(Some(Duration::from_millis(CALL_MS_MAX)))
            // A PING before each use would double the round trips; a broken link is dropped instead.
            .test_on_check_out(false)
            .build(LinkManager {
                inner: RedisConnectionManager::new(client),
            });
        Ok(Self {
            pool,
            rests_until: Mutex::new(None),
        })
    }

    /// Whether Redis answers a PING now.
    pub async fn is_up(&self) -> bool {
        self.command::<String>(&redis::cmd("PING")).await.is_ok()
    }

    /// Runs a command.
    ///
    /// # Errors
    /// No answer in time, or an error from Redis.
    pub async fn command<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Unavailable> {
        self.call(async |link: &mut MultiplexedConnection| command.query_async(link).await)
            .await
    }

    /// Runs a pipeline: one round trip.
    ///
    /// # Errors
    /// No answer in time, or an error from Redis. Part of the pipeline may have been carried out.
    pub async fn pipeline<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T, Unavailable> {
        self.call(async |link: &mut MultiplexedConnection| pipeline.query_async(link).await)
            .await
    }

    /// Runs a script, loading it where Redis does not know it.
    ///
    /// # Errors
    /// No answer in time, or an error from Redis.
    pub async fn script<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, Unavailable> {
        self.call(async |link: &mut MultiplexedConnection| script.invoke_async(link).await)
            .await
    }

    async fn call<T>(
        &self,
        work: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<T, Unavailable> {
        self.admit()?;
        let result = timeout(Duration::from_millis(CALL_MS_MAX), async {
            let link = self.link().await?;
            let result = work(&mut link.connection.clone()).await;
            link.is_broken.store(result.is_err(), Ordering::Relaxed);
            result.map_err(|error| error.to_string())
        })
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {CALL_MS_MAX} ms")));
        self.learn(result.is_ok());
        result.map_err(|error| {
            tracing::warn!(%error, "Redis is unavailable");
            Unavailable
        })
    }

    /// A link that works as far as known. The pool drops a broken one when it comes back.
    async fn link(&self) -> Result<Link, String> {
        loop {
            let link = self.pool.get().await.map_err(|error| error.to_string())?;
            if !link.is_broken.load(Ordering::Relaxed) {
                return Ok(link.clone());
            }
        }
    }

    /// Refuses while Redis rests. When the rest is over, one caller at a time tries.
    fn admit(&self) -> Result<(), Unavailable> {
        let mut rests_until = self
            .rests_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match *rests_until {
            None => Ok(()),
            Some(end) if now < end => Err(Unavailable),
            Some(_) => {
                *rests_until = Some(now + Duration::from_millis(CALL_MS_MAX));
                Ok(())
            }
        }
    }

    fn learn(&self, answered: bool) {
        let mut rests_until = self
            .rests_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *rests_until = (!answered).then(|| Instant::now() + Duration::from_millis(REST_MS));
    }
}

/// A connection, and whether a call on it has failed. Clones share both.
#[derive(Clone)]
struct Link {
    connection: MultiplexedConnection,
    is_broken: Arc<AtomicBool>,
}

struct LinkManager {
    inner: RedisConnectionManager,
}

#[async_trait]
impl Manager for LinkManager {
    type Connection = Link;
    type Error = RedisError;

    async fn connect(&self) -> Result<Link, RedisError> {
        Ok(Link {
            connection: self.inner.connect().await?,
            is_broken: Arc::default(),
        })
    }

    async fn check(&self, link: Link) -> Result<Link, RedisError> {
        Ok(link)
    }

    fn validate(&self, link: &mut Link) -> bool {
        !link.is_broken.load(Ordering::Relaxed)
    }
}
