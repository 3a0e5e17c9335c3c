//! Events that the broker has refused, and those that wait behind them.
//!
//! | an event | is | until |
//! | --- | --- | --- |
//! | that the broker refused | refused | it is published again, and taken |
//! | of a wallet that has a refused event before it | behind it | what is before it is taken |
//! | that the broker will never take | set aside | another session of a relay tries it |
//!
//! Refused events are published again one at a time, with a delay that doubles. Once the broker
//! takes one of them, all are due at once. What was set aside holds nothing up.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::{Duration, Instant};

use serde::Deserialize;
use uuid::Uuid;

use crate::backoff::{doubled, jittered};
use crate::contract::OutboxEvent;

/// With so many events held the relay reads no further ones.
const HELD_MAX: usize = 2_000;
/// The delay after a first refusal.
const RETRY_MS_MIN: u64 = 100;
/// The longest delay. It keeps a recovery under 5 s.
const RETRY_MS_MAX: u64 = 4_000;
/// How long the relay waits for a consumer's queue to take what it refuses.
const PATIENCE_S: u64 = 10;

/// The events that are held, by id.
pub struct Held {
    waiting: BTreeMap<i64, OutboxEvent>,
    aside: BTreeSet<i64>,
    /// How often in a row nothing was taken of what was published again.
    failures: u32,
    retry_at: Instant,
    /// The one that was published again last.
    tried_id: i64,
    /// Since when some queue has had no room.
    full_since: Option<Instant>,
}

/// A wallet, or what else an event is about, with its ledger.
type Subject = (i64, Uuid);

/// The wallets of a transfer.
#[derive(Deserialize)]
struct Sides {
    source_id: Option<Uuid>,
    target_id: Option<Uuid>,
}

impl Held {
    /// With nothing held.
    pub fn new(now: Instant) -> Self {
        Self {
            waiting: BTreeMap::new(),
            aside: BTreeSet::new(),
            failures: 0,
            retry_at: now,
            tried_id: 0,
            full_since: None,
        }
    }

    /// The ids that a read of the outbox leaves out.
    pub fn ids(&self) -> impl Iterator<Item = i64> {
        self.waiting.keys().chain(&self.aside).copied()
    }

    /// The ids of what was set aside.
    pub fn aside(&self) -> Vec<i64> {
        self.aside.iter().copied().collect()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.aside.is_empty()
    }

    /// Whether something waits to be published again.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether no further events are read.
    pub fn is_full(&self) -> bool {
        self.waiting.len() + self.aside.len() >= HELD_MAX
    }

    /// What is to be published again now, in order of id, at most so many. After a failure that is
    /// one event with nothing before it.
    pub fn due(&mut self, now: Instant, limit: usize) -> Vec<OutboxEvent> {
        if !self.is_waiting() || now < self.retry_at {
            return Vec::new();
        }
        if self.failures == 0 {
            return self.waiting.values().take(limit).cloned().collect();
        }
        let mut behind = HashSet::new();
        let mut firsts: Vec<_> = self.waiting.values().collect();
        firsts.retain(|event| !touches(&mut behind, event, true));
        // In turn, so that one that is never taken does not keep the others from being tried.
        let next = firsts.iter().position(|event| event.id > self.tried_id);
        let tried = firsts[next.unwrap_or(0)];
        self.tried_id = tried.id;
        vec![tried.clone()]
    }

    /// Of the events of a read, those that may be published; holds those that come behind a refused
    /// one.
    pub fn admit(&mut self, events: Vec<OutboxEvent>) -> Vec<OutboxEvent> {
        if self.waiting.is_empty() {
            return events;
        }
        let mut behind = HashSet::new();
        for event in self.waiting.values() {
            touches(&mut behind, event, true);
        }
        self.part(events, behind, |_| false)
    }

