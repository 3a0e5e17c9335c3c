//! Connections to Redis. Redis is a helper: each call has a short time limit, and after a failure
//! Redis is left alone for a moment, so that a dead or slow one costs its callers next to nothing.
//!
//! Not `redis::aio::ConnectionManager`: it connects again while its callers wait, knows no rest,
//! asks the new Redis nothing before the first call reaches it, and takes no stream of ours, which
//! the trust in certificates and the driver of `link` need.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use mobc_redis::mobc::Pool;
use redis::{Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, ScriptInvocation};
use tokio::time::timeout_at;

use crate::base::tls::Trust;
use crate::redis::replication::{info, master_id};

mod link;

use link::{Link, LinkManager};

/// How long a call may take, connecting included.
const CALL_MS_MAX: u64 = 250;
/// How long Redis is left alone after a failure.
const REST_MS: u64 = 250;
/// One connection carries many calls at a time, and the more of them, the fewer packets.
const CONNECTIONS_MAX: u64 = 1;

/// The Redis key that is written to find out whether Redis takes writes, and how long it stays.
const PROBE: &str = "remit:probe";
const PROBE_MS: u64 = 1_000;

/// Redis did not answer, or not in time. The caller goes on without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unavailable;

/// A pool of connections with a time limit and a rest after failures.
pub struct Redis {
    pool: Pool<LinkManager>,
    /// Where Redis is to be, for the log.
    place: String,
    /// The connection in use: the pool is asked only for another one.
    current: Mutex<Option<Link>>,
    rests_until: Mutex<Option<Instant>>,
}

impl Redis {
    /// Parses the URL; connects on first use. `rediss` asks for TLS.
    ///
    /// # Errors
    /// A URL that cannot be parsed. The message does not repeat it.
    pub fn new(url: &str, trust: &Trust) -> Result<Self, String> {
        let links = LinkManager::new(url, trust)?;
        let place = format!("{}:{}", links.host, links.port);
        let pool = Pool::builder()
            .max_open(CONNECTIONS_MAX)
            .max_idle(CONNECTIONS_MAX)
            .get_timeout(Some(Duration::from_millis(CALL_MS_MAX)))
            // A PING before each use would double the round trips; a broken link is dropped
            // instead.
            .test_on_check_out(false)
            .build(links);
        Ok(Self {
            pool,
            place,
            current: Mutex::default(),
            rests_until: Mutex::new(None),
        })
    }

    /// Whether Redis answers a PING now.
    pub async fn is_up(&self) -> bool {
        let ping = redis::cmd("PING");
        self.any().command::<String>(&ping).await.is_ok()
    }

    /// Whether Redis takes a write now: one that is full, cannot save or is a replica does not.
    pub async fn takes_writes(&self) -> bool {
        let mut set = redis::cmd("SET");
        set.arg(PROBE).arg("").arg("PX").arg(PROBE_MS);
        self.any().command::<String>(&set).await.is_ok()
    }

