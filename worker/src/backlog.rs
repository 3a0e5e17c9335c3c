//! Which events the broker is still to get, and how far its cursors are.
//!
//! | a ledger | its next events are | until |
//! | --- | --- | --- |
//! | is behind | read from the log, a page at a time | a page ends at the end of the log |
//! | is not | those that were just appended, which queue here | there are too many of them |
//!
//! A cursor is where all events up to it are confirmed, or were set aside. What is held keeps it
//! back.

use std::collections::{BTreeMap, VecDeque};

use remit::types::Event;

use crate::contract::Cursor;

/// The channel of the broker's cursors.
pub const BROKER: &str = "broker";
/// The most events that queue here. Beyond it they are read from the log later.
const QUEUE_MAX: usize = 20_000;

/// The events to publish, by where they come from.
#[derive(Default)]
pub struct Backlog {
    queue: VecDeque<Event>,
    /// By ledger, the position after which the log is to be read.
    behind: BTreeMap<i64, i64>,
    /// By ledger, the position up to which all events were published or are held.
    reached: BTreeMap<i64, i64>,
    /// By ledger, the cursor as PostgreSQL has it.
    told: BTreeMap<i64, i64>,
}

/// Where the next events come from.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    Nothing,
    /// They are queued.
    Queued,
    /// A page of a ledger's log after a position.
    Read {
        ledger_id: i64,
        after: i64,
    },
}

impl Backlog {
    /// With these cursors behind the ends of their logs.
    pub fn new(behind: Vec<Cursor>) -> Self {
        let behind: BTreeMap<_, _> = behind
            .into_iter()
            .map(|cursor| (cursor.ledger_id, cursor.position))
            .collect();
        Self {
            told: behind.clone(),
            behind,
            ..Self::default()
        }
    }

    /// Takes what was appended to the ends of logs.
    pub fn appended(&mut self, events: Vec<Event>) {
        for event in events {
            let (ledger_id, before) = (event.ledger_id, event.position - 1);
            // A ledger that is not known was at the end of its log.
            self.told.entry(ledger_id).or_insert(before);
            if self.behind.contains_key(&ledger_id) {
                continue;
            }
            if self.queue.len() < QUEUE_MAX {
                self.queue.push_back(event);
            } else {
                self.behind.insert(ledger_id, before);
            }
        }
    }

    /// Where the next events come from.
    pub fn next(&self) -> Next {
        if !self.queue.is_empty() {
            return Next::Queued;
        }
        match self.behind.first_key_value() {
            Some((&ledger_id, &after)) => Next::Read { ledger_id, after },
            None => Next::Nothing,
        }
    }

    /// Takes a page of a ledger's log, which is its rest if it has fewer events than were asked
    /// for.
    pub fn read(&mut self, ledger_id: i64, page: Vec<Event>, limit: usize) {
        match page.last() {
            Some(last) if page.len() >= limit => self.behind.insert(ledger_id, last.position),
            _ => self.behind.remove(&ledger_id),
        };
        self.queue.extend(page);
    }

    /// The next queued events, at most so many.
    pub fn take(&mut self, limit: usize) -> Vec<Event> {
        let count = self.queue.len().min(limit);
        self.queue.drain(..count).collect()
    }

    /// Puts back what was taken and not decided, in front of what is queued.
    pub fn put_back(&mut self, events: Vec<Event>) {
        for event in events.into_iter().rev() {
            self.queue.push_front(event);
        }
    }

