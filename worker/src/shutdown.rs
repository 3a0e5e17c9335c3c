//! The request to end, passed from the process to its tasks.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// Asks all tasks that hold its `Shutdown` to end, also by being dropped.
pub struct Trigger(watch::Sender<bool>);

/// Whether a task is to end.
#[derive(Clone)]
pub struct Shutdown(watch::Receiver<bool>);

/// A trigger and what it triggers.
pub fn channel() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Trigger(sender), Shutdown(receiver))
}

impl Trigger {
    /// Asks the tasks to end.
    pub fn request(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    /// Whether the end was requested.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits for the request.
    pub async fn requested(&mut self) {
        // An error means that the trigger is gone, which is a request too.
        let _ = self.0.wait_for(|requested| *requested).await;
    }

    /// Sleeps; true when the end was requested meanwhile.
    pub async fn sleep(&mut self, delay: Duration) -> bool {
        timeout(delay, self.requested()).await.is_ok()
    }
}