    /// Calls to whichever Redis is connected.
    pub fn any(&self) -> Calls<'_> {
        Calls {
            redis: self,
            id: None,
        }
    }

    /// Calls to the Redis with this replication id, and to no other.
    pub fn with_id<'a>(&'a self, id: &'a str) -> Calls<'a> {
        Calls {
            redis: self,
            id: Some(id),
        }
    }

    /// Asks which Redis is there now: its replication id, if it is a master. A connection that
    /// stays open does not tell that its Redis was promoted or made a replica.
    pub async fn identify(&self) -> Option<String> {
        let asked = self.call(None, async |link| {
            let said: String = info().query_async(&mut link.connection).await?;
            let id = master_id(&said).map(str::to_owned);
            lock(&link.id).clone_from(&id);
            Ok(id)
        });
        asked.await.ok().flatten()
    }

    async fn call<T>(
        &self,
        id: Option<&str>,
        work: impl AsyncFnOnce(&mut Link) -> RedisResult<T>,
    ) -> Result<T, Unavailable> {
        self.admit()?;
        let result = self.ask(id, work).await;
        self.learn(result.is_ok());
        result.map_err(|error| {
            let place = &self.place;
            tracing::warn!(%error, place, "Redis is unavailable");
            Unavailable
        })?
    }

    async fn ask<T>(
        &self,
        id: Option<&str>,
        work: impl AsyncFnOnce(&mut Link) -> RedisResult<T>,
    ) -> Result<Result<T, Unavailable>, String> {
        let deadline = Instant::now() + Duration::from_millis(CALL_MS_MAX);
        let silence = |_| format!("no answer within {CALL_MS_MAX} ms");
        let mut link = timeout_at(deadline.into(), self.link())
            .await
            .map_err(silence)??;
        if id.is_some() && lock(&link.id).as_deref() != id {
            // It answers, and is another one.
            return Ok(Err(Unavailable));
        }
        let result = match timeout_at(deadline.into(), work(&mut link)).await {
            // It answers, and what it holds is not what is asked for.
            Ok(Err(error)) if is_odd(&error) => {
                tracing::warn!(%error, "Redis holds something odd");
                return Ok(Err(Unavailable));
            }
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(late) => Err(silence(late)),
        };
        if result.is_err() {
            // One that does not answer may never do so again: the network swallows what is said.
            link.is_broken.store(true, Ordering::Relaxed);
        }
        result.map(Ok)
    }

    /// A link that works as far as known. The pool drops a broken one when it comes back.
    async fn link(&self) -> Result<Link, String> {
        let is_broken = |link: &Link| link.is_broken.load(Ordering::Relaxed);
        let current = lock(&self.current).clone();
        if let Some(link) = current.filter(|link| !is_broken(link)) {
            return Ok(link);
        }
        loop {
            // In a box, as in `Database::attempt`.
            let link = Box::pin(self.pool.get()).await;
            let link = link.map_err(|error| error.to_string())?;
            if !is_broken(&link) {
                let mut current = lock(&self.current);
                let is_other = |other: &Link| !Arc::ptr_eq(&other.is_broken, &link.is_broken);
                let first = current.take().filter(|it| !is_broken(it) && is_other(it));
                // Of callers that asked together one was first. The pool closes the other's link.
                link.is_broken.store(first.is_some(), Ordering::Relaxed);
                return Ok(current
                    .insert(first.unwrap_or_else(|| link.clone()))
                    .clone());
            }
        }
    }

    /// Refuses while Redis rests. When the rest is over, one caller at a time tries.
    fn admit(&self) -> Result<(), Unavailable> {
        let mut rests_until = lock(&self.rests_until);
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
        let mut rests_until = lock(&self.rests_until);
        *rests_until = (!answered).then(|| Instant::now() + Duration::from_millis(REST_MS));
    }
}

/// Whether an error is of the one key that was asked for.
fn is_odd(error: &RedisError) -> bool {
    error.kind() == ErrorKind::TypeError || error.code() == Some("WRONGTYPE")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls to Redis; those that name a replication id are made to the Redis that has it and to no
/// other.
pub struct Calls<'a> {
    redis: &'a Redis,
    id: Option<&'a str>,
}

impl Calls<'_> {
    /// Runs a command.
    ///
    /// # Errors
    /// Another Redis is there, or no answer came in time, or an error from Redis.
    pub async fn command<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Unavailable> {
        let work = async |link: &mut Link| command.query_async(&mut link.connection).await;
        self.redis.call(self.id, work).await
    }

    /// Runs a pipeline: one round trip.
    ///
    /// # Errors
    /// As `command`. Part of the pipeline may have been carried out.
    pub async fn pipeline<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T, Unavailable> {
        let work = async |link: &mut Link| pipeline.query_async(&mut link.connection).await;
        self.redis.call(self.id, work).await
    }

    /// Runs a script, loading it where Redis does not know it.
    ///
    /// # Errors
    /// As `command`.
    pub async fn script<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, Unavailable> {
        let work = async |link: &mut Link| script.invoke_async(&mut link.connection).await;
        self.redis.call(self.id, work).await
    }
}
