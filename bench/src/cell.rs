//! What is measured: a cell is one load at one number of connections.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::ask::{Ask, Wallets};

/// How much longer transfers are measured when everything runs.
const RELAY_TIMES: u32 = 5;

/// Where a request goes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    Server,
    Nginx,
}

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Subject {
    /// Remit over HTTP. The relay, with broker and notifier behind it, is at work or not.
    Remit { ask: Ask, door: Door, relay: bool },
    /// Peer (a): a call of the textbook function for each transfer.
    Textbook { is_hot: bool },
    /// The same with the indexes that statements need.
    TextbookIndexed,
    /// Peer (b): a plain server that calls the textbook function.
    Plain { is_hot: bool },
    /// Peer (c): calls of `transfers_post` with so many requests, past the server.
    Core { is_hot: bool, size: usize },
    /// The same with requests that are more than transfers, uniform.
    Verb { verb: Verb, size: usize },
}

/// What calls of `transfers_post` do beyond transfers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Holds,
    /// Holds, which the next call captures.
    Captures,
    /// Transfers, which the next call reverses.
    Reversals,
}

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    pub subject: Subject,
    pub connections: usize,
}

impl Cell {
    /// How long it is measured in a closed loop: longer than others where the relay is to show
    /// whether it keeps up.
    pub fn time(self, usual: Duration) -> Duration {
        match self.subject {
            Subject::Remit {
                ask: Ask::Transfer(_),
                relay: true,
                ..
            } => usual * RELAY_TIMES,
            _ => usual,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wallets = |is_hot: &bool| if *is_hot { "hot" } else { "uniform" };
        match self {
            Self::Remit { ask, door, relay } => {
                let bulks;
                let ask = match ask {
                    Ask::Bulk { size, .. } => {
                        bulks = format!("transfers, uniform, in bulks of {size}");
                        &bulks
                    }
                    Ask::Transfer(Wallets::Uniform(_)) => "transfers, uniform",
                    Ask::Transfer(Wallets::Hot(_)) => "transfers, hot",
                    Ask::Transfer(Wallets::Zipf(_)) => "transfers, Zipf",
                    Ask::Read(_) => "reads, cached",
                    Ask::ReadOnce => "reads, cold",
                    Ask::Mix(_) => "mix",
                    Ask::Health => "healthz",
                };
                let door = match door {
                    Door::Server => "server",
                    Door::Nginx => "nginx",
                };
                let relay = if *relay { "" } else { ", relay stopped" };
                write!(formatter, "{ask}, {door}{relay}")
            }
            Self::Textbook { is_hot } => write!(formatter, "(a) textbook, {}", wallets(is_hot)),
            Self::TextbookIndexed => formatter.write_str("(a) textbook with statements, uniform"),
            Self::Plain { is_hot } => write!(formatter, "(b) plain server, {}", wallets(is_hot)),
            Self::Core { is_hot, size } => {
                write!(
                    formatter,
                    "(c) transfers_post of {size}, {}",
                    wallets(is_hot)
                )
            }
            Self::Verb { verb, size } => {
                let verb = match verb {
                    Verb::Holds => "holds",
                    Verb::Captures => "holds and captures",
                    Verb::Reversals => "transfers and reversals",
                };
                write!(formatter, "(c) transfers_post of {size}, {verb}")
            }
        }
    }
}

/// What one measurement gave.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// Requests a second; of bulks, items a second; of SQL peers, rows of the journal a second.
    pub rate: f64,
    /// Requests over HTTP that were answered.
    pub requests: u64,
    /// Milliseconds: p50, p99, p99.9. None where pgbench did not say.
    pub latency: Option<[f64; 3]>,
    /// Microseconds of processor time for each request, by part.
    pub cpu_us: BTreeMap<String, f64>,
    /// Of loads with everything running, in seconds: what the oldest event had waited when the load
    /// ended, and how much later the last one had its notification.
    pub events_s: Option<[f64; 2]>,
    /// The part of wallet reads that reached PostgreSQL.
    pub misses: Option<f64>,
}

/// The middle one; of an even number, the lower of the two.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len().saturating_sub(1) / 2;
    values.get(middle).copied().unwrap_or_default()
}
