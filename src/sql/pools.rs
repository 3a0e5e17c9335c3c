//! Connections to PostgreSQL and their limits.

use std::time::{Duration, Instant};

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};
use futures_util::{StreamExt as _, stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::base::complaint::Complaint;
use crate::base::tls::{Tls, Trust};
use crate::sql::fault::{describe, refusal};
use crate::sql::session::{self, Unfit};

/// Longer than `LOCK_TIMEOUT_MS`. Shorter than `database::CALL_MS_MAX`, 6 s, which is shorter than
/// the deadline of a request, `server::REQUEST_MS_MAX`.
const STATEMENT_TIMEOUT_MS: u32 = 5_000;
/// How long a call waits for what another session holds. The innermost of the limits.
pub const LOCK_TIMEOUT_MS: u32 = 2_000;
/// The same where others would wait with the call. In a call of many transfers one whose id
/// another session holds must not hold up the others; it waits apart from them (`gather`). A single
/// call must not keep its connection from other calls; it waits without one (`patience`).
pub const BRIEF_LOCK_TIMEOUT_MS: u32 = 20;
/// How long a connection may take to open. With `POOL_WAIT_MS_MAX` it keeps a refusal under 2 s.
const CONNECT_MS_MAX: u64 = 800;
/// How long a caller waits for a connection of the pool.
pub const POOL_WAIT_MS_MAX: u64 = 900;
/// How long a program that starts waits for its first connection.
const FIRST_MS_MAX: u64 = 10_000;
/// How long sent bytes may stay unacknowledged before the connection counts as dead.
const UNACKNOWLEDGED_MS_MAX: u64 = 5_000;

/// How to connect: with TLS, or without.
#[derive(Clone, Debug)]
pub struct Config {
    pub inner: tokio_postgres::Config,
    tls: Option<Tls>,
}

impl Config {
    /// The same with sessions that pin what Remit's promises rest on, and these settings more.
    pub fn pinned(&self, more: &[(&str, &str)]) -> Self {
        let mut config = self.clone();
        let options = session::options(self.inner.get_options(), more);
        config.inner.options(options);
        config
    }

    fn connector(&self) -> Option<MakeRustlsConnect> {
        let config = self.tls.as_ref()?.client_config();
        Some(MakeRustlsConnect::new((*config).clone()))
    }
}

/// Without TLS.
impl From<tokio_postgres::Config> for Config {
    fn from(inner: tokio_postgres::Config) -> Self {
        Self { inner, tls: None }
    }
}

/// Parses a connection URL and sets what every connection of Remit has in common.
///
/// There is TLS that verifies the server (`sslmode=require` or `verify-full`), or none (`disable`,
/// the default). The modes between the two look like protection and give none.
///
/// # Errors
/// A URL that cannot be parsed, or asks for another mode. The message does not repeat it.
pub fn config(url: &str, application_name: &str, trust: &Trust) -> Result<Config, String> {
    let mode = match ssl_mode(url) {
        Some("require" | "verify-full") => SslMode::Require,
        Some("disable") | None => SslMode::Disable,
        Some(_) => return Err("sslmode must be require, verify-full or disable".to_owned()),
    };
    // The library knows no other word for it.
    let url = url.replace("sslmode=verify-full", "sslmode=require");
    let mut inner: tokio_postgres::Config = url.parse().map_err(
        |_| "must be a PostgreSQL connection URL: postgresql://user:password@host:port/database",
    )?;
    let tls = match mode {
        SslMode::Require => Some(trust.tls()?),
        _ => None,
    };
    inner
        .ssl_mode(mode)
        .application_name(application_name)
        .connect_timeout(Duration::from_millis(CONNECT_MS_MAX))
        .tcp_user_timeout(Duration::from_millis(UNACKNOWLEDGED_MS_MAX))
        .keepalives_idle(Duration::from_secs(10));
    Ok(Config { inner, tls })
}

/// The value of the parameter, in a URL or a string of `name=value`.
fn ssl_mode(url: &str) -> Option<&str> {
    let parameters = url.rsplit('?').next().unwrap_or_default();
    let is_between = |letter: char| letter == '&' || letter.is_whitespace();
    let mut parameters = parameters.split(is_between).rev();
    parameters.find_map(|parameter| parameter.strip_prefix("sslmode="))
}

/// A pool whose sessions have the server's time limits and what they pin.
pub fn pool(config: &Config, size: usize, lock_timeout_ms: u32) -> Pool {
    let config = config.pinned(&[
        ("statement_timeout", &STATEMENT_TIMEOUT_MS.to_string()),
        ("lock_timeout", &lock_timeout_ms.to_string()),
    ]);
    let settings = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = match config.connector() {
        Some(tls) => Manager::from_config(config.inner, tls, settings),
        None => Manager::from_config(config.inner, NoTls, settings),
    };
    Pool::builder(manager)
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(Duration::from_millis(POOL_WAIT_MS_MAX)))
        .create_timeout(Some(Duration::from_millis(CONNECT_MS_MAX)))
        .post_create(Hook::async_fn(|client, _| Box::pin(admit(client))))
        .build()
        .expect("a runtime is given, which is all that timeouts need")
}

