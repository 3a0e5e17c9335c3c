//! Events that the broker has refused, and those that wait behind them.
//!
//! | an event | is | until |
//! | --- | --- | --- |
//! | that the broker refused | refused | it is published again, and taken |
//! | of a wallet that has a refused event before it | behind it | what is before it is taken |
//!
//! Refused events are published again one at a time, with a delay that doubles. Once the broker
//! takes one of them, all are due at once.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use remit::types::Event;
use uuid::Uuid;

use crate::backoff::{doubled, jittered};

/// With so many events held the relay reads no further ones.
const HELD_MAX: usize = 2_000;
/// The delay after a first refusal.
const RETRY_MS_MIN: u64 = 100;
/// The longest delay. It keeps a recovery under 5 s.
const RETRY_MS_MAX: u64 = 4_000;
/// How long the relay waits for a consumer's queue to take what it refuses.
const PATIENCE_S: u64 = 10;

/// An event's ledger and position.
pub type Place = (i64, i64);

/// The place of an event.
pub fn place_of(event: &Event) -> Place {
    (event.ledger_id, event.position)
}

/// The events that are held, by place.
pub struct Held {
    waiting: BTreeMap<Place, Event>,
    /// How often in a row nothing was taken of what was published again.
    failures: u32,
    retry_at: Instant,
    /// The one that was published again last.
    tried: Place,
    /// Since when some queue has had no room.
    full_since: Option<Instant>,
}

/// A wallet, or what else an event is about, with its ledger.
type Subject = (i64, Uuid);

impl Held {
    /// With nothing held.
    pub fn new(now: Instant) -> Self {
        Self {
            waiting: BTreeMap::new(),
            failures: 0,
            retry_at: now,
            tried: (0, 0),
            full_since: None,
        }
    }

    /// The position of the first event of a ledger that is held.
    pub fn first_of(&self, ledger_id: i64) -> Option<i64> {
        let its = self
            .waiting
            .range((ledger_id, i64::MIN)..=(ledger_id, i64::MAX));
        its.map(|((_, position), _)| *position).next()
    }

    /// Whether an event is held.
    pub fn has(&self, event: &Event) -> bool {
        self.waiting.contains_key(&place_of(event))
    }

    /// Whether something waits to be published again.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether no further events are read.
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= HELD_MAX
    }

    /// What is to be published again now, in order of position, at most so many. After a failure
    /// that is one event with nothing before it.
    pub fn due(&mut self, now: Instant, limit: usize) -> Vec<Event> {
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
        let next = firsts.iter().position(|event| place_of(event) > self.tried);
        let tried = firsts[next.unwrap_or(0)].clone();
        self.tried = place_of(&tried);
        vec![tried]
    }

    /// Of the next events, those that may be published, and those that come behind a refused one:
    /// they are held.
    pub fn admit(&mut self, events: Vec<Event>) -> (Vec<Event>, Vec<Event>) {
        if self.waiting.is_empty() {
            return (events, Vec::new());
        }
        let mut behind = HashSet::new();
        for event in self.waiting.values() {
            touches(&mut behind, event, true);
        }
        self.part(events, behind, |_| false)
    }

    /// Of a batch that was published, what is confirmed and not behind a refused event, and the
    /// rest, which is held.
    pub fn sort(
        &mut self,
        batch: Vec<Event>,
        refused: &HashSet<Place>,
        now: Instant,
    ) -> (Vec<Event>, Vec<Event>) {
        let was_waiting = self.is_waiting();
        let is_retry = batch
            .first()
            .is_some_and(|event| self.waiting.contains_key(&place_of(event)));
        for event in &batch {
            self.waiting.remove(&place_of(event));
        }
        let is_refused = |event: &Event| refused.contains(&place_of(event));
        let (confirmed, held) = self.part(batch, HashSet::new(), is_refused);
        if is_retry && !confirmed.is_empty() {
            self.failures = 0;
            self.retry_at = now;
        } else if !refused.is_empty() && (is_retry || !was_waiting) {
            self.failures = self.failures.saturating_add(1);
            let step = doubled(Duration::from_millis(RETRY_MS_MIN), self.failures);
            self.retry_at = now + jittered(step.min(Duration::from_millis(RETRY_MS_MAX)));
        }
        (confirmed, held)
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

    /// Lets go of an event that was set aside, which then holds nothing up.
    pub fn let_go(&mut self, event: &Event) {
        self.waiting.remove(&place_of(event));
    }

    /// Holds what is refused and what comes behind that; gives the rest, and what it holds.
    fn part(
        &mut self,
        events: Vec<Event>,
        mut behind: HashSet<Subject>,
        is_refused: impl Fn(&Event) -> bool,
    ) -> (Vec<Event>, Vec<Event>) {
        let mut free = Vec::with_capacity(events.len());
        let mut held = Vec::new();
        for event in events {
            let is_refused = is_refused(&event);
            let nobody_waits = behind.is_empty() && !is_refused;
            if nobody_waits || !touches(&mut behind, &event, is_refused) && !is_refused {
                free.push(event);
            } else {
                held.push(event);
            }
        }
        let waiting = held.iter().cloned();
        self.waiting
            .extend(waiting.map(|event| (place_of(&event), event)));
        (free, held)
    }
}

