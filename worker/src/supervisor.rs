//! The life of the process: its parts run until it is asked to end, and none may end before.

use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use crate::shutdown::Trigger;

/// How long the batches in hand may take after the request to end.
const SHUTDOWN_MS_MAX: u64 = 5_000;

/// Waits until the process is asked to end, then for its parts.
///
/// # Errors
/// A part ended by itself or panicked: the process must end too, for whoever restarts it.
pub async fn run(
    mut parts: JoinSet<()>,
    trigger: &Trigger,
    asked_to_end: impl Future<Output = ()>,
) -> Result<(), String> {
    tokio::select! {
        () = asked_to_end => {}
        Some(ended) = parts.join_next() => {
            outcome(ended)?;
            return Err("a part ended by itself".to_owned());
        }
    }
    tracing::info!("shutting down");
    trigger.request();
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

fn outcome(ended: Result<(), JoinError>) -> Result<(), String> {
    ended.map_err(|error| format!("a part failed: {error}"))
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;
    use crate::shutdown;

    #[tokio::test]
    async fn a_part_that_panics_ends_the_process_with_an_error() {
        let (trigger, _shutdown) = shutdown::channel();
        let mut parts = JoinSet::new();
        parts.spawn(pending());
        parts.spawn(async { panic!("on purpose") });
        assert!(run(parts, &trigger, pending()).await.is_err());
    }

    #[tokio::test]
    async fn a_part_that_ends_by_itself_ends_the_process_with_an_error() {
        let (trigger, _shutdown) = shutdown::channel();
        let mut parts = JoinSet::new();
        parts.spawn(ready(()));
        assert!(run(parts, &trigger, pending()).await.is_err());
    }

    #[tokio::test]
    async fn all_parts_are_asked_to_end_and_awaited() {
        let (trigger, shutdown) = shutdown::channel();
        let mut parts = JoinSet::new();
        for _ in 0..2 {
            let mut shutdown = shutdown.clone();
            parts.spawn(async move { shutdown.requested().await });
        }
        assert_eq!(run(parts, &trigger, ready(())).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_does_not_end_in_time_is_abandoned() {
        let (trigger, _shutdown) = shutdown::channel();
        let mut parts = JoinSet::new();
        parts.spawn(pending());
        assert_eq!(run(parts, &trigger, ready(())).await, Ok(()));
    }
}
