//! From where the relay reads the outbox.
//!
//! Rows that were removed stay in the index as long as a snapshot is older, and a read from the
//! first one on goes over all of them. So the relay knows a floor: an id below which no event is
//! and none can come. It is no cursor: an open transaction is never overtaken.
//!
//! | the floor | the relay's next task | which leads to |
//! | --- | --- | --- |
//! | is unknown, or not above what was published | `outbox_mark` | a mark |
//! | has a mark | `outbox_rise`, until older ones end | the first event, or behind the mark |
//! | is above all that was published | nothing | |
//!
//! Once a minute the relay reads from the first row on all the same, once. If it finds an event
//! below the floor, the floor is unknown again.

use std::time::{Duration, Instant};

use crate::contract::OutboxMark;

/// How long the floor is trusted at least.
const TRUST_S_MIN: u64 = 60;
/// And at most.
const TRUST_S_MAX: u64 = 3_600;
/// It is trusted so many times as long as the read without it took: such reads take a thousandth of
/// the relay's time at most.
const TRUST_BY_READ: u32 = 1_000;

/// The floor that reads from the first row on.
const UNKNOWN: i64 = 0;

/// An id below which no event is and none can come, and how it will rise.
#[derive(Debug)]
pub struct Floor {
    id: i64,
    rise: Rise,
    /// The highest id that was published: up to it rows are removed, or will be.
    published_id: i64,
    distrusted_at: Instant,
}

/// Whether the floor is about to rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rise {
    Unmarked,
    /// Transactions of the mark's moment may be open.
    Marked(OutboxMark),
}

/// What the relay does for its floor before it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    Nothing,
    /// Asks `outbox_mark`, and tells the floor that it is `marked`.
    Mark,
    /// Asks `outbox_rise`, and tells the floor what it has `risen` to.
    Rise {
        floor_id: i64,
        mark: OutboxMark,
    },
}

/// A read of the outbox.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// The id of the first event that it found.
    pub first_id: Option<i64>,
    pub began: Instant,
    pub took: Duration,
}

impl Floor {
    /// Of a relay that knows nothing yet.
    pub fn new(now: Instant) -> Self {
        Self {
            id: UNKNOWN,
            rise: Rise::Unmarked,
            published_id: UNKNOWN,
            distrusted_at: now,
        }
    }

    /// An id below which no event is and none can come; 0 is below all.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// What to do before the next read.
    pub fn task(&self) -> Task {
        match self.rise {
            Rise::Marked(mark) => Task::Rise {
                floor_id: self.id,
                mark,
            },
            Rise::Unmarked if self.id == UNKNOWN || self.id <= self.published_id => Task::Mark,
            Rise::Unmarked => Task::Nothing,
        }
    }

    /// There is a mark.
    pub fn marked(&mut self, mark: OutboxMark) {
        self.rise = Rise::Marked(mark);
    }

    /// All transactions of the mark's moment have ended.
    pub fn risen(&mut self, id: i64) {
        self.id = id;
        self.rise = Rise::Unmarked;
    }

    /// Events up to this one are published and will be removed.
    pub fn published(&mut self, id: i64) {
        self.published_id = self.published_id.max(id);
    }

    /// From which id to read now.
    pub fn read_from(&self, now: Instant) -> i64 {
        if self.is_trusted(now) {
            self.id
        } else {
            UNKNOWN
        }
    }

    /// Learns of a read that began where `read_from` said.
    pub fn looked(&mut self, look: Look) {
        if self.is_trusted(look.began) {
            return;
        }
        if look.first_id.is_some_and(|id| id < self.id) {
            self.id = UNKNOWN;
        }
        let [least, most] = [TRUST_S_MIN, TRUST_S_MAX].map(Duration::from_secs);
        let trust = look.took.saturating_mul(TRUST_BY_READ).clamp(least, most);
        self.distrusted_at = look.began + look.took + trust;
    }

