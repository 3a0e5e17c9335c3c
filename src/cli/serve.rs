//! `remit serve`: answers HTTP requests.

use std::sync::Arc;

use crate::base::complaint::Complaint;
use crate::base::version::VERSION;
use crate::base::{signals, telemetry};
use crate::cli::config;
use crate::http::app::{App, Pools};
use crate::http::server;
use crate::ledger::key_ring::KEYS_CONNECTIONS;
use crate::sql::pools::{BRIEF_LOCK_TIMEOUT_MS, LOCK_TIMEOUT_MS};
use crate::sql::{contract, pools, session};

/// Two busy ledgers have two calls that read wallets in flight; the rest is for single requests.
const CALLS_CONNECTIONS: usize = 10;
/// Two busy ledgers have two calls of transfers in flight, and one for parked transfers.
const POSTS_CONNECTIONS: usize = 6;

/// Serves until it is asked to end.
///
/// # Errors
/// What kept it from starting.
pub async fn run(config: config::Serve) -> Result<(), Complaint> {
    let _log = telemetry::start(config.log);
    let shutdown = signals::asked_to_end()?;
    server::raise_descriptor_limit();
    let pools = Pools {
        calls: pools::pool(&config.postgres, CALLS_CONNECTIONS, BRIEF_LOCK_TIMEOUT_MS),
        posts: pools::pool(&config.postgres, POSTS_CONNECTIONS, BRIEF_LOCK_TIMEOUT_MS),
        keys: pools::pool(&config.postgres, KEYS_CONNECTIONS, LOCK_TIMEOUT_MS),
        pulse: pools::pool(&config.postgres, 1, LOCK_TIMEOUT_MS),
    };
    let first = pools::first(&pools.calls, &config.postgres).await?;
    session::check_rank(&first, "remit_server").await?;
    for warning in session::inspect(&first).await? {
        tracing::warn!(warning, "PostgreSQL is not as it should be");
    }
    let other = pools::first(&pools.keys, &config.postgres).await?;
    session::check_apart(&first, &other).await?;
    contract::check(&first).await?;
    drop((first, other));
    let listener = server::listen(config.listen).map_err(|error| {
        let advice = "choose an address of this machine and a free port in REMIT_LISTEN";
        Complaint::new(format!("listening on {}: {error}", config.listen), advice)
    })?;
    tracing::info!(listen = %config.listen, version = VERSION, "serving");
    let app = App::start(
        pools,
        config.redis,
        config.cache_ttl,
        config.broker,
        config.webhooks,
    );
    let app = Arc::new(app);
    if let Err(cause) = app.wallet_cache.learn().await {
        tracing::warn!(cause, "the cache is not used yet");
    }
    server::run(listener, app, shutdown).await;
    tracing::info!("stopped");
    Ok(())
}