/// Lets no session into a pool that is not what Remit needs.
async fn admit(client: &Client) -> Result<(), HookError> {
    session::check(client).await.map_err(|unfit| match unfit {
        Unfit::Postgres(error) => HookError::Backend(error),
        Unfit::Wrong(cause) => HookError::message(cause),
    })
}

/// The first connection of a pool. Waits for a PostgreSQL that is slow to answer, as on a machine
/// that has just started.
///
/// # Errors
/// It refuses, or does not answer.
pub async fn first(pool: &Pool) -> Result<Object, Complaint> {
    let start = Instant::now();
    loop {
        match pool.get().await {
            Ok(connection) => return Ok(connection),
            Err(PoolError::Timeout(_)) if start.elapsed() < Duration::from_millis(FIRST_MS_MAX) => {
            }
            Err(error) => return Err(refusal(&error)),
        }
    }
}

/// One connection outside the pool that pins what the promises rest on, and the task that drives
/// it.
///
/// # Errors
/// It does not open, or is not what Remit needs.
pub async fn connect_pinned(
    config: &Config,
    more: &[(&str, &str)],
) -> Result<(Client, JoinHandle<()>), Unfit> {
    let (client, driver) = connect(&config.pinned(more)).await?;
    session::check(&client).await?;
    Ok((client, driver))
}

/// One connection outside the pool, and the task that drives it, which ends with the connection.
///
/// # Errors
/// Whatever kept the connection from opening.
pub async fn connect(config: &Config) -> Result<(Client, JoinHandle<()>), tokio_postgres::Error> {
    connect_telling(config, |_| {}).await
}

/// The same. What PostgreSQL tells besides its answers is passed on.
pub async fn connect_telling(
    config: &Config,
    tell: fn(&str),
) -> Result<(Client, JoinHandle<()>), tokio_postgres::Error> {
    match config.connector() {
        Some(tls) => Ok(drive(config.inner.connect(tls).await?, tell)),
        None => Ok(drive(config.inner.connect(NoTls).await?, tell)),
    }
}

fn drive<S, T>(
    (client, mut connection): (Client, Connection<S, T>),
    tell: fn(&str),
) -> (Client, JoinHandle<()>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let driver = tokio::spawn(async move {
        let mut messages = stream::poll_fn(|context| connection.poll_message(context));
        while let Some(message) = messages.next().await {
            match message {
                Ok(AsyncMessage::Notice(notice)) => tell(notice.message()),
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error = describe(&error), "connection to PostgreSQL lost");
                    return;
                }
            }
        }
    });
    (client, driver)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_is_found_wherever_it_stands() {
        for (url, mode) in [
            ("postgresql://u:p@h/d", None),
            ("postgresql://u:sslmode=x@h/d", None),
            ("postgresql://u:p@h/d?sslmode=require", Some("require")),
            (
                "postgresql://u:p@h/d?a=b&sslmode=prefer&c=d",
                Some("prefer"),
            ),
            ("host=h sslmode=disable user=u", Some("disable")),
            (
                "postgresql://h/d?sslmode=require&sslmode=allow",
                Some("allow"),
            ),
        ] {
            assert_eq!(ssl_mode(url), mode, "{url}");
        }
    }

    #[test]
    fn without_a_mode_there_is_no_tls() {
        let config = config("postgresql://u:p@h/d", "test", &Trust::default()).expect("a URL");
        assert_eq!(config.inner.get_ssl_mode(), SslMode::Disable);
        assert!(config.tls.is_none());
    }
}