    fn is_trusted(&self, now: Instant) -> bool {
        now < self.distrusted_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: OutboxMark = OutboxMark {
        last_id: 20_000,
        xid: 7,
    };

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    /// A read from the first row on, whatever it finds.
    fn look(first_id: Option<i64>, began: Instant) -> Look {
        Look {
            first_id,
            began,
            took: Duration::ZERO,
        }
    }

    /// A floor that has risen to this id after a read of all rows just now.
    fn risen_to(id: i64, now: Instant) -> Floor {
        let mut floor = Floor::new(now);
        floor.looked(look(None, now));
        floor.marked(MARK);
        floor.risen(id);
        floor
    }

    #[test]
    fn a_relay_that_knows_nothing_reads_all_and_marks_at_once() {
        let now = Instant::now();
        let mut floor = Floor::new(now);
        assert_eq!((floor.read_from(now), floor.task()), (0, Task::Mark));
        floor.looked(look(None, now));
        assert_eq!((floor.read_from(now), floor.task()), (0, Task::Mark));
    }

    #[test]
    fn a_floor_stays_until_the_mark_has_let_it_rise() {
        let now = Instant::now();
        let mut floor = risen_to(9_001, now);
        floor.published(15_000);
        floor.marked(MARK);
        let task = Task::Rise {
            floor_id: 9_001,
            mark: MARK,
        };
        assert_eq!((floor.read_from(now), floor.task()), (9_001, task));
        floor.published(16_000);
        assert_eq!((floor.read_from(now), floor.task()), (9_001, task));
        floor.risen(20_001);
        assert_eq!(
            (floor.read_from(now), floor.task()),
            (20_001, Task::Nothing)
        );
    }

    #[test]
    fn an_idle_relay_has_nothing_to_do_once_the_floor_is_above_what_it_published() {
        let mut floor = risen_to(9_001, Instant::now());
        assert_eq!(floor.task(), Task::Nothing);
        floor.published(9_000);
        assert_eq!(floor.task(), Task::Nothing);
        floor.published(9_001);
        assert_eq!(floor.task(), Task::Mark);
    }

    #[test]
    fn what_was_published_while_a_mark_waited_is_marked_after_it() {
        let mut floor = Floor::new(Instant::now());
        floor.marked(MARK);
        floor.published(25_000);
        // A late commit, of a number below.
        floor.published(19_000);
        floor.risen(20_001);
        assert_eq!(floor.task(), Task::Mark);
        floor.marked(MARK);
        floor.risen(25_001);
        assert_eq!(floor.task(), Task::Nothing);
    }

    #[test]
    fn a_minute_later_one_read_is_from_the_first_row_on() {
        let start = Instant::now();
        let mut floor = risen_to(9_001, start);
        assert_eq!(floor.read_from(start + seconds(59)), 9_001);
        let later = start + seconds(60);
        assert_eq!(floor.read_from(later), 0);
        floor.looked(look(Some(9_001), later));
        assert_eq!(floor.read_from(later), 9_001);
        assert_eq!(floor.read_from(later + seconds(59)), 9_001);
        assert_eq!(floor.read_from(later + seconds(60)), 0);
    }

    #[test]
    fn reads_from_the_floor_do_not_put_off_the_one_without_it() {
        let start = Instant::now();
        let mut floor = risen_to(9_001, start);
        floor.looked(look(None, start + seconds(59)));
        assert_eq!(floor.read_from(start + seconds(60)), 0);
    }

    #[test]
    fn a_floor_that_an_event_is_below_is_unknown_again() {
        let start = Instant::now();
        let mut floor = risen_to(9_001, start);
        let later = start + seconds(60);
        floor.looked(look(Some(9_000), later));
        assert_eq!((floor.read_from(later), floor.task()), (0, Task::Mark));
    }

    #[test]
    fn the_longer_a_read_without_the_floor_takes_the_rarer_it_is_but_an_hour_is_the_most() {
        let began = Instant::now();
        for (took_ms, trusted_s) in [(59, 60), (61, 61), (1_800, 1_800), (4_000, 3_600)] {
            let mut floor = Floor::new(began);
            let took = Duration::from_millis(took_ms);
            floor.looked(Look {
                took,
                ..look(None, began)
            });
            floor.risen(9_001);
            let due = began + took + seconds(trusted_s);
            assert_eq!(floor.read_from(due - Duration::from_millis(1)), 9_001);
            assert_eq!(floor.read_from(due), 0, "{took_ms}");
        }
    }
}
