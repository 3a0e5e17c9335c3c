//! What is broken at the moment, and what was.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::fault::{Kind, Lane};

/// A fault that was inflicted, and how long it took until transfers and events went through again.
#[derive(Debug, Clone)]
pub struct Inflicted {
    pub kind: Kind,
    pub recovery: Duration,
    /// Until the oldest event was confirmed by the broker. Measured on the way of the events alone;
    /// none: there was no event.
    pub oldest_event: Option<Duration>,
}

/// The faults of a run.
#[derive(Default)]
pub struct Diary(Mutex<Record>);

#[derive(Default)]
struct Record {
    current: [Option<String>; 2],
    inflicted: Vec<Inflicted>,
    money: Way,
    /// PostgreSQL and Redis, which the relay needs as well.
    stores: Way,
}

impl Diary {
    /// Something is broken from now on, or nothing is.
    pub fn set(&self, lane: Lane, fault: Option<(Kind, String)>) {
        let mut record = self.record();
        if lane == Lane::Money {
            let now = Instant::now();
            let breaks_stores = fault.as_ref().is_some_and(|(kind, _)| kind.breaks_stores());
            record.money.set(fault.is_some(), now);
            record.stores.set(breaks_stores, now);
        }
        record.current[lane as usize] = fault.map(|(_, words)| words);
    }

    /// Keeps a fault that is over.
    pub fn add(&self, inflicted: Inflicted) {
        self.record().inflicted.push(inflicted);
    }

    /// Whether nothing has broken the way of the money since then.
    pub fn money_is_whole(&self, since: Instant) -> bool {
        self.record().money.whole_since(since) == Some(since)
    }

    /// For how long the relay has had PostgreSQL and Redis without a break, as seen from then on.
    pub fn stores_whole(&self, since: Instant) -> Duration {
        let whole_since = self.record().stores.whole_since(since);
        whole_since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// In words.
    pub fn current(&self) -> String {
        let record = self.record();
        let words: Vec<_> = record
            .current
            .iter()
            .flatten()
            .map(String::as_str)
            .collect();
        words.join(", ")
    }

    /// All that was inflicted.
    pub fn inflicted(&self) -> Vec<Inflicted> {
        self.record().inflicted.clone()
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether something is whole, and since when.
#[derive(Default)]
struct Way {
    is_broken: bool,
    mended_at: Option<Instant>,
}

impl Way {
    fn set(&mut self, is_broken: bool, now: Instant) {
        if self.is_broken && !is_broken {
            self.mended_at = Some(now);
        }
        self.is_broken = is_broken;
    }

    /// From when on it has been whole, at the earliest from then.
    fn whole_since(&self, earliest: Instant) -> Option<Instant> {
        (!self.is_broken).then(|| self.mended_at.map_or(earliest, |at| at.max(earliest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_whole_from_its_last_recovery_on() {
        let mut way = Way::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(way.whole_since(at(0)), Some(at(0)));
        way.set(true, at(1));
        way.set(true, at(2)); // Over, and recovering.
        assert_eq!(way.whole_since(at(0)), None);
        way.set(false, at(3));
        assert_eq!(way.whole_since(at(0)), Some(at(3)));
        assert_eq!(way.whole_since(at(4)), Some(at(4)));
    }
}
