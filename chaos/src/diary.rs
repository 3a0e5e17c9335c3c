//! What is broken at the moment, and what was.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::fault::{Kind, Lane};

/// A fault that was inflicted, and how long it took until transfers and events went through again.
#[derive(Debug, Clone)]
pub struct Inflicted {
    pub kind: Kind,
    pub recovery: Duration,
    /// Until the oldest event was gone from the outbox. Measured on the way of the events alone.
    pub oldest_event: Option<Duration>,
}

/// The faults of a run.
#[derive(Default)]
pub struct Diary(Mutex<Record>);

#[derive(Default)]
struct Record {
    current: [Option<String>; 2],
    inflicted: Vec<Inflicted>,
    /// For how long the way of the money was broken until it last became whole.
    money_broken: Duration,
    money_broken_since: Option<Instant>,
}

impl Diary {
    /// Something is broken from now on, or nothing is.
    pub fn set(&self, lane: Lane, fault: Option<String>) {
        let mut record = self.record();
        if lane == Lane::Money {
            record.set_money(fault.is_some(), Instant::now());
        }
        record.current[lane as usize] = fault;
    }

    /// Keeps a fault that is over.
    pub fn add(&self, inflicted: Inflicted) {
        self.record().inflicted.push(inflicted);
    }

    /// For how long the way of the money was broken so far.
    pub fn money_broken(&self) -> Duration {
        self.record().money_broken(Instant::now())
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

impl Record {
    fn set_money(&mut self, is_broken: bool, now: Instant) {
        if is_broken {
            self.money_broken_since.get_or_insert(now);
        } else {
            self.money_broken = self.money_broken(now);
            self.money_broken_since = None;
        }
    }

    fn money_broken(&self, now: Instant) -> Duration {
        let since = self.money_broken_since;
        self.money_broken + since.map_or(Duration::ZERO, |since| now.duration_since(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_of_the_money_is_broken_from_a_fault_s_begin_until_recovery() {
        let mut record = Record::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for (second, is_broken) in [(1, true), (3, true), (6, false), (10, true), (11, false)] {
            record.set_money(is_broken, at(second));
        }
        record.set_money(true, at(20));
        assert_eq!(record.money_broken(at(20)), Duration::from_secs(6));
        assert_eq!(record.money_broken(at(22)), Duration::from_secs(8));
    }
}
