//! What becomes of speed as the journal grows, the outbox fills, snapshots stay open and requests
//! go by.

use std::time::{Duration, Instant};

use serde::Serialize;
use testbed::session::connect;
use testbed::words::with_causes;
use tokio_postgres::Client;

use crate::ask::{Ask, Wallets};
use crate::cell::{Cell, Door, Sample, Subject, median};
use crate::cpu;
use crate::measure::{How, WALLETS, measure};
use crate::plan::{MANY, Plan};
use crate::stand::{Stand, ids};

mod outbox;

pub use outbox::Held;
use outbox::{outbox, snapshot};

/// How large everything grows.
struct Scale {
    /// Wallets of each database. They begin with nothing and may go below it: an initial balance
    /// would be a journal row.
    wallets: usize,
    /// Rows of the journals.
    rows: [usize; 3],
    /// How long the loads on them take. After a checkpoint each page goes whole into the log once,
    /// so that the first seconds after one are slower than all others where there are many pages.
    load: Duration,
    /// Rows of the outbox, waiting or dead.
    events: usize,
    /// How long a snapshot stays open.
    snapshot: Duration,
    /// What the server's memory is watched for.
    requests: u64,
}

/// The requests are a thousand a second for an hour.
const FULL: Scale = Scale {
    wallets: 1_000_000,
    rows: [10_000, 1_000_000, 10_000_000],
    load: Duration::from_secs(40),
    events: 1_000_000,
    snapshot: Duration::from_secs(120),
    requests: 3_600_000,
};
/// To see in a minute that it works; it shows nothing.
const QUICK: Scale = Scale {
    wallets: 20_000,
    rows: [2_000, 10_000, 50_000],
    load: Duration::from_secs(4),
    events: 20_000,
    snapshot: Duration::from_secs(4),
    requests: 50_000,
};
/// As often as a query is asked for its median.
const QUERIES: usize = 300;

/// What was found at one size of the journal.
#[derive(Debug, Clone, Serialize)]
pub struct AtSize {
    pub rows: usize,
    /// Transfers a second, in each round.
    pub rates: Vec<f64>,
    /// Microseconds of single queries, by name.
    pub queries_us: Vec<(&'static str, f64)>,
}

/// Everything that was found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Growth {
    /// How long each load on a journal took.
    pub load_s: u64,
    pub sizes: Vec<AtSize>,
    /// Milliseconds of a read of 500 rows, by what the outbox is like.
    pub outbox_ms: Vec<(&'static str, f64)>,
    /// What a snapshot costs that is held for minutes.
    pub snapshot: Option<Held>,
    /// Requests so far, and the server's resident memory in MiB.
    pub memory: Vec<(u64, f64)>,
}

/// Wallets with long statements at each size but those of a quick run (bench/sql/journal.sql): the
/// first of all.
const BUSY: usize = 10;
/// The queries: a name, its text, and of how many wallets they are asked in turns. Each page of a
/// statement is a full one.
const QUERIES_OF_A_WALLET: [(&str, &str, usize); 5] = [
    (
        "statement, newest",
        "select count(*) from remit_v1.entry_list(1, $1, null, 51, null)",
        BUSY,
    ),
    (
        "statement, middle",
        "select count(*) from remit_v1.entry_list(1, $1,
             (select version / 2 + 10 from remit.wallets where ledger_id = 1 and id = $1), 51, null)",
        BUSY,
    ),
    (
        "statement, oldest",
        "select count(*) from remit_v1.entry_list(1, $1, 52, 51, null)",
        BUSY,
    ),
    (
        "wallet",
        "select count(*) from remit_v1.wallets_get(1, array[$1::uuid], null)",
        QUERIES,
    ),
    (
        "transfer",
        "select count(*) from remit_v1.transfer_get(1, coalesce(
             (select id from remit.transfers where ledger_id = 1 and id >= $1 order by ledger_id, id limit 1),
             (select id from remit.transfers where ledger_id = 1 order by ledger_id, id limit 1)), null)",
        QUERIES,
    ),
];

