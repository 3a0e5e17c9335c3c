//! The outbox when it is full, and when a snapshot keeps what has left it.

use std::time::{Duration, Instant};

use serde::Serialize;
use tokio_postgres::Client;

use super::{Scale, said, session, transfers};
use crate::cell::median;
use crate::pgbench::Pgbench;
use crate::plan::{CALL_SESSIONS, CALL_SIZE};
use crate::stand::Stand;

/// What becomes of transfers while a snapshot stays open.
#[derive(Debug, Clone, Serialize)]
pub struct Held {
    pub seconds: u64,
    /// Transfers a second.
    pub rate: f64,
    /// Seconds that the oldest event had waited at the end.
    pub lag_s: f64,
    /// Milliseconds of a read of 500 rows at the end, the snapshot still open, from the first row
    /// on: so the relay reads once a minute.
    pub read_ms: f64,
}

/// The outbox with a million events that wait, and with as many dead rows that a snapshot keeps.
pub(super) async fn outbox(
    stand: &Stand,
    scale: &Scale,
    say: &impl Fn(&str),
) -> Result<Vec<(&'static str, f64)>, String> {
    let owner = stand.owner().await?;
    // One session, as the relay has.
    let relay = session(stand).await?;
    let mut found = vec![("empty", read_ms(&relay, 0).await?)];
    say(&format!("an outbox with {} events", scale.events));
    post(stand, scale, scale.events / 10).await?;
    owner.execute("analyze remit.outbox").await?;
    found.push(("a tenth of them wait", read_ms(&relay, 0).await?));
    post(stand, scale, scale.events).await?;
    owner.execute("analyze remit.outbox").await?;
    found.push(("all of them wait", read_ms(&relay, 0).await?));
    say("a snapshot that keeps as many dead ones");
    let holder = hold_snapshot(stand).await?;
    let floor_id = relay_all(&relay).await?;
    found.push((
        "they are gone, and a snapshot keeps them",
        read_ms(&relay, floor_id).await?,
    ));
    holder.batch_execute("rollback").await.map_err(said)?;
    owner.execute("vacuum remit.outbox").await?;
    Ok(found)
}

/// Transfers as fast as they can for as long as a snapshot is held, which keeps every event that
/// has left the outbox. Server and worker run afterwards.
pub(super) async fn snapshot(
    stand: &mut Stand,
    scale: &Scale,
    say: &impl Fn(&str),
) -> Result<Held, String> {
    let seconds = scale.snapshot.as_secs();
    say(&format!(
        "transfers while a snapshot is held for {seconds} s"
    ));
    let holder = hold_snapshot(stand).await?;
    let sample = transfers(stand, scale, scale.snapshot).await?;
    let read_ms = first_read_ms(stand).await?;
    holder.batch_execute("rollback").await.map_err(said)?;
    let rate = sample.rate;
    let [lag_s, _] = sample.events_s.ok_or("no event was relayed")?;
    say(&format!("{rate:.0}/s, and an event waited {lag_s:.2} s"));
    Ok(Held {
        seconds,
        rate,
        lag_s,
        read_ms,
    })
}

/// A session with a snapshot that ends with its transaction.
async fn hold_snapshot(stand: &Stand) -> Result<Client, String> {
    let holder = session(stand).await?;
    let hold = "begin isolation level repeatable read; select count(*) from remit.outbox";
    holder.batch_execute(hold).await.map_err(said)?;
    Ok(holder)
}

/// Posts transfers past the server until so many events wait.
async fn post(stand: &Stand, scale: &Scale, events: usize) -> Result<(), String> {
    let owner = stand.owner().await?;
    let pgbench = Pgbench {
        script: "remit_uniform.pgbench",
        clients: CALL_SESSIONS,
        wallets: scale.wallets,
        size: CALL_SIZE,
        time: Duration::from_secs(2),
        rate: None,
    };
    let events = i64::try_from(events).map_err(|error| error.to_string())?;
    while owner.number(EVENTS).await? < events {
        pgbench.carry_out(stand).await?;
    }
    Ok(())
}

/// How many events the outbox has.
const EVENTS: &str = "select coalesce(sum(cardinality(types)), 0)::bigint from remit.outbox";

/// Appends everything, batch by batch, and tells from where a read that finds nothing begins.
/// Nothing is published.
async fn relay_all(relay: &Client) -> Result<i64, String> {
    let append = "select count(*) from remit_worker_v1.outbox_append(500, $1)";
    let append = relay.prepare(append).await.map_err(said)?;
    let mut floor_id = 0;
    loop {
        floor_id = rise(relay, floor_id).await?;
        let row = relay.query_one(&append, &[&floor_id]).await.map_err(said)?;
        if row.get::<_, i64>(0) == 0 {
            return Ok(floor_id);
        }
    }
}

/// The floor when all transactions of now have ended.
async fn rise(relay: &Client, floor_id: i64) -> Result<i64, String> {
    let mark = "select m.last_id, m.xid from remit_worker_v1.outbox_mark() m";
    let rise = "select remit_worker_v1.outbox_rise($1, row($2::bigint, $3::bigint)::remit_worker_v1.outbox_mark)";
    let mark = relay.query_one(mark, &[]).await.map_err(said)?;
    let (last_id, xid): (i64, i64) = (mark.get(0), mark.get(1));
    let rise = relay.prepare(rise).await.map_err(said)?;
    loop {
        let risen = relay.query_one(&rise, &[&floor_id, &last_id, &xid]).await;
        if let Some(floor_id) = risen.map_err(said)?.get(0) {
            return Ok(floor_id);
        }
    }
}

/// The middle one of many reads of one session.
async fn read_ms(relay: &Client, floor_id: i64) -> Result<f64, String> {
    let mut times = Vec::new();
    for _ in 0..20 {
        times.push(read_once_ms(relay, floor_id).await?);
    }
    Ok(median(times))
}

/// The middle one of the first reads of new sessions, as a relay's is that begins.
async fn first_read_ms(stand: &Stand) -> Result<f64, String> {
    let mut times = Vec::new();
    for _ in 0..5 {
        times.push(read_once_ms(&session(stand).await?, 0).await?);
    }
    Ok(median(times))
}

async fn read_once_ms(relay: &Client, floor_id: i64) -> Result<f64, String> {
    let read =
        "select count(*) from (select from remit.outbox where id >= $1 order by id limit 500) o";
    let statement = relay.prepare(read).await.map_err(said)?;
    let since = Instant::now();
    let read = relay.query_one(&statement, &[&floor_id]).await;
    read.map_err(said)?;
    Ok(since.elapsed().as_secs_f64() * 1e3)
}
