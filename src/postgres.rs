//! Connections to PostgreSQL and their limits.

use std::time::{Duration, Instant};

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls};

/// Longer than `LOCK_TIMEOUT_MS`; shorter than the server's own deadline, `server::REQUEST_MS_MAX`.
const STATEMENT_TIMEOUT_MS: u32 = 5_000;
/// The innermost of the limits.
const LOCK_TIMEOUT_MS: u32 = 2_000;
/// How long a connection may take to open. With `POOL_WAIT_MS_MAX` it keeps a refusal under 2 s.
const CONNECT_MS_MAX: u64 = 800;
/// How long a caller waits for a connection of the pool.
const POOL_WAIT_MS_MAX: u64 = 900;
/// How long a program that starts waits for its first connection.
const FIRST_MS_MAX: u64 = 10_000;
/// How long sent bytes may stay unacknowledged before the connection counts as dead.
const UNACKNOWLEDGED_MS_MAX: u64 = 5_000;

/// Parses a connection URL and sets what every connection of Remit has in common.
///
/// # Errors
/// A URL that cannot be parsed. The message does not repeat it.
pub fn config(url: &str, application_name: &str) -> Result<Config, String> {
    let mut config: Config = url.parse().map_err(
        |_| "must be a PostgreSQL connection URL: postgresql://user:password@host:port/database",
    )?;
    config
        .application_name(application_name)
        .connect_timeout(Duration::from_millis(CONNECT_MS_MAX))
        .tcp_user_timeout(Duration::from_millis(UNACKNOWLEDGED_MS_MAX))
        .keepalives_idle(Duration::from_secs(10));
    Ok(config)
}

/// A pool whose sessions have the server's time limits.
pub fn pool(config: &Config, size: usize) -> Pool {
    let mut config = config.clone();
    config.options(format!(
        "-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS}"
    ));
    let manager = Manager::from_config(
        config,
        NoTls,
        ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        },
    );
    Pool::builder(manager)
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(Duration::from_millis(POOL_WAIT_MS_MAX)))
        .create_timeout(Some(Duration::from_millis(CONNECT_MS_MAX)))
        .build()
        .expect("a runtime is given, which is all that timeouts need")
}

/// The first connection of a pool. A PostgreSQL that is slow to answer, as on a machine that has just
/// started, is waited for.
///
/// # Errors
/// It refuses, or does not answer.
pub async fn first(pool: &Pool) -> Result<Object, String> {
    let start = Instant::now();
    loop {
        let error = match pool.get().await {
            Ok(connection) => return Ok(connection),
            Err(PoolError::Timeout(_)) if start.elapsed() < Duration::from_millis(FIRST_MS_MAX) => {
                continue;
            }
            Err(PoolError::Backend(error)) => describe(&error),
            Err(error) => error.to_string(),
        };
        return Err(format!("PostgreSQL: {error}"));
    }
}

/// One connection outside the pool, and the task that drives it, which ends with the connection.
///
/// # Errors
/// Whatever kept the connection from opening.
pub async fn connect(config: &Config) -> Result<(Client, JoinHandle<()>), tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    let driver = tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(error = describe(&error), "connection to PostgreSQL lost");
        }
    });
    Ok((client, driver))
}

/// What went wrong, with the database's own words where it has some.
pub fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(refusal) => format!("{} (SQLSTATE {})", refusal.message(), refusal.code().code()),
        None => match std::error::Error::source(error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
    }
}