/// Measures all of it.
///
/// # Errors
/// Something fails, or is wrong afterwards.
pub async fn growth(stand: &mut Stand, plan: &Plan, say: impl Fn(&str)) -> Result<Growth, String> {
    let scale = if plan.is_quick { QUICK } else { FULL };
    let mut found = Growth {
        load_s: scale.load.as_secs(),
        ..Growth::default()
    };
    let mut queries_us = Vec::new();
    let mut rates = vec![Vec::new(); scale.rows.len()];
    for round in 1..=plan.rounds {
        for (place, rows) in scale.rows.into_iter().enumerate() {
            if round == 1 {
                say(&format!("a journal of {rows} rows"));
                fill(stand, &scale, rows).await?;
            }
            // A load adds more rows than the small ones have, so that they are copied for each; and
            // a few for the large one.
            if place + 1 == scale.rows.len() {
                stand.use_database(&name(rows)).await?;
            } else {
                stand.reset(&name(rows)).await?;
            }
            if round == 1 {
                queries_us.push(queries(stand).await?);
            }
            let rate = transfers(stand, &scale, scale.load).await?.rate;
            say(&format!("{rows} rows: {rate:.0}/s"));
            rates[place].push(rate);
        }
    }
    for ((rows, rates), queries_us) in scale.rows.into_iter().zip(rates).zip(queries_us) {
        found.sizes.push(AtSize {
            rows,
            rates,
            queries_us,
        });
    }
    stand.use_database(&name(scale.rows[0])).await?;
    found.outbox_ms = outbox(stand, &scale, &say).await?;
    found.snapshot = Some(snapshot(stand, &scale, &say).await?);
    found.memory = memory(stand, &scale, &say).await?;
    stand.stop().await;
    Ok(found)
}

fn name(rows: usize) -> String {
    format!("growth_{rows}")
}

/// Makes a database anew.
async fn fill(stand: &mut Stand, scale: &Scale, rows: usize) -> Result<(), String> {
    stand.stop().await;
    let wallets = scale.wallets;
    let owner = stand.make_database(&name(rows)).await?;
    owner
        .execute(&format!("select bench.remit_wallets_make({wallets}, 0)"))
        .await?;
    let floor = "update remit.wallets set floor = -1000000000000 where user_id is not null";
    owner.execute(floor).await?;
    owner.execute("vacuum full remit.wallets").await?;
    owner
        .execute(&format!("call bench.journal_fill({rows}, {wallets})"))
        .await?;
    owner.execute("vacuum analyze").await?;
    owner.execute("checkpoint").await?;
    stand.ids = ids(&owner, wallets).await?.into();
    Ok(())
}

/// Transfers of a server and a worker that start with them.
async fn transfers(stand: &mut Stand, scale: &Scale, time: Duration) -> Result<Sample, String> {
    stand.start(true).await?;
    load(stand, Ask::Transfer(Wallets::Uniform(scale.wallets)), time).await
}

async fn load(stand: &mut Stand, ask: Ask, time: Duration) -> Result<Sample, String> {
    let cell = Cell {
        subject: Subject::Remit {
            ask,
            door: Door::Server,
            relay: true,
        },
        connections: MANY,
    };
    measure(stand, cell, How::closed(time)).await
}

async fn queries(stand: &Stand) -> Result<Vec<(&'static str, f64)>, String> {
    let client = session(stand).await?;
    let mut found = Vec::new();
    for (name, text, wallets) in QUERIES_OF_A_WALLET {
        let statement = client.prepare(text).await.map_err(said)?;
        let mut times = Vec::new();
        for place in 0..QUERIES {
            let id = &stand.ids[place % wallets];
            let since = Instant::now();
            client.query_one(&statement, &[id]).await.map_err(said)?;
            times.push(since.elapsed().as_secs_f64() * 1e6);
        }
        found.push((name, median(times)));
    }
    Ok(found)
}

/// The server's memory while an hour's requests go by, in loads between which the books are
/// checked.
async fn memory(
    stand: &mut Stand,
    scale: &Scale,
    say: &impl Fn(&str),
) -> Result<Vec<(u64, f64)>, String> {
    // What went before must not count.
    stand.stop().await;
    stand.start(true).await?;
    let pid = stand.server_pid().ok_or("the server does not run")?;
    let mut found = Vec::new();
    let mut requests = 0;
    loop {
        let mib = cpu::memory(pid) as f64 / 1_048_576.0;
        say(&format!("{requests} requests: the server has {mib:.0} MiB"));
        found.push((requests, mib));
        if requests >= scale.requests {
            return Ok(found);
        }
        requests += load(stand, Ask::Mix(WALLETS), scale.load).await?.requests;
    }
}

async fn session(stand: &Stand) -> Result<Client, String> {
    let owner = stand.services.owner(&stand.database)?;
    connect(&owner).await.map_err(said)
}

fn said(error: tokio_postgres::Error) -> String {
    with_causes(&error)
}
