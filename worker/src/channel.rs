//! The seam between the notifier and whatever carries a notification to its receiver.

use crate::event::Received;

/// A way to deliver notifications.
pub trait Channel: Send + Sync {
    /// The name under which deliveries are recorded.
    fn name(&self) -> &'static str;

    /// Delivers the notification of an event. `attempt` counts from 1.
    ///
    /// # Errors
    /// Why it was not delivered, for the log and the dead letters; the notifier tries again later.
    fn deliver(
        &self,
        event: &Received,
        attempt: u32,
    ) -> impl Future<Output = Result<(), String>> + Send;
}

/// Delivers into the log: who and when, but neither amounts nor balances nor texts.
pub struct LogChannel;

impl Channel for LogChannel {
    fn name(&self) -> &'static str {
        "log"
    }

    async fn deliver(&self, event: &Received, attempt: u32) -> Result<(), String> {
        tracing::info!(
            event_id = %event.event_id,
            "type" = event.kind,
            subject_id = %event.subject_id,
            request_id = event.request_id,
            attempt,
            "notification delivered"
        );
        Ok(())
    }
}

/// A channel that fails on purpose.
pub struct UnreliableChannel<C> {
    pub inner: C,
    /// The share of deliveries that fail, 0 to 1.
    pub fail_rate: f64,
}

impl<C: Channel> Channel for UnreliableChannel<C> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn deliver(&self, event: &Received, attempt: u32) -> Result<(), String> {
        if rand::random_bool(self.fail_rate) {
            return Err("simulated failure".to_owned());
        }
        self.inner.deliver(event, attempt).await
    }
}