    /// Of a batch that was published, what is confirmed and not behind a refused event; holds the
    /// rest.
    pub fn sort(
        &mut self,
        batch: Vec<OutboxEvent>,
        refused: &HashSet<i64>,
        now: Instant,
    ) -> Vec<OutboxEvent> {
        let was_waiting = self.is_waiting();
        let is_retry = batch
            .first()
            .is_some_and(|event| self.waiting.contains_key(&event.id));
        for event in &batch {
            self.waiting.remove(&event.id);
        }
        let confirmed = self.part(batch, HashSet::new(), |event| refused.contains(&event.id));
        if is_retry && !confirmed.is_empty() {
            self.failures = 0;
            self.retry_at = now;
        } else if !refused.is_empty() && (is_retry || !was_waiting) {
            self.failures = self.failures.saturating_add(1);
            let step = doubled(Duration::from_millis(RETRY_MS_MIN), self.failures);
            self.retry_at = now + jittered(step.min(Duration::from_millis(RETRY_MS_MAX)));
        }
        confirmed
    }

    /// Learns whether some queue had no room; whether that has lasted for too long.
    pub fn is_out_of_patience(&mut self, is_full: bool, now: Instant) -> bool {
        if !is_full {
            if self.waiting.is_empty() {
                self.full_since = None;
            }
            return false;
        }
        let since = *self.full_since.get_or_insert(now);
        now.duration_since(since) >= Duration::from_secs(PATIENCE_S)
    }

    /// Sets an event aside, which then holds nothing up.
    pub fn set_aside(&mut self, id: i64) {
        self.waiting.remove(&id);
        self.aside.insert(id);
    }

    /// Holds what is refused and what comes behind that; gives the rest.
    fn part(
        &mut self,
        events: Vec<OutboxEvent>,
        mut behind: HashSet<Subject>,
        is_refused: impl Fn(&OutboxEvent) -> bool,
    ) -> Vec<OutboxEvent> {
        let mut free = Vec::with_capacity(events.len());
        for event in events {
            let is_refused = is_refused(&event);
            let nobody_waits = behind.is_empty() && !is_refused;
            if nobody_waits || !touches(&mut behind, &event, is_refused) && !is_refused {
                free.push(event);
            } else {
                self.waiting.insert(event.id, event);
            }
        }
        free
    }
}

/// Whether an event is about one of these. If so, or if told to, all that it is about is added:
/// what comes behind it must wait for it.
fn touches(subjects: &mut HashSet<Subject>, event: &OutboxEvent, add: bool) -> bool {
    let its = subjects_of(event);
    let touches = its.iter().any(|subject| subjects.contains(subject));
    if touches || add {
        subjects.extend(its);
    }
    touches
}

fn subjects_of(event: &OutboxEvent) -> Vec<Subject> {
    let data = event.data.as_ref().map(|data| data.0.get());
    let sides = data.and_then(|data| serde_json::from_str::<Sides>(data).ok());
    let wallets: Vec<Uuid> = sides
        .into_iter()
        .flat_map(|sides| [sides.source_id, sides.target_id])
        .flatten()
        .collect();
    if wallets.is_empty() {
        return vec![(event.ledger_id, event.subject_id)];
    }
    let with_ledger = |wallet| (event.ledger_id, wallet);
    wallets.into_iter().map(with_ledger).collect()
}

#[cfg(test)]
mod tests {
    use postgres_types::Json;
    use serde_json::json;
    use serde_json::value::to_raw_value;
    use time::OffsetDateTime;

    use super::*;

