//! All that was measured, and the numbers that are made of it.

use std::collections::BTreeMap;

use crate::cell::{Cell, Sample, Subject, median};

/// The samples of each cell, in the order of the first round.
#[derive(Debug, Default)]
pub struct Results {
    cells: Vec<(Cell, Vec<Sample>)>,
}

/// A load in the order in which tables show it.
pub type Row<'a> = (Subject, Vec<(usize, &'a [Sample])>);

impl Results {
    /// Adds a sample.
    pub fn add(&mut self, cell: Cell, sample: Sample) {
        match self.cells.iter_mut().find(|(known, _)| *known == cell) {
            Some((_, samples)) => samples.push(sample),
            None => self.cells.push((cell, vec![sample])),
        }
    }

    /// The samples of a cell.
    pub fn of(&self, subject: Subject, connections: usize) -> Option<&[Sample]> {
        let cell = Cell {
            subject,
            connections,
        };
        let found = self.cells.iter().find(|(known, _)| *known == cell);
        found.map(|(_, samples)| &samples[..])
    }

    /// The number of connections at which a load has its best rate, and the samples there.
    pub fn best(&self, subject: Subject) -> Option<(usize, &[Sample])> {
        let of_load = self
            .cells
            .iter()
            .filter(|(cell, _)| cell.subject == subject)
            .map(|(cell, samples)| (cell.connections, &samples[..]));
        of_load.max_by(|one, other| rate(one.1).total_cmp(&rate(other.1)))
    }

    /// The longest that any event had waited when a load ended, in seconds.
    pub fn lag_s(&self) -> Option<f64> {
        let samples = self.cells.iter().flat_map(|(_, samples)| samples);
        let lags = samples.filter_map(|sample| Some(sample.events_s?[0]));
        lags.max_by(f64::total_cmp)
    }

    /// Loads with their cells.
    pub fn rows(&self) -> Vec<Row<'_>> {
        let mut rows: Vec<Row<'_>> = Vec::new();
        for (cell, samples) in &self.cells {
            let entry = (cell.connections, &samples[..]);
            match rows.iter_mut().find(|row| row.0 == cell.subject) {
                Some(row) => row.1.push(entry),
                None => rows.push((cell.subject, vec![entry])),
            }
        }
        rows
    }
}

/// The median rate.
pub fn rate(samples: &[Sample]) -> f64 {
    of_all(samples, |sample| sample.rate)
}

/// The median of something.
pub fn of_all(samples: &[Sample], value: impl Fn(&Sample) -> f64) -> f64 {
    median(samples.iter().map(value).collect())
}

/// What is the rate of one load to that of another, in each round.
pub fn ratios(one: &[Sample], other: &[Sample]) -> Vec<f64> {
    let pairs = one.iter().zip(other);
    pairs.map(|(one, other)| one.rate / other.rate).collect()
}

/// The medians of p50, p99 and p99.9, in milliseconds.
pub fn latency(samples: &[Sample]) -> Option<[f64; 3]> {
    let rounds: Option<Vec<_>> = samples.iter().map(|sample| sample.latency).collect();
    rounds.map(|rounds| medians(&rounds))
}

/// The same of the rounds' latencies.
pub fn medians(rounds: &[[f64; 3]]) -> [f64; 3] {
    [0, 1, 2].map(|place| median(rounds.iter().map(|latency| latency[place]).collect()))
}

/// The medians of processor time by part, in microseconds.
pub fn cpu(samples: &[Sample]) -> BTreeMap<&str, f64> {
    let parts = samples
        .first()
        .into_iter()
        .flat_map(|sample| &sample.cpu_us);
    parts
        .map(|(part, _)| {
            let used = |sample: &Sample| sample.cpu_us.get(part).copied().unwrap_or_default();
            (part.as_str(), of_all(samples, used))
        })
        .collect()
}

/// Of the medians of the oldest event's wait at a load's end, and of how much later the last one
/// had arrived, in seconds.
pub fn events_s(samples: &[Sample]) -> Option<[f64; 2]> {
    let rounds: Option<Vec<_>> = samples.iter().map(|sample| sample.events_s).collect();
    let rounds = rounds?;
    Some([0, 1].map(|place| median(rounds.iter().map(|events| events[place]).collect())))
}

/// The median of the part of wallet reads that reached PostgreSQL.
pub fn misses(samples: &[Sample]) -> Option<f64> {
    let rounds: Option<Vec<_>> = samples.iter().map(|sample| sample.misses).collect();
    rounds.map(median)
}
