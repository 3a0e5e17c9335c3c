//! What is to be reached, as ratios of things measured in one run.

use serde::Serialize;

use crate::ask::Ask;
use crate::cell::{Door, Sample, Subject, Verb, median};
use crate::crowd::Crowd;
use crate::growth::Growth;
use crate::held::Held;
use crate::measure::{WALLETS, bulks, transfers};
use crate::open::Open;
use crate::plan::{BULKS, CALL_SESSIONS, CALL_SIZE, MANY, READERS, VERB_SIZE};
use crate::results::{Results, misses, ratios};
use crate::single::Single;

/// A target and what was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Target {
    pub name: &'static str,
    /// The median of the rounds.
    pub value: f64,
    /// Of each round; a single one where it is not of single rounds.
    pub rounds: Vec<f64>,
    /// The least that is wanted, or the most.
    pub target: f64,
    pub is_most: bool,
    pub met: bool,
}

/// Everything that a run has measured. Parts that were not asked for are not there.
#[derive(Debug, Default)]
pub struct Measured {
    /// What was measured, as git calls it.
    pub commit: String,
    pub results: Results,
    pub open: Option<Open>,
    pub single: Option<Single>,
    pub crowd: Option<Crowd>,
    pub held: Option<Held>,
    pub growth: Option<Growth>,
}

fn reads(ask: Ask) -> Subject {
    Subject::Remit {
        ask,
        door: Door::Server,
        relay: true,
    }
}

/// Those targets whose measurements are there.
pub fn targets(measured: &Measured) -> Vec<Target> {
    let results = &measured.results;
    let found = of_transfers(results)
        .into_iter()
        .chain(of_reads(results))
        .chain(of_time(measured))
        .chain(of_core(results))
        .chain(of_verbs(results));
    found.flatten().collect()
}

fn textbook(results: &Results, is_hot: bool) -> Option<&[Sample]> {
    Some(results.best(Subject::Textbook { is_hot })?.1)
}

fn ratio(one: Option<&[Sample]>, other: Option<&[Sample]>) -> Option<Vec<f64>> {
    Some(ratios(one?, other?))
}

fn of_transfers(results: &Results) -> [Option<Target>; 8] {
    let textbook = |is_hot| textbook(results, is_hot);
    let remit = |is_hot, door, relay| results.of(transfers(is_hot, door, relay), MANY);
    let [alone, hot_alone] = [false, true].map(|is_hot| remit(is_hot, Door::Server, false));
    let [all, hot_all] = [false, true].map(|is_hot| remit(is_hot, Door::Server, true));
    [
        least(
            "transfers, uniform, 256 connections, relay stopped / (a) at its best",
            ratio(alone, textbook(false)),
            2.5,
        ),
        least(
            "the same, everything running / (a) at its best",
            ratio(all, textbook(false)),
            1.5,
        ),
        least("hot / uniform, relay stopped", ratio(hot_alone, alone), 1.0),
        least(
            "hot / uniform, everything running",
            ratio(hot_all, all),
            1.0,
        ),
        least(
            "hot, relay stopped / (a) hot at its best",
            ratio(hot_alone, textbook(true)),
            7.0,
        ),
        least(
            "hot, everything running / (a) hot at its best",
            ratio(hot_all, textbook(true)),
            7.0,
        ),
        least(
            "through nginx / without, 256 connections",
            ratio(remit(false, Door::Nginx, true), all),
            0.8,
        ),
        most(
            "longest wait of an event at the end of a load, seconds",
            results.lag_s().map(|lag_s| vec![lag_s]),
            2.0,
        ),
    ]
}

fn of_reads(results: &Results) -> [Option<Target>; 2] {
    let of = |ask| results.of(reads(ask), READERS);
    let missed = of(Ask::Mix(WALLETS)).map(|samples| misses(samples).unwrap_or(1.0));
    [
        least(
            "cached reads / healthz, 128 connections",
            ratio(of(Ask::Read(WALLETS)), of(Ask::Health)),
            0.5,
        ),
        most(
            "wallet reads that reach PostgreSQL in the mix, warm",
            missed.map(|missed| vec![missed]),
            0.05,
        ),
    ]
}

