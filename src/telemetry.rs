//! Logs: one JSON object a line on standard output.

use tracing_subscriber::EnvFilter;

/// Starts logging. `filter` is a `tracing` filter such as `info` or `remit=debug`.
///
/// # Errors
/// A filter that cannot be parsed.
pub fn start(filter: &str) -> Result<(), String> {
    let filter = EnvFilter::builder()
        .parse(filter)
        .map_err(|error| format!("REMIT_LOG: {error}"))?;
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(filter)
        .init();
    Ok(())
}
