//! Many at once: what ten thousand connections cost, and what becomes of transfers when there are
//! too many.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::ask::Ask;
use crate::check::Before;
use crate::cpu;
use crate::load::{Load, carry_out};
use crate::measure::wallets;
use crate::stand::Stand;

const CONNECTIONS: usize = 10_000;
/// More than the server lets wait, which is 2,000.
const CLIENTS: usize = 6_000;
/// How many are opened at the same time: less than a listener's backlog.
const AT_ONCE: usize = 256;
/// How long the server may take to accept them: less than it lets them be silent.
const ACCEPT_S_MAX: u64 = 3;
/// How long it may take to close them.
const CLOSE_S_MAX: u64 = 10;
/// Files of a process beside the connections.
const OTHER_FILES: u64 = 256;

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Crowd {
    /// What the connections do, how many were open at the same time, and MiB of the server then.
    pub connections: Vec<(&'static str, usize, f64)>,
    /// Of `CLIENTS` clients that each ask again at once: posted and refused a second, and the waits
    /// of those posted (p50, p99, p99.9) in milliseconds.
    pub posted: f64,
    pub refused: f64,
    pub posted_ms: [f64; 3],
}

impl Display for Crowd {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (name, open, mib) in &self.connections {
            write!(f, "{open} {name}, {mib:.0} MiB; ")?;
        }
        write!(
            f,
            "{:.0}/s posted, p99 {:.0} ms, {:.0}/s refused",
            self.posted, self.posted_ms[1], self.refused
        )
    }
}

/// Measures both on a Remit that runs.
///
/// # Errors
/// Something but transfers and refusals was answered, or the books are wrong afterwards.
pub async fn crowd(stand: &mut Stand, time: Duration) -> Result<Crowd, String> {
    let limit = (CONNECTIONS + CLIENTS) as u64 + OTHER_FILES;
    rlimit::increase_nofile_limit(limit).map_err(|error| error.to_string())?;
    let mut connections = Vec::new();
    let key = &stand.key;
    // A head that never ends, and a body.
    let half_a_head = "POST /transfers HTTP/1.1\r\nHost: remit\r\nX-Slow: ".to_owned();
    let half_a_body = format!(
        "POST /transfers HTTP/1.1\r\nHost: remit\r\nAuthorization: Bearer {key}\r\nIdempotency-Key: slow\r\n\
         Content-Type: application/json\r\nContent-Length: 16000\r\n\r\n{{"
    );
    for (name, text) in [
        ("say nothing", String::new()),
        ("send half a head", half_a_head),
        ("send half a body", half_a_body),
    ] {
        let (open, mib) = hold(stand, text.into_bytes().into()).await?;
        if open < CONNECTIONS * 9 / 10 {
            return Err(format!(
                "only {open} of {CONNECTIONS} that {name} were open at a time"
            ));
        }
        connections.push((name, open, mib));
    }
    let load = Load {
        port: stand.services.port("app"),
        script: stand.script(Ask::Transfer(wallets(false))),
        connections: CLIENTS,
        time,
        rate: None,
    };
    let before = Before::read(stand).await?;
    let outcome = carry_out(&load).await;
    let refused = outcome.statuses.get(&503).copied().unwrap_or_default();
    if outcome.errors() > refused {
        let (statuses, failures) = (&outcome.statuses, outcome.failures.first());
        return Err(format!("not all went well: {statuses:?} {failures:?}"));
    }
    before.check(stand, outcome.posted).await?;
    Ok(Crowd {
        connections,
        posted: outcome.rate,
        refused: refused as f64 / outcome.time.as_secs_f64(),
        posted_ms: [0.5, 0.99, 0.999].map(|quantile| outcome.ms(quantile)),
    })
}

/// Opens connections that send some bytes and then nothing. Gives how many the server had at the
/// most, and its memory.
async fn hold(stand: &Stand, bytes: Arc<[u8]>) -> Result<(usize, f64), String> {
    let pid = stand.server_pid().ok_or("the server does not run")?;
    let before = cpu::files(pid);
    let port = stand.services.port("app");
    let mut clients = JoinSet::new();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    for _ in 0..CONNECTIONS {
        let (places, bytes) = (Arc::clone(&places), Arc::clone(&bytes));
        clients.spawn(async move {
            let _place = places.acquire().await.map_err(std::io::Error::other)?;
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
            stream.write_all(&bytes).await?;
            Ok::<_, std::io::Error>(stream)
        });
    }
    // Held until the end of this function: the server cuts them after 5 s.
    let mut streams = Vec::with_capacity(CONNECTIONS);
    while let Some(stream) = clients.join_next().await {
        let stream = stream.map_err(|error| error.to_string())?;
        streams.push(stream.map_err(|error| error.to_string())?);
    }
    // The server takes them up a little later than the system.
    let start = Instant::now();
    let mut open = 0;
    while open < CONNECTIONS && start.elapsed() < Duration::from_secs(ACCEPT_S_MAX) {
        sleep(Duration::from_millis(10)).await;
        open = open.max(cpu::files(pid).saturating_sub(before));
    }
    let mib = cpu::memory(pid) as f64 / 1_048_576.0;
    drop(streams);
    let start = Instant::now();
    while cpu::files(pid) > before + OTHER_FILES as usize {
        if start.elapsed() > Duration::from_secs(CLOSE_S_MAX) {
            return Err("connections that their clients have closed stay open".to_owned());
        }
        sleep(Duration::from_millis(10)).await;
    }
    Ok((open, mib))
}