fn of_time(measured: &Measured) -> [Option<Target>; 5] {
    let half = measured.open.as_ref().map(|open| &open.rates[0]);
    let half_p99s = half.map(|half| {
        let pairs = half.remit_ms.iter().zip(&half.textbook_ms);
        pairs
            .map(|(remit, textbook)| remit[1] / textbook[1])
            .collect()
    });
    let growth = measured.growth.as_ref();
    let of_sizes = growth.and_then(|growth| {
        let (first, last) = (growth.sizes.first()?, growth.sizes.last()?);
        let pairs = last.rates.iter().zip(&first.rates);
        Some(pairs.map(|(last, first)| last / first).collect())
    });
    let single = measured.single;
    [
        most(
            "p99 / p50 at 50 % of the highest rate, open loop",
            half.map(|half| half.remit_ms.iter().map(|ms| ms[1] / ms[0]).collect()),
            4.0,
        ),
        most("p99 / p99 of (a) at the same rate", half_p99s, 1.0),
        most(
            "one connection: a transfer over HTTP / a call of the textbook function",
            single.map(|single| vec![single.remit_ms / single.textbook_ms]),
            1.3,
        ),
        least(
            "rate while another session holds a wallet that clients want / without",
            measured.held.as_ref().map(Held::ratios),
            0.9,
        ),
        least(
            "rate with 10,000,000 rows in the journal / with 10,000",
            of_sizes,
            0.85,
        ),
    ]
}

fn of_verbs(results: &Results) -> [Option<Target>; 4] {
    let size = VERB_SIZE;
    let is_hot = false;
    let transfers_alone = results.of(Subject::Core { is_hot, size }, CALL_SESSIONS);
    let [holds, captures, reversals] = [Verb::Holds, Verb::Captures, Verb::Reversals].map(|verb| {
        let of_verb = results.of(Subject::Verb { verb, size }, CALL_SESSIONS);
        ratio(of_verb, transfers_alone)
    });
    let [_, (size_of_bulk, connections)] = BULKS;
    let singles = results.of(transfers(false, Door::Server, false), connections);
    [
        least("transfers_post of 100: holds / transfers", holds, 0.5),
        least("the same: holds and captures / transfers", captures, 0.5),
        least(
            "the same: transfers and reversals / transfers",
            reversals,
            0.5,
        ),
        least(
            "bulks of 1000 items / single requests, two connections, relay stopped",
            ratio(results.of(bulks(size_of_bulk), connections), singles),
            5.0,
        ),
    ]
}

fn of_core(results: &Results) -> [Option<Target>; 2] {
    let core = |is_hot| {
        let size = CALL_SIZE;
        results.of(Subject::Core { is_hot, size }, CALL_SESSIONS)
    };
    [
        least(
            "transfers_post, two sessions, 500 a call / (a) at its best",
            ratio(core(false), textbook(results, false)),
            9.0,
        ),
        least(
            "the same on one hot wallet / (a) hot at its best",
            ratio(core(true), textbook(results, true)),
            20.0,
        ),
    ]
}

fn least(name: &'static str, rounds: Option<Vec<f64>>, target: f64) -> Option<Target> {
    let rounds = rounds?;
    let value = median(rounds.clone());
    Some(Target {
        name,
        value,
        rounds,
        target,
        is_most: false,
        met: value >= target,
    })
}

fn most(name: &'static str, rounds: Option<Vec<f64>>, target: f64) -> Option<Target> {
    let least = least(name, rounds, target)?;
    Some(Target {
        is_most: true,
        met: least.value <= target,
        ..least
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::Cell;

    #[test]
    fn a_slow_minute_of_both_loads_does_not_count() {
        let mut measured = Measured::default();
        for (server, nginx) in [(1_000.0, 900.0), (500.0, 450.0), (800.0, 400.0)] {
            for (door, rate) in [(Door::Server, server), (Door::Nginx, nginx)] {
                let cell = Cell {
                    subject: transfers(false, door, true),
                    connections: MANY,
                };
                let sample = Sample {
                    rate,
                    ..Sample::default()
                };
                measured.results.add(cell, sample);
            }
        }
        let targets = targets(&measured);
        let nginx = |target: &&Target| target.name.starts_with("through nginx");
        let nginx = targets.iter().find(nginx).expect("both sides are there");
        assert_eq!(nginx.rounds, [0.9, 0.9, 0.5]);
        assert!(nginx.met && (nginx.value - 0.9).abs() < 1e-9, "{nginx:?}");
    }
}