    /// A transfer between two wallets, or a freeze of one.
    fn event(id: i64, wallets: &[u128]) -> OutboxEvent {
        let data = match wallets {
            [source, target] => json!({
                "source_id": Uuid::from_u128(*source), "target_id": Uuid::from_u128(*target)}),
            _ => json!({"status": "frozen"}),
        };
        OutboxEvent {
            ledger_id: 1,
            id,
            event_id: Uuid::new_v4(),
            kind: "of a test".to_owned(),
            subject_id: Uuid::from_u128(wallets[0]),
            request_id: None,
            data: Some(Json(to_raw_value(&data).expect("it is JSON"))),
            created_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    fn ids(events: &[OutboxEvent]) -> Vec<i64> {
        events.iter().map(|event| event.id).collect()
    }

    fn sorted(held: &mut Held, batch: Vec<OutboxEvent>, refused: &[i64], now: Instant) -> Vec<i64> {
        ids(&held.sort(batch, &refused.iter().copied().collect(), now))
    }

    fn later(now: Instant) -> Instant {
        now + Duration::from_millis(RETRY_MS_MAX)
    }

    /// Of five events the second is refused, and the fourth is behind it by way of the third.
    fn with_one_refused(now: Instant) -> Held {
        let mut held = Held::new(now);
        let batch = vec![
            event(1, &[1, 2]),
            event(2, &[3, 4]),
            event(3, &[4, 5]),
            event(4, &[5]),
            event(5, &[1, 6]),
        ];
        assert_eq!(sorted(&mut held, batch, &[2], now), [1, 5]);
        held
    }

    #[test]
    fn what_is_refused_is_held_with_what_comes_behind_it() {
        let held = with_one_refused(Instant::now());
        assert_eq!(held.ids().collect::<Vec<_>>(), [2, 3, 4]);
    }

    #[test]
    fn what_comes_later_waits_behind_it_and_other_wallets_go_on() {
        let mut held = with_one_refused(Instant::now());
        let read = vec![event(6, &[7, 3]), event(7, &[1, 2]), event(8, &[7])];
        assert_eq!(ids(&held.admit(read)), [7]);
        assert_eq!(held.ids().collect::<Vec<_>>(), [2, 3, 4, 6, 8]);
    }

    #[test]
    fn the_refused_one_is_due_after_a_delay_and_the_others_when_it_is_taken() {
        let now = Instant::now();
        let mut held = with_one_refused(now);
        assert!(held.due(now, 500).is_empty());
        let now = later(now);
        for due in [vec![2], vec![3, 4], vec![]] {
            let batch = held.due(now, 500);
            assert_eq!(ids(&batch), due);
            assert_eq!(sorted(&mut held, batch, &[], now), due);
        }
        assert!(held.is_empty());
    }

    #[test]
    fn one_at_a_time_is_tried_in_turn_until_one_is_taken() {
        let mut now = Instant::now();
        let mut held = Held::new(now);
        let batch = vec![event(1, &[1]), event(2, &[2]), event(3, &[3])];
        assert!(sorted(&mut held, batch, &[1, 2, 3], now).is_empty());
        for tried in [1, 2, 3, 1] {
            now = later(now);
            let batch = held.due(now, 500);
            assert_eq!(ids(&batch), [tried]);
            assert!(sorted(&mut held, batch, &[tried], now).is_empty());
            assert!(held.due(now, 500).is_empty());
        }
        now = later(now);
        let batch = held.due(now, 500);
        assert_eq!(sorted(&mut held, batch, &[], now), [2]);
        assert_eq!(ids(&held.due(now, 500)), [1, 3]);
        assert_eq!(ids(&held.due(now, 1)), [1]);
    }

    #[test]
    fn what_was_set_aside_is_not_read_again_and_holds_nothing_up() {
        let now = Instant::now();
        let mut held = Held::new(now);
        held.set_aside(1);
        assert_eq!(held.ids().collect::<Vec<_>>(), [1]);
        assert_eq!(ids(&held.admit(vec![event(2, &[1])])), [2]);
        assert!(held.due(later(now), 500).is_empty());
    }

    #[test]
    fn patience_with_a_full_queue_ends_and_begins_anew_once_nothing_is_refused() {
        let now = Instant::now();
        let mut held = Held::new(now);
        let end = now + Duration::from_secs(PATIENCE_S);
        assert!(!held.is_out_of_patience(true, now));
        assert!(held.is_out_of_patience(true, end));
        assert!(!held.is_out_of_patience(false, end));
        assert!(!held.is_out_of_patience(true, end));
    }
}
