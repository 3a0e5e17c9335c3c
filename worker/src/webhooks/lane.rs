//! What may be sent to an endpoint next: the events of a wallet one after the other, those of
//! different wallets side by side. No clock, no network, no database.
//!
//! | an event is | it holds up its wallets | it is sent |
//! | --- | --- | --- |
//! | fresh: it came from the log | yes | when it is the first of its wallets |
//! | behind: as a failure is before it | yes | when it is the first of its wallets |
//! | failed | yes | when its time has come |
//! | set aside, as it failed often | no | when its time has come |
//!
//! All but the fresh ones are failures: they are in a table, and a cursor passes them. It stops
//! before the first that is fresh.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use remit::types::Event;
use time::OffsetDateTime;
use uuid::Uuid;

use super::client::Outcome;
use super::schedule;
use crate::contract::WebhookFailure;

mod entry;
#[cfg(test)]
mod tests;
mod told;

use entry::{Changes, Entry};

/// Requests at once.
const IN_FLIGHT_MAX: usize = 16;
/// After so many events that failed, and no success, only these are tried. Then the cursor stands
/// still: what comes is not tried in vain, and not copied.
const FAILED_MAX: usize = 16;
/// Fresh events in memory.
const FRESH_MAX: usize = 256;
/// As `remit_worker_v1.webhooks_record` has it.
const FAILURES_MAX: usize = 10_000;

/// The order of an endpoint's events, by their positions in the log.
#[derive(Debug, Default)]
pub struct Lane {
    entries: BTreeMap<i64, Entry>,
    /// Of a wallet: what must be sent in order.
    queues: HashMap<Uuid, BTreeSet<i64>>,
    /// Fresh, in flight or not.
    fresh: BTreeSet<i64>,
    /// Fresh, and the first of all their wallets.
    ready: BTreeSet<i64>,
    /// Failures that nothing is before, by their time.
    due: BTreeSet<(OffsetDateTime, i64)>,
    /// Wallets of which an event is in flight.
    busy: HashSet<Uuid>,
    in_flight: usize,
    /// How many may be in flight, as nothing but successes shows how much an endpoint bears.
    limit: usize,
    failed: usize,
    is_failing: bool,
    succeeded_at: Option<OffsetDateTime>,
    changes: Changes,
}

impl Lane {
    /// With the failures of the table, whether all fails, and the last success.
    pub fn new(
        failures: Vec<WebhookFailure>,
        is_failing: bool,
        succeeded_at: Option<OffsetDateTime>,
    ) -> Self {
        let mut lane = Self {
            is_failing,
            succeeded_at,
            limit: 1,
            ..Self::default()
        };
        for failure in failures {
            let position = failure.position;
            let entry = Entry::of_failure(failure);
            lane.failed += usize::from(entry.has_failed());
            lane.queue(position, entry);
        }
        let positions: Vec<i64> = lane.entries.keys().copied().collect();
        for position in positions {
            lane.make_ready(position);
        }
        lane
    }

    /// How many further events there is room for.
    pub fn room(&self) -> usize {
        if self.is_stalled() {
            return 0;
        }
        let failures = self.entries.len() - self.fresh.len();
        (FRESH_MAX.saturating_sub(self.fresh.len()))
            .min(FAILURES_MAX.saturating_sub(failures + self.fresh.len()))
    }

    /// Takes an event from the log. Those of one track come in order.
    pub fn offer(&mut self, event: Arc<Event>, now: OffsetDateTime) {
        let position = event.position;
        if self.entries.contains_key(&position) {
            return; // It is among the failures.
        }
        self.fresh.insert(position);
        self.queue(position, Entry::of_event(event));
        if self.is_behind_a_failure(position) {
            self.put_behind(position, now);
        }
        self.make_ready(position);
    }

    fn queue(&mut self, position: i64, entry: Entry) {
        if !entry.is_aside() {
            for subject in &entry.subjects {
                self.queues.entry(*subject).or_default().insert(position);
            }
        }
        self.entries.insert(position, entry);
    }

    /// Lets it be sent if nothing is before it.
    fn make_ready(&mut self, position: i64) {
        if !self.may_go(position) {
            return;
        }
        match &self.entries[&position].failure {
            None => drop(self.ready.insert(position)),
            Some(failure) => {
                let next_at = failure.next_at;
                next_at.map(|next_at| self.due.insert((next_at, position)));
            }
        }
    }

    /// Whether it is the first of all its wallets, and none of them is in flight.
    fn may_go(&self, position: i64) -> bool {
        let is_first = |subject: &Uuid| {
            let first = self.queues.get(subject).and_then(BTreeSet::first);
            first == Some(&position) && !self.busy.contains(subject)
        };
        self.entries.get(&position).is_some_and(|entry| {
            !entry.is_in_flight && (entry.is_aside() || entry.subjects.iter().all(is_first))
        })
    }

    fn is_behind_a_failure(&self, position: i64) -> bool {
        self.entries[&position].subjects.iter().any(|subject| {
            let mut before = self.queues[subject].range(..position);
            before.any(|other| self.entries[other].failure.is_some())
        })
    }

    fn put_behind(&mut self, position: i64, now: OffsetDateTime) {
        let entry = self.entries.get_mut(&position).expect("it was just there");
        entry.become_failure(now);
        self.fresh.remove(&position);
        self.changes.failed.insert(position);
    }

    /// Whether nothing but failures is tried, as nothing has succeeded for a while.
    pub fn is_stalled(&self) -> bool {
        self.is_failing && self.failed >= FAILED_MAX
    }

