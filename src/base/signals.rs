//! The signals that ask a program to end.

use tokio::signal::unix::{SignalKind, signal};

/// Listens from now on, and completes on SIGTERM or SIGINT.
///
/// # Errors
/// The system refuses.
pub fn asked_to_end() -> Result<impl Future<Output = ()>, String> {
    let listen = |kind| signal(kind).map_err(|error| format!("listening for signals: {error}"));
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
