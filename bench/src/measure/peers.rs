//! Measures a cell of a peer: (a) the textbook's function, (b) it behind a plain server, (c) calls
//! of `transfers_post`.

use std::time::Duration;

use testbed::session::Session;

use super::{How, WALLETS, per_request, wallets};
use crate::ask::Ask;
use crate::cell::Sample;
use crate::check::Before;
use crate::cpu;
use crate::load::{Load, carry_out};
use crate::pgbench::{Outcome, Pgbench};
use crate::stand::Stand;

pub(super) async fn plain(
    stand: &mut Stand,
    is_hot: bool,
    connections: usize,
    time: Duration,
) -> Result<Sample, String> {
    let owner = stand.owner().await?;
    let before = textbook_books(&owner).await?;
    stand.start_plain().await?;
    let parts = stand.parts()?;
    let load = Load {
        port: stand.services.port("app"),
        script: stand.script(Ask::Transfer(wallets(is_hot))),
        connections,
        time,
        rate: None,
    };
    let cpu_before = cpu::times(&parts);
    let outcome = carry_out(&load).await;
    let used = cpu::since(&cpu_before, &cpu::times(&parts));
    stand.stop().await;
    if outcome.errors() > 0 {
        return Err(format!("not all went well: {:?}", outcome.statuses));
    }
    let after = textbook_books(&owner).await?;
    before.check(&after, outcome.posted)?;
    Ok(Sample {
        rate: outcome.rate,
        requests: outcome.posted,
        latency: Some([0.5, 0.99, 0.999].map(|quantile| outcome.ms(quantile))),
        cpu_us: per_request(used, outcome.posted),
        ..Sample::default()
    })
}

pub(super) async fn textbook(
    stand: &mut Stand,
    is_hot: bool,
    connections: usize,
    How { time, rate }: How,
) -> Result<Sample, String> {
    let pgbench = Pgbench {
        script: if is_hot {
            "textbook_hot.pgbench"
        } else {
            "textbook_uniform.pgbench"
        },
        clients: connections,
        wallets: WALLETS,
        size: 1,
        time,
        rate,
    };
    let owner = stand.owner().await?;
    let books = Before::read(stand).await?;
    let before = textbook_books(&owner).await?;
    let (outcome, used) = carry_out_counted(stand, &pgbench).await?;
    before.check(&textbook_books(&owner).await?, outcome.calls)?;
    books.check_books(&owner).await?;
    let latency = outcome.latency.map(|latency| {
        [0.5, 0.99, 0.999].map(|quantile| latency.value_at_quantile(quantile) as f64 / 1_000.0)
    });
    Ok(Sample {
        rate: outcome.rate,
        latency,
        cpu_us: per_request(used, outcome.calls),
        ..Sample::default()
    })
}

pub(super) async fn core(
    stand: &mut Stand,
    script: &'static str,
    size: usize,
    connections: usize,
    time: Duration,
) -> Result<Sample, String> {
    let pgbench = Pgbench {
        script,
        clients: connections,
        wallets: WALLETS,
        size,
        time,
        rate: None,
    };
    let owner = stand.owner().await?;
    let books = Before::read(stand).await?;
    let (outcome, used) = carry_out_counted(stand, &pgbench).await?;
    // A call skips wallets that another one holds, so that calls alone would count too much.
    let posted = books.posted(&owner).await?.unsigned_abs();
    // Its events go the way of all others, after the load.
    stand.start_worker()?;
    books.check(stand, posted).await?;
    stand.stop_worker().await;
    Ok(Sample {
        // Of its calls, as many as counted.
        rate: outcome.rate * posted as f64 / (outcome.calls * size as u64).max(1) as f64,
        cpu_us: per_request(used, posted),
        ..Sample::default()
    })
}

/// Runs pgbench, and counts the processor time of all parts meanwhile.
async fn carry_out_counted(
    stand: &Stand,
    pgbench: &Pgbench,
) -> Result<(Outcome, cpu::Times), String> {
    let parts = stand.parts()?;
    let cpu_before = cpu::times(&parts);
    let outcome = pgbench.carry_out(stand).await?;
    Ok((outcome, cpu::since(&cpu_before, &cpu::times(&parts))))
}

struct TextbookBooks {
    sum: i64,
    transfers: i64,
    events: i64,
}

impl TextbookBooks {
    /// Holds later books against these, so many transfers after them.
    fn check(&self, after: &Self, posted: u64) -> Result<(), String> {
        let is_right = after.sum == self.sum
            && u64::try_from(after.transfers - self.transfers) == Ok(posted)
            && u64::try_from(after.events - self.events) == Ok(posted);
        is_right
            .then_some(())
            .ok_or_else(|| "the textbook's books are wrong".to_owned())
    }
}

async fn textbook_books(owner: &Session) -> Result<TextbookBooks, String> {
    Ok(TextbookBooks {
        sum: owner
            .number("select sum(balance)::bigint from textbook.wallets")
            .await?,
        transfers: owner
            .number("select count(*) from textbook.transfers")
            .await?,
        events: owner.number("select count(*) from textbook.outbox").await?,
    })
}
