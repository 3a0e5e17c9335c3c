//! Measures one cell, and checks the books behind it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::Method;

use crate::ask::{Ask, Script, Wallets};
use crate::cell::{Cell, Door, Sample, Subject, Verb};
use crate::check::{Before, outbox_lag_s};
use crate::cpu;
use crate::load::{Load, carry_out};
use crate::stand::Stand;

mod peers;

/// Wallets of uniform and hot loads.
pub const WALLETS: usize = 10_000;

/// How a cell is measured.
#[derive(Debug, Clone, Copy)]
pub struct How {
    pub time: Duration,
    /// Arrivals a second of an open loop; none is a closed one.
    pub rate: Option<f64>,
}

impl How {
    /// A closed loop.
    pub fn closed(time: Duration) -> Self {
        Self { time, rate: None }
    }
}

/// Measures a cell.
///
/// # Errors
/// It could not be measured, or something is wrong afterwards.
pub async fn measure(stand: &mut Stand, cell: Cell, how: How) -> Result<Sample, String> {
    let sample = match cell.subject {
        Subject::Remit { ask, door, .. } => remit(stand, ask, door, cell, how).await,
        Subject::Plain { is_hot } => peers::plain(stand, is_hot, cell.connections, how.time).await,
        Subject::Textbook { is_hot } => peers::textbook(stand, is_hot, cell.connections, how).await,
        Subject::TextbookIndexed => {
            let statements = include_str!("../sql/textbook_statements.sql");
            stand.owner().await?.execute(statements).await?;
            peers::textbook(stand, false, cell.connections, how).await
        }
        Subject::Core { is_hot, size } => {
            let script = if is_hot {
                "remit_hot.pgbench"
            } else {
                "remit_uniform.pgbench"
            };
            peers::core(stand, script, size, cell.connections, how.time).await
        }
        Subject::Verb { verb, size } => {
            let script = match verb {
                Verb::Holds => "remit_holds.pgbench",
                Verb::Captures => "remit_captures.pgbench",
                Verb::Reversals => "remit_reversals.pgbench",
            };
            peers::core(stand, script, size, cell.connections, how.time).await
        }
    };
    sample.map_err(|error| {
        format!(
            "{}, {} connections: {error}",
            cell.subject, cell.connections
        )
    })
}

async fn remit(
    stand: &mut Stand,
    ask: Ask,
    door: Door,
    cell: Cell,
    how: How,
) -> Result<Sample, String> {
    if ask == Ask::ReadOnce {
        stand.services.flush_redis().await?;
    }
    let script = stand.script(ask);
    let port = stand.services.port(match door {
        Door::Server => "app",
        Door::Nginx => "nginx",
    });
    let load = Load {
        port,
        script,
        connections: cell.connections,
        time: how.time,
        rate: how.rate,
    };
    if let Ask::Read(count) | Ask::Mix(count) = ask {
        warm(stand, count, port).await?;
    }
    let before = Before::read(stand).await?;
    let reads_before = reads(stand).await?;
    let owner = stand.owner().await?;
    let parts = stand.parts()?;
    let cpu_before = cpu::times(&parts);
    let outcome = carry_out(&load).await;
    let end = Instant::now();
    let lag_s = outbox_lag_s(&owner).await?;
    if outcome.errors() > 0 {
        let (statuses, failures) = (&outcome.statuses, outcome.failures.first());
        return Err(format!("not all went well: {statuses:?} {failures:?}"));
    }
    let had_worker = stand.has_worker();
    let mut events_s = None;
    if had_worker {
        // What its events cost belongs to a load, also what is left of them at its end.
        before.await_events(&owner, outcome.posted).await?;
        events_s = (outcome.posted > 0).then(|| [lag_s, end.elapsed().as_secs_f64()]);
    }
    let used = cpu::since(&cpu_before, &cpu::times(&parts));
    let reads_after = reads(stand).await?;
    if !had_worker {
        stand.start_worker()?;
    }
    before.check(stand, outcome.posted).await?;
    if !had_worker {
        stand.stop_worker().await;
    }
    let requests = outcome.statuses.values().sum::<u64>() * ask.items();
    Ok(Sample {
        rate: outcome.rate,
        requests,
        latency: Some([0.5, 0.99, 0.999].map(|quantile| outcome.ms(quantile))),
        cpu_us: per_request(used, requests),
        events_s,
        misses: missed(reads_before, reads_after),
    })
}

/// Reads each wallet once, so that the cache knows it.
async fn warm(stand: &Stand, count: usize, port: u16) -> Result<(), String> {
    let ids: Arc<[_]> = stand.ids[..count].into();
    let load = Load {
        port,
        script: Arc::new(Script::new(Ask::ReadOnce, ids, &stand.key)),
        connections: 32,
        time: Duration::from_secs(60),
        rate: None,
    };
    let outcome = carry_out(&load).await;
    match outcome.errors() {
        0 => Ok(()),
        _ => Err(format!("warming up: {:?}", outcome.statuses)),
    }
}

/// The wallets of a transfer load.
pub fn wallets(is_hot: bool) -> Wallets {
    if is_hot {
        Wallets::Hot(WALLETS)
    } else {
        Wallets::Uniform(WALLETS)
    }
}

/// Remit's transfers.
pub fn transfers(is_hot: bool, door: Door, relay: bool) -> Subject {
    Subject::Remit {
        ask: Ask::Transfer(wallets(is_hot)),
        door,
        relay,
    }
}

/// Remit's transfers in bulks of so many items.
pub fn bulks(size: usize) -> Subject {
    Subject::Remit {
        ask: Ask::Bulk {
            size,
            count: WALLETS,
        },
        door: Door::Server,
        relay: false,
    }
}

fn per_request(used: cpu::Times, requests: u64) -> BTreeMap<String, f64> {
    let requests = requests.max(1) as f64;
    let per = used
        .into_iter()
        .map(|(part, seconds)| (part, seconds * 1e6 / requests));
    per.collect()
}

/// Wallet reads so far: those that the cache answered, and all.
async fn reads(stand: &Stand) -> Result<(f64, f64), String> {
    let http = stand.http();
    let metrics = http.try_send(Method::GET, "/metrics", &[], "").await?;
    if metrics.status != 200 {
        return Err(format!("no metrics: {metrics:?}"));
    }
    let (mut hits, mut all) = (0.0, 0.0);
    for line in String::from_utf8_lossy(&metrics.body).lines() {
        let Some(rest) = line.strip_prefix("remit_wallet_cache_reads_total") else {
            continue;
        };
        let count = rest.rsplit(' ').next().and_then(|count| count.parse().ok());
        let count: f64 = count.unwrap_or_default();
        all += count;
        if rest.contains("hit") {
            hits += count;
        }
    }
    Ok((hits, all))
}

fn missed(before: (f64, f64), after: (f64, f64)) -> Option<f64> {
    let (hits, all) = (after.0 - before.0, after.1 - before.1);
    (all > 0.0).then(|| 1.0 - hits / all)
}
