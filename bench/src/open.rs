//! Latency at a part of the highest rate: arrivals come when they come, and wait is counted from
//! when they were due.

use serde::Serialize;

use crate::cell::{Cell, Door, Subject};
use crate::measure::{How, measure, transfers};
use crate::plan::{MANY, Plan};
use crate::results::{Results, medians, rate};
use crate::stand::Stand;

/// Parts of the highest rate.
const PARTS: [f64; 2] = [0.5, 0.8];
/// An open loop needs more time than a closed one for its p99.9.
const TIMES: u32 = 5;
/// Sessions of the textbook function where no closed loop has told which number is best.
const SESSIONS: usize = 32;

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Open {
    pub rates: Vec<AtRate>,
}

/// p50, p99 and p99.9 of each round in milliseconds, of Remit with everything running and of the
/// textbook function.
#[derive(Debug, Clone, Serialize)]
pub struct AtRate {
    pub part: f64,
    pub rate: f64,
    pub remit_ms: Vec<[f64; 3]>,
    pub textbook_ms: Vec<[f64; 3]>,
}

/// Measures both sides at the same rates, in turns.
///
/// # Errors
/// Something fails.
pub async fn open(
    stand: &mut Stand,
    plan: &Plan,
    results: &Results,
    template: &str,
    say: impl Fn(&str),
) -> Result<Open, String> {
    let subject = transfers(false, Door::Server, true);
    let textbook = Subject::Textbook { is_hot: false };
    let remit = Cell {
        subject,
        connections: MANY,
    };
    let highest = match results.best(subject) {
        Some((_, samples)) => rate(samples),
        None => {
            stand.reset(template).await?;
            stand.start(true).await?;
            measure(stand, remit, How::closed(remit.time(plan.time)))
                .await?
                .rate
        }
    };
    let peer = Cell {
        subject: textbook,
        connections: results.best(textbook).map_or(SESSIONS, |(best, _)| best),
    };
    let sides = [remit, peer];
    let mut rates = Vec::new();
    for part in PARTS {
        let mut found = [Vec::new(), Vec::new()];
        for _ in 0..plan.rounds {
            for (side, found) in sides.into_iter().zip(&mut found) {
                stand.reset(template).await?;
                if side.subject == subject {
                    stand.start(true).await?;
                }
                let how = How {
                    time: plan.time * TIMES,
                    rate: Some(highest * part),
                };
                let sample = measure(stand, side, how).await?;
                found.push(
                    sample
                        .latency
                        .ok_or("pgbench did not say how long it took")?,
                );
            }
        }
        let [[p50, p99, _], [peer_p50, peer_p99, _]] =
            [&found[0], &found[1]].map(|all| medians(all));
        say(&format!(
            "open loop at {:.0} %: p50 {p50:.1} ms, p99 {p99:.1} ms; (a) {peer_p50:.1} ms, {peer_p99:.1} ms",
            part * 100.0,
        ));
        let [remit_ms, textbook_ms] = found;
        rates.push(AtRate {
            part,
            rate: highest * part,
            remit_ms,
            textbook_ms,
        });
    }
    Ok(Open { rates })
}