    /// Learns that of a batch all was published, or is held.
    pub fn reached<'a>(&mut self, batch: impl IntoIterator<Item = &'a Event>) {
        for event in batch {
            let reached = self.reached.entry(event.ledger_id).or_default();
            *reached = event.position.max(*reached);
        }
    }

    /// The cursors that PostgreSQL is to be told, with the first position that is held of each
    /// ledger.
    pub fn cursors(&self, first_held: impl Fn(i64) -> Option<i64>) -> Vec<Cursor> {
        let moved = |(&ledger_id, &reached): (&i64, &i64)| {
            let held = first_held(ledger_id).map_or(i64::MAX, |position| position - 1);
            let position = reached.min(held);
            let told = self.told.get(&ledger_id).copied().unwrap_or(0);
            (position > told).then(|| Cursor::new(ledger_id, BROKER, position))
        };
        self.reached.iter().filter_map(moved).collect()
    }

    /// Learns that PostgreSQL has these cursors.
    pub fn told(&mut self, cursors: &[Cursor]) {
        for cursor in cursors {
            if cursor.channel == BROKER {
                self.told.insert(cursor.ledger_id, cursor.position);
            }
        }
    }

    /// Begins anew at the cursors, as after the loss of the broker: what was published and not
    /// confirmed, or is held, is read again.
    pub fn restart(&mut self) {
        let queued = self.queue.drain(..).map(|event| event.ledger_id);
        let reached = std::mem::take(&mut self.reached).into_keys();
        let left: Vec<i64> = queued
            .chain(reached)
            .chain(self.behind.keys().copied())
            .collect();
        for ledger_id in left {
            let told = self.told.get(&ledger_id).copied().unwrap_or(0);
            self.behind.insert(ledger_id, told);
        }
    }

    /// How many events queue.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::sample;

    fn event(ledger_id: i64, position: i64) -> Event {
        let mut event = sample::event("wallet.frozen", Uuid::nil(), &json!({}));
        (event.ledger_id, event.position) = (ledger_id, position);
        event
    }

    fn places(events: &[Event]) -> Vec<(i64, i64)> {
        let place = |event: &Event| (event.ledger_id, event.position);
        events.iter().map(place).collect()
    }

    fn nothing_held(_: i64) -> Option<i64> {
        None
    }

    #[test]
    fn what_is_appended_is_next_and_moves_the_cursor_once_it_is_published() {
        let mut backlog = Backlog::new(Vec::new());
        backlog.appended(vec![event(1, 7), event(2, 1), event(1, 8)]);
        assert_eq!(backlog.next(), Next::Queued);
        assert!(backlog.cursors(nothing_held).is_empty());
        let batch = backlog.take(2);
        assert_eq!(places(&batch), [(1, 7), (2, 1)]);
        backlog.reached(&batch);
        let cursors = backlog.cursors(nothing_held);
        let expected = [Cursor::new(1, BROKER, 7), Cursor::new(2, BROKER, 1)];
        assert_eq!(cursors, expected);
        backlog.told(&cursors);
        assert!(backlog.cursors(nothing_held).is_empty());
    }

    #[test]
    fn a_held_event_keeps_its_cursor_back() {
        let mut backlog = Backlog::new(Vec::new());
        backlog.appended(vec![event(1, 1), event(1, 2), event(1, 3)]);
        let batch = backlog.take(9);
        backlog.reached(&batch);
        assert_eq!(backlog.cursors(|_| Some(3)), [Cursor::new(1, BROKER, 2)]);
        assert!(backlog.cursors(|_| Some(1)).is_empty());
    }

    #[test]
    fn a_ledger_that_is_behind_is_read_page_by_page_and_what_is_appended_meanwhile_is_in_a_page() {
        let mut backlog = Backlog::new(vec![Cursor::new(1, BROKER, 5)]);
        backlog.appended(vec![event(1, 9), event(2, 1)]);
        assert_eq!(places(&backlog.take(9)), [(2, 1)]);
        let next = |after| Next::Read {
            ledger_id: 1,
            after,
        };
        assert_eq!(backlog.next(), next(5));
        backlog.read(1, vec![event(1, 6), event(1, 7)], 2);
        assert_eq!(backlog.next(), Next::Queued);
        assert_eq!(places(&backlog.take(9)), [(1, 6), (1, 7)]);
        assert_eq!(backlog.next(), next(7));
        backlog.read(1, vec![event(1, 8)], 2);
        backlog.appended(vec![event(1, 9)]);
        assert_eq!(places(&backlog.take(9)), [(1, 8), (1, 9)]);
        assert_eq!(backlog.next(), Next::Nothing);
    }

    #[test]
    fn after_a_restart_each_ledger_is_read_from_its_cursor_on() {
        let mut backlog = Backlog::new(Vec::new());
        backlog.appended(vec![event(1, 5), event(1, 6), event(2, 3)]);
        let batch = backlog.take(1);
        backlog.reached(&batch);
        backlog.told(&backlog.cursors(nothing_held));
        let batch = backlog.take(1);
        backlog.reached(&batch);
        backlog.restart();
        let read = |backlog: &Backlog| backlog.next();
        assert_eq!(
            read(&backlog),
            Next::Read {
                ledger_id: 1,
                after: 5
            }
        );
        backlog.read(1, Vec::new(), 2);
        assert_eq!(
            read(&backlog),
            Next::Read {
                ledger_id: 2,
                after: 2
            }
        );
        assert!(backlog.cursors(nothing_held).is_empty());
    }

    #[test]
    fn more_than_it_takes_is_read_from_the_log_later() {
        let mut backlog = Backlog::new(Vec::new());
        let last = i64::try_from(QUEUE_MAX).expect("it is small") + 2;
        backlog.appended((1..=last).map(|position| event(1, position)).collect());
        assert_eq!(backlog.queued(), QUEUE_MAX);
        backlog.take(QUEUE_MAX);
        let after = last - 2;
        assert_eq!(
            backlog.next(),
            Next::Read {
                ledger_id: 1,
                after
            }
        );
    }
}
