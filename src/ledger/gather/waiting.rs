//! Who waits for an answer, and with which request.

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;

use super::{Batch, Held, NoAnswer};

/// A request that waits for its call.
pub(super) struct Waiting<B: Batch> {
    pub request: B::Request,
    pub waiter: Waiter<B::Answer>,
}

/// The request of a client, which waits for its answer.
pub(super) struct Waiter<A> {
    pub reply: oneshot::Sender<Result<A, NoAnswer>>,
    pub busy_until: Instant,
    /// What it needs and another session held when it was tried last.
    pub held: Held,
    /// From when it may be tried again.
    pub tried_next: Instant,
    pub _place: OwnedSemaphorePermit,
}

impl<A> Waiter<A> {
    pub fn answer(self, answer: Result<A, NoAnswer>) {
        // A waiter that went away needs no answer.
        let _ = self.reply.send(answer);
    }
}