/// Whether an event is about one of these. If so, or if told to, all that it is about is added:
/// what comes behind it must wait for it.
fn touches(subjects: &mut HashSet<Subject>, event: &Event, add: bool) -> bool {
    let its = subjects_of(event);
    let touches = its.iter().any(|subject| subjects.contains(subject));
    if touches || add {
        subjects.extend(its);
    }
    touches
}

fn subjects_of(event: &Event) -> Vec<Subject> {
    let wallets = event.wallet_ids();
    if wallets.is_empty() {
        return vec![(event.ledger_id, event.subject_id)];
    }
    let with_ledger = |wallet| (event.ledger_id, wallet);
    wallets.into_iter().map(with_ledger).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sample;

    /// A transfer between two wallets, or a freeze of one.
    fn event(position: i64, wallets: &[u128]) -> Event {
        let mut event = match wallets {
            [source, target] => sample::transfer([*source, *target], &json!({})),
            _ => sample::event("wallet.frozen", Uuid::from_u128(wallets[0]), &json!({})),
        };
        event.position = position;
        event
    }

    fn held_ids(held: &Held) -> Vec<i64> {
        held.waiting.keys().map(|(_, position)| *position).collect()
    }

    fn ids(events: &[Event]) -> Vec<i64> {
        events.iter().map(|event| event.position).collect()
    }

    fn sorted(held: &mut Held, batch: Vec<Event>, refused: &[i64], now: Instant) -> Vec<i64> {
        let refused = refused.iter().map(|position| (1, *position)).collect();
        ids(&held.sort(batch, &refused, now).0)
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
        assert_eq!(held_ids(&held), [2, 3, 4]);
    }

    #[test]
    fn what_comes_later_waits_behind_it_and_other_wallets_go_on() {
        let mut held = with_one_refused(Instant::now());
        let read = vec![event(6, &[7, 3]), event(7, &[1, 2]), event(8, &[7])];
        assert_eq!(ids(&held.admit(read).0), [7]);
        assert_eq!(held_ids(&held), [2, 3, 4, 6, 8]);
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
        assert!(!held.is_waiting());
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
    fn what_was_set_aside_holds_nothing_up_and_no_cursor_back() {
        let now = Instant::now();
        let mut held = Held::new(now);
        let refused = event(1, &[1]);
        assert!(sorted(&mut held, vec![refused.clone()], &[1], now).is_empty());
        assert_eq!((held.first_of(1), held.first_of(2)), (Some(1), None));
        held.let_go(&refused);
        assert_eq!(held.first_of(1), None);
        assert_eq!(ids(&held.admit(vec![event(2, &[1])]).0), [2]);
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
