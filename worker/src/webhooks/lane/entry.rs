//! What a lane keeps of an event.

use std::collections::BTreeSet;
use std::sync::Arc;

use remit::types::Event;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::contract::WebhookFailure;

/// One event that was not delivered yet.
#[derive(Debug)]
pub(super) struct Entry {
    pub event: Option<Arc<Event>>,
    pub subjects: Vec<Uuid>,
    /// None while it is fresh.
    pub failure: Option<WebhookFailure>,
    pub is_in_flight: bool,
}

impl Entry {
    /// A fresh one. Its order is that of its wallets, or of what else it tells of.
    pub fn of_event(event: Arc<Event>) -> Self {
        let mut subjects = event.wallet_ids();
        if subjects.is_empty() {
            subjects.push(event.subject_id);
        }
        Self {
            event: Some(event),
            subjects,
            failure: None,
            is_in_flight: false,
        }
    }

    /// One of the table.
    pub fn of_failure(failure: WebhookFailure) -> Self {
        Self {
            event: None,
            subjects: failure.subject_ids.clone(),
            failure: Some(failure),
            is_in_flight: false,
        }
    }

    /// Makes it a failure that was not tried yet. The event is read again when its turn comes.
    pub fn become_failure(&mut self, now: OffsetDateTime) {
        let event = self.event.take().expect("a fresh one has its event");
        self.failure = Some(WebhookFailure {
            position: event.position,
            event_id: event.id,
            kind: event.kind.clone(),
            subject_ids: self.subjects.clone(),
            attempts: 0,
            is_aside: false,
            next_at: Some(now),
            outcome: None,
            answer_status: None,
            failed_at: None,
        });
    }

    /// Whether it holds up no other.
    pub fn is_aside(&self) -> bool {
        self.failure
            .as_ref()
            .is_some_and(|failure| failure.is_aside)
    }

    /// Whether it was tried, and holds up others.
    pub fn has_failed(&self) -> bool {
        let failed = |failure: &WebhookFailure| failure.attempts > 0 && !failure.is_aside;
        self.failure.as_ref().is_some_and(failed)
    }
}

/// What became of events since it was last asked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Failures that are none any more.
    pub settled: Vec<i64>,
    /// Failures that are new or changed.
    pub failed: BTreeSet<i64>,
}
