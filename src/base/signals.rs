//! The signals that ask a program to end.

use tokio::signal::unix::{SignalKind, signal};

use crate::base::complaint::Complaint;

/// Listens from now on, and completes on SIGTERM or SIGINT.
///
/// # Errors
/// The system refuses.
pub fn asked_to_end() -> Result<impl Future<Output = ()>, Complaint> {
    let listen = |kind| {
        let advice = "let this user have more open files (ulimit -n)";
        let refused = |error| Complaint::new(format!("listening for signals: {error}"), advice);
        signal(kind).map_err(refused)
    };
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
