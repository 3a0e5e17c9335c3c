//! The life of the process: its parts run until it is asked to end, and none may end before.

use std::sync::Arc;
use std::time::Duration;

use remit::base::complaint::Complaint;
use remit::base::{signals, telemetry};
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::channel::{LogChannel, UnreliableChannel};
use crate::config::Config;
use crate::exposition::Exposition;
use crate::metrics::Metrics;
use crate::notifier::Notifier;
use crate::relay::Relay;
use crate::webhooks::Webhooks;
use crate::witness::Witness;

/// How long the batches in hand may take after the request to end.
const SHUTDOWN_MS_MAX: u64 = 5_000;
const ADVICE: &str = "the log says why; start it again once that is mended";

/// A part of the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Relay,
    Notifier,
    Webhooks,
}

/// Runs all parts, or one of them, until SIGTERM or SIGINT.
///
/// # Errors
/// One ended by itself, or signals cannot be heard.
pub async fn work(config: Config, alone: Option<Part>) -> Result<(), Complaint> {
    let _log = telemetry::start(config.log);
    let asked_to_end = signals::asked_to_end()?;
    let shutdown = CancellationToken::new();
    let metrics = Arc::default();
    let exposition = expose(&config, &metrics).await?;
    let mut parts = start(config, alone, &metrics, &shutdown);
    if let Some(exposition) = exposition {
        let shutdown = shutdown.clone();
        parts.spawn(async move { exposition.run(&shutdown).await });
    }
    run(parts, &shutdown, asked_to_end).await
}

/// Listens for those who read the metrics, where an address is set.
async fn expose(config: &Config, metrics: &Arc<Metrics>) -> Result<Option<Exposition>, Complaint> {
    let Some(address) = config.listen else {
        return Ok(None);
    };
    let exposition = Exposition::listen(address, config.postgres.clone(), Arc::clone(metrics));
    exposition.await.map(Some)
}

fn start(
    config: Config,
    alone: Option<Part>,
    metrics: &Arc<Metrics>,
    shutdown: &CancellationToken,
) -> JoinSet<()> {
    let mut parts = JoinSet::new();
    let runs = |part| alone.is_none_or(|alone| alone == part);
    if runs(Part::Relay) {
        if let Some(place) = config.heads {
            let witness = Witness {
                postgres: config.postgres.clone(),
                place,
                metrics: Arc::clone(metrics),
            };
            let shutdown = shutdown.clone();
            parts.spawn(async move { witness.run(&shutdown).await });
        }
        let relay = Relay {
            postgres: config.postgres.clone(),
            broker: config.broker.clone(),
            redis: config.redis,
            metrics: Arc::clone(metrics),
        };
        let shutdown = shutdown.clone();
        parts.spawn(async move { relay.run(&shutdown).await });
    }
    if runs(Part::Webhooks) {
        let webhooks = Webhooks {
            postgres: config.postgres.clone(),
            client: config.sending.client,
            master: config.sending.master,
            metrics: Arc::clone(metrics),
        };
        let shutdown = shutdown.clone();
        parts.spawn(async move { webhooks.run(&shutdown).await });
    }
    if runs(Part::Notifier) {
        let notifier = Notifier {
            postgres: config.postgres,
            broker: config.broker,
            channel: UnreliableChannel {
                inner: LogChannel,
                fail_rate: config.retries.fail_rate,
            },
            attempts_max: config.retries.attempts_max,
            first_delay: config.retries.first_delay,
            metrics: Arc::clone(metrics),
        };
        let shutdown = shutdown.clone();
        parts.spawn(async move { notifier.run(&shutdown).await });
    }
    parts
}

/// Waits until the process is asked to end, then for its parts.
///
/// # Errors
/// A part ended by itself or panicked: the process must end too, so that its supervisor restarts
/// it.
async fn run(
    mut parts: JoinSet<()>,
    shutdown: &CancellationToken,
    asked_to_end: impl Future<Output = ()>,
) -> Result<(), Complaint> {
    tokio::select! {
        () = asked_to_end => {}
        Some(ended) = parts.join_next() => {
            outcome(ended)?;
            return Err(Complaint::new("a part ended by itself", ADVICE));
        }
    }
    tracing::info!("shutting down");
    shutdown.cancel();
    let all_ended = async {
        while let Some(ended) = parts.join_next().await {
            outcome(ended)?;
        }
        Ok(())
    };
    match timeout(Duration::from_millis(SHUTDOWN_MS_MAX), all_ended).await {
        Ok(result) => result,
        Err(_) => {
            // Nothing is lost: what is not settled or acknowledged is published or delivered again.
            tracing::warn!("a batch in hand was abandoned");
            Ok(())
        }
    }
}

fn outcome(ended: Result<(), JoinError>) -> Result<(), Complaint> {
    ended.map_err(|error| Complaint::new(format!("a part failed: {error}"), ADVICE))
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn a_part_that_panics_ends_the_process_with_an_error() {
        let mut parts = JoinSet::new();
        parts.spawn(pending());
        parts.spawn(async { panic!("on purpose") });
        assert!(
            run(parts, &CancellationToken::new(), pending())
                .await
                .is_err()
        );
    }

    #[tokio::test]
    async fn a_part_that_ends_by_itself_ends_the_process_with_an_error() {
        let mut parts = JoinSet::new();
        parts.spawn(ready(()));
        assert!(
            run(parts, &CancellationToken::new(), pending())
                .await
                .is_err()
        );
    }

    #[tokio::test]
    async fn all_parts_are_asked_to_end_and_awaited() {
        let shutdown = CancellationToken::new();
        let mut parts = JoinSet::new();
        for _ in 0..2 {
            parts.spawn(shutdown.clone().cancelled_owned());
        }
        assert_eq!(run(parts, &shutdown, ready(())).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_does_not_end_in_time_is_abandoned() {
        let mut parts = JoinSet::new();
        parts.spawn(pending());
        assert_eq!(
            run(parts, &CancellationToken::new(), ready(())).await,
            Ok(())
        );
    }
}
