//! Delays that double, with jitter, so that those who failed together do not come back together.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::error::Error;

/// The first delay between two sessions with a server that is away.
const RECONNECT_MS_MIN: u64 = 100;
/// The longest. With the time that a connection and the oldest batches take it keeps a recovery
/// under 5 s.
const RECONNECT_MS_MAX: u64 = 1_000;

/// The delays between attempts of one part to reach its servers.
pub struct Reconnect {
    part: &'static str,
    failures: u32,
}

impl Reconnect {
    /// For a part that has not failed yet.
    pub fn new(part: &'static str) -> Self {
        Self { part, failures: 0 }
    }

    /// Logs one more failure and waits before the next attempt; true when the process is to end.
    pub async fn wait(&mut self, error: &Error, shutdown: &CancellationToken) -> bool {
        let delay = self.failed(error);
        shutdown.run_until_cancelled(sleep(delay)).await.is_none()
    }

    /// Logs one more failure; gives how long to wait before the next attempt.
    pub fn failed(&mut self, error: &Error) -> Duration {
        let delay = self.delay();
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        let part = self.part;
        if matches!(error, Error::Refused(_) | Error::Unfit(_)) {
            tracing::error!(%error, part, delay_ms, "interrupted");
        } else {
            tracing::warn!(%error, part, delay_ms, "interrupted");
        }
        delay
    }

    fn delay(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let step = doubled(Duration::from_millis(RECONNECT_MS_MIN), self.failures);
        jittered(step.min(Duration::from_millis(RECONNECT_MS_MAX)))
    }

    /// Starts over after a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// The delay after a number of failures, the first being 1: `first`, twice that, four times, …
pub fn doubled(first: Duration, failures: u32) -> Duration {
    let factor = 2_u32.saturating_pow(failures.saturating_sub(1));
    first.saturating_mul(factor)
}

/// Between half of a delay and the whole.
pub fn jittered(delay: Duration) -> Duration {
    delay.mul_f64(rand::random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double() {
        let first = Duration::from_millis(1_000);
        let steps: Vec<_> = (1..=4).map(|n| doubled(first, n).as_millis()).collect();
        assert_eq!(steps, [1_000, 2_000, 4_000, 8_000]);
        assert!(doubled(first, u32::MAX) >= doubled(first, 32));
    }

    #[test]
    fn jitter_keeps_between_half_and_whole() {
        let whole = Duration::from_millis(1_000);
        for _ in 0..1_000 {
            let delay = jittered(whole);
            assert!(delay >= whole / 2 && delay <= whole, "{delay:?}");
        }
    }

    #[test]
    fn reconnecting_never_waits_long_and_starts_over_after_a_success() {
        let mut reconnect = Reconnect::new("test");
        assert!(reconnect.delay() <= Duration::from_millis(RECONNECT_MS_MIN));
        for _ in 0..100 {
            assert!(reconnect.delay() <= Duration::from_millis(RECONNECT_MS_MAX));
        }
        reconnect.reset();
        assert!(reconnect.delay() <= Duration::from_millis(RECONNECT_MS_MIN));
    }
}
