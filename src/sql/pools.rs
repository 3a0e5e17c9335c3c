//! Connections to PostgreSQL and their limits.

use std::time::{Duration, Instant};

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};
use futures_util::{StreamExt as _, stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::base::complaint::Complaint;
use crate::base::tls::{Tls, Trust};
use crate::sql::fault::{UNREACHED, complaint, describe, refusal};
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
/// How long a connection outside of a pool may take until it can be used, and what a pool asks on a
/// new one. Shorter than the checks of `remit-worker health`, which open one.
const READY_MS_MAX: u64 = 3_000;
/// How long a program that starts waits for its first connection.
const FIRST_MS_MAX: u64 = 10_000;
const POSTGRES_PORT: u16 = 5432;
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

    /// Where PostgreSQL is to be: `host:port`, or the folder of its socket.
    pub fn place(&self) -> String {
        let ports = self.inner.get_ports();
        let hosts = self.inner.get_hosts().iter().enumerate();
        let places = hosts.map(|(number, host)| match host {
            Host::Tcp(host) => {
                let port = ports.get(number).or(ports.first());
                format!("{host}:{}", port.unwrap_or(&POSTGRES_PORT))
            }
            Host::Unix(folder) => folder.display().to_string(),
        });
        places.collect::<Vec<_>>().join(", ")
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
    let silence = silence(&config, READY_MS_MAX);
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
        .post_create(Hook::async_fn(move |client, _| {
            Box::pin(admit(client, silence.clone()))
        }))
        .build()
        .expect("a runtime is given, which is all that timeouts need")
}

/// Lets no session into a pool that is not what Remit needs.
async fn admit(client: &Client, silence: Complaint) -> Result<(), HookError> {
    let checking = timeout(Duration::from_millis(READY_MS_MAX), session::check(client));
    match checking.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Unfit::Postgres(error))) => Err(HookError::Backend(error)),
        Ok(Err(unfit)) => Err(HookError::message(unfit.to_string())),
        Err(_) => Err(HookError::message(Unfit::Unreached(silence).to_string())),
    }
}

/// The first connection of the pool of this configuration. Waits for a PostgreSQL that is slow to
/// answer, as on a machine that has just started.
///
/// # Errors
/// It refuses, or does not answer.
pub async fn first(pool: &Pool, config: &Config) -> Result<Object, Complaint> {
    let start = Instant::now();
    loop {
        match pool.get().await {
            Ok(connection) => return Ok(connection),
            Err(PoolError::Timeout(_)) if start.elapsed() < Duration::from_millis(FIRST_MS_MAX) => {
            }
            Err(PoolError::Timeout(_)) => return Err(silence(config, FIRST_MS_MAX)),
            Err(error) => return Err(refusal(&config.place(), &error)),
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
    let config = config.pinned(more);
    ready(&config, async {
        let (client, driver) = open(&config, |_| {}).await?;
        session::check(&client).await?;
        Ok((client, driver))
    })
    .await
}

/// One connection outside the pool, and the task that drives it, which ends with the connection.
///
/// # Errors
/// It does not open. What PostgreSQL tells besides its answers is passed on.
pub async fn connect_telling(
    config: &Config,
    tell: fn(&str),
) -> Result<(Client, JoinHandle<()>), Unfit> {
    ready(config, open(config, tell)).await
}

/// Gives up what opens a connection once it has taken too long: what listens there may be anything,
/// and say nothing for ever.
async fn ready<T>(
    config: &Config,
    opening: impl Future<Output = Result<T, Unfit>>,
) -> Result<T, Unfit> {
    let opened = timeout(Duration::from_millis(READY_MS_MAX), opening).await;
    opened.unwrap_or_else(|_| Err(Unfit::Unreached(silence(config, READY_MS_MAX))))
}

async fn open(config: &Config, tell: fn(&str)) -> Result<(Client, JoinHandle<()>), Unfit> {
    let opened = match config.connector() {
        Some(tls) => (config.inner.connect(tls).await).map(|opened| drive(opened, tell)),
        None => (config.inner.connect(NoTls).await).map(|opened| drive(opened, tell)),
    };
    opened.map_err(|error| {
        let doing = format!("connecting to PostgreSQL at {}", config.place());
        Unfit::Unreached(complaint(&doing, &error))
    })
}

/// What is said where nothing answered that speaks as PostgreSQL does.
fn silence(config: &Config, limit_ms: u64) -> Complaint {
    let place = config.place();
    let what = format!("connecting to PostgreSQL at {place}: no answer within {limit_ms} ms");
    Complaint::new(what, UNREACHED)
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
    fn a_place_says_where_and_not_as_whom() {
        for (url, place) in [
            ("postgresql://u:p@h/d", "h:5432"),
            ("postgresql://u:p@[::1]:6432/d", "::1:6432"),
            ("postgresql://u:p@a:1,b:2/d", "a:1, b:2"),
            ("host=/run/postgresql user=u password=p", "/run/postgresql"),
        ] {
            let config = config(url, "test", &Trust::default()).expect(url);
            assert_eq!(config.place(), place);
        }
    }

    #[test]
    fn without_a_mode_there_is_no_tls() {
        let config = config("postgresql://u:p@h/d", "test", &Trust::default()).expect("a URL");
        assert_eq!(config.inner.get_ssl_mode(), SslMode::Disable);
        assert!(config.tls.is_none());
    }
}
