//! When PostgreSQL was out of the server's reach, and how long a request waited meanwhile.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// From a moment to another one, or until now.
type Period = (Instant, Option<Instant>);

/// The times at which PostgreSQL was away.
#[derive(Default)]
pub struct Away(Mutex<Record>);

#[derive(Default)]
struct Record {
    periods: Vec<Period>,
    longest: Duration,
}

impl Away {
    /// It is away from now on.
    pub fn begin(&self) {
        self.record().periods.push((Instant::now(), None));
    }

    /// It is about to come back.
    pub fn end(&self) {
        if let Some((_, end)) = self.record().periods.last_mut() {
            end.get_or_insert_with(Instant::now);
        }
    }

    /// How much of a request's time it was away.
    pub fn waited(&self, set_out: Instant, ended: Instant) -> Duration {
        let mut record = self.record();
        let waits = record.periods.iter().map(|(from, to)| {
            let end = to.map_or(ended, |to| to.min(ended));
            end.saturating_duration_since(set_out.max(*from))
        });
        let waited = waits.max().unwrap_or_default();
        record.longest = record.longest.max(waited);
        waited
    }

    /// The longest of these waits; none where it was never away.
    pub fn longest(&self) -> Option<Duration> {
        let record = self.record();
        (!record.periods.is_empty()).then_some(record.longest)
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_time_without_postgresql_counts() {
        let away = Away::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(away.longest(), None);
        assert_eq!(away.waited(at(0), at(9)), Duration::ZERO);
        away.record().periods = vec![(at(10), Some(at(20))), (at(30), None)];
        for (set_out, ended, waited) in [
            (5, 9, 0),
            (5, 12, 2),
            (12, 15, 3),
            (19, 25, 1),
            (20, 30, 0),
            (15, 31, 5),
            (31, 35, 4),
        ] {
            let waited = Duration::from_secs(waited);
            assert_eq!(away.waited(at(set_out), at(ended)), waited);
        }
        assert_eq!(away.longest(), Some(Duration::from_secs(5)));
    }
}