    /// The next one to send, which is in flight then. While all fails, and at first, one at a time;
    /// each success doubles how many. Events of the
    /// positions from `first` on come before older ones, which are sent again.
    pub fn take(&mut self, now: OffsetDateTime, first: i64) -> Option<i64> {
        if self.in_flight >= self.limit {
            return None;
        }
        let position = self.next(now, first)?;
        let entry = self.entries.get_mut(&position).expect("it was ready");
        entry.is_in_flight = true;
        if !entry.is_aside() {
            self.busy.extend(&entry.subjects);
        }
        self.in_flight += 1;
        Some(position)
    }

    /// What was made ready may not go any more, as an older one of its wallets came after it.
    fn next(&mut self, now: OffsetDateTime, first: i64) -> Option<i64> {
        loop {
            let due = self.due.first().filter(|(next_at, _)| *next_at <= now);
            let position = if let Some(due) = due.copied() {
                self.due.remove(&due);
                due.1
            } else if self.is_stalled() {
                return None;
            } else {
                let ready = self.ready.range(first..).next();
                let position = *ready.or(self.ready.first())?;
                self.ready.remove(&position);
                position
            };
            if self.may_go(position) {
                return Some(position);
            }
        }
    }

    /// The event at a position, if it is in memory.
    pub fn event(&self, position: i64) -> Option<Arc<Event>> {
        self.entries.get(&position)?.event.clone()
    }

    /// It was delivered, or is no more.
    pub fn succeeded(&mut self, position: i64, now: OffsetDateTime) {
        let Some(entry) = self.land(position) else {
            return;
        };
        let (has_failed, is_failure) = (entry.has_failed(), entry.failure.is_some());
        let was_stalled = self.is_stalled();
        self.is_failing = false;
        self.limit = (2 * self.limit).min(IN_FLIGHT_MAX);
        self.succeeded_at = Some(now);
        self.failed -= usize::from(has_failed);
        if is_failure {
            self.changes.failed.remove(&position);
            self.changes.settled.push(position);
        }
        self.fresh.remove(&position);
        self.leave(position);
        self.entries.remove(&position);
        if was_stalled {
            self.hurry(now);
        }
    }

    /// Tries at once what failed: the endpoint is back.
    fn hurry(&mut self, now: OffsetDateTime) {
        for (position, entry) in &mut self.entries {
            if !entry.has_failed() {
                continue;
            }
            let failure = entry.failure.as_mut().expect("it has failed");
            if let Some(next_at) = failure.next_at.filter(|next_at| *next_at > now) {
                failure.next_at = Some(now);
                self.changes.failed.insert(*position);
                if self.due.remove(&(next_at, *position)) {
                    self.due.insert((now, *position));
                }
            }
        }
    }

    /// It was not. What waits for the same wallets is behind it from now on, unless it is set
    /// aside. Gives whether it is.
    pub fn failed(
        &mut self,
        position: i64,
        (outcome, answer_status): Outcome,
        now: OffsetDateTime,
    ) -> bool {
        if self.land(position).is_none() {
            return false;
        }
        if self.fresh.contains(&position) {
            self.put_behind(position, now);
        }
        self.is_failing = true;
        self.limit = 1;
        let succeeded_at = self.succeeded_at;
        let entry = self.entries.get_mut(&position).expect("it has landed");
        let had_failed = entry.has_failed();
        let failure = entry.failure.as_mut().expect("it is a failure now");
        let failed_at = *failure.failed_at.get_or_insert(now);
        let was_aside = failure.is_aside;
        failure.attempts += 1;
        let next = schedule::after_failure(failure.attempts, failed_at, succeeded_at, now);
        failure.is_aside |= next.is_aside;
        failure.next_at = next.next_at;
        (failure.outcome, failure.answer_status) = (Some(outcome), answer_status);
        let is_aside = failure.is_aside;
        let has_failed = entry.has_failed();
        self.failed = self.failed + usize::from(has_failed) - usize::from(had_failed);
        self.changes.failed.insert(position);
        if !is_aside {
            self.put_all_behind(position, now);
        } else if !was_aside {
            self.leave(position);
        }
        self.make_ready(position);
        self.wake(position);
        is_aside
    }

    fn land(&mut self, position: i64) -> Option<&Entry> {
        let entry = self.entries.get_mut(&position)?;
        entry.is_in_flight = false;
        if !entry.is_aside() {
            for subject in &entry.subjects {
                self.busy.remove(subject);
            }
        }
        self.in_flight -= 1;
        Some(entry)
    }

    /// Puts behind it what waits for its wallets, and what waits for the wallets of these.
    fn put_all_behind(&mut self, position: i64, now: OffsetDateTime) {
        let mut blocking = vec![position];
        while let Some(position) = blocking.pop() {
            let mut waiting = BTreeSet::new();
            for subject in &self.entries[&position].subjects {
                waiting.extend(self.queues[subject].range(position + 1..));
            }
            for other in waiting {
                if self.fresh.contains(&other) {
                    self.put_behind(other, now);
                    blocking.push(other);
                }
            }
        }
    }

    /// Takes it out of the order of its wallets.
    fn leave(&mut self, position: i64) {
        for subject in &self.entries[&position].subjects {
            if let Some(queue) = self.queues.get_mut(subject) {
                queue.remove(&position);
                if queue.is_empty() {
                    self.queues.remove(subject);
                }
            }
        }
        self.wake(position);
    }

    /// The first of its wallets may go now.
    fn wake(&mut self, position: i64) {
        let subjects = self.entries[&position].subjects.iter();
        let queues = subjects.filter_map(|subject| self.queues.get(subject));
        let first: BTreeSet<i64> = queues.filter_map(|queue| queue.first().copied()).collect();
        for position in first {
            self.make_ready(position);
        }
    }
}
