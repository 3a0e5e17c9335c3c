//! Waiting for something to become true.

use std::time::{Duration, Instant};

/// How long a test waits for what should take a moment.
pub const SOON: Duration = Duration::from_secs(20);
const INTERVAL: Duration = Duration::from_millis(20);

/// Asks again and again until there is an answer.
///
/// # Errors
/// After `deadline`, with `what` was waited for.
pub async fn poll<T>(
    deadline: Duration,
    what: &str,
    mut check: impl AsyncFnMut() -> Option<T>,
) -> Result<T, String> {
    let start = Instant::now();
    loop {
        if let Some(answer) = check().await {
            return Ok(answer);
        }
        if start.elapsed() >= deadline {
            return Err(format!("not within {deadline:?}: {what}"));
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// The same for a test.
pub async fn eventually<T>(
    deadline: Duration,
    what: &str,
    check: impl AsyncFnMut() -> Option<T>,
) -> T {
    let answer = poll(deadline, what, check).await;
    answer.unwrap_or_else(|error| panic!("{error}"))
}

/// Asks again and again until it is so.
pub async fn eventually_true(deadline: Duration, what: &str, mut check: impl AsyncFnMut() -> bool) {
    eventually(deadline, what, async || check().await.then_some(())).await;
}
