//! One client that waits for each answer: what a transfer costs when nobody else asks. Relay and
//! notifier work on the events meanwhile.

use std::fmt::{self, Display, Formatter};
use std::time::{Duration, Instant};

use rand::Rng;
use serde::Serialize;
use testbed::session::connect;
use testbed::words::with_causes;
use uuid::Uuid;

use crate::ask::{Ask, Asker};
use crate::check::Before;
use crate::measure::{WALLETS, wallets};
use crate::stand::Stand;
use crate::wire::Wire;

/// Milliseconds of a call: of Remit over HTTP, and of the textbook function from the same client.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Single {
    pub remit_ms: f64,
    pub textbook_ms: f64,
}

impl Display for Single {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            remit_ms,
            textbook_ms,
        } = self;
        write!(f, "{remit_ms:.2} ms; (a) {textbook_ms:.2} ms")
    }
}

/// Measures both in turns, call by call, so that both meet the same disk. Medians.
///
/// # Errors
/// A call fails, or the books are wrong afterwards.
pub async fn single(stand: &mut Stand, time: Duration) -> Result<Single, String> {
    let text = |error: tokio_postgres::Error| with_causes(&error);
    let owner = stand.services.owner(&stand.database)?;
    let client = connect(&owner).await.map_err(text)?;
    let call = "select textbook.transfer($1, $2, $3, $4)";
    let statement = client.prepare(call).await.map_err(text)?;
    let mut wire = Wire::connect(stand.services.port("app"))
        .await
        .map_err(|error| with_causes(&error))?;
    let mut asker = Asker::new(stand.script(Ask::Transfer(wallets(false))));
    let mut request = Vec::new();
    let (mut remit, mut textbook) = (Vec::new(), Vec::new());
    let before = Before::read(stand).await?;
    let start = Instant::now();
    while start.elapsed() < time {
        asker.next(&mut request);
        let since = Instant::now();
        let status = wire
            .ask(&request)
            .await
            .map_err(|error| with_causes(&error))?;
        remit.push(since.elapsed());
        if status != 201 {
            return Err(format!("a transfer was answered {status}"));
        }
        let source = rand::rng().random_range(0..WALLETS);
        let target = (source + rand::rng().random_range(1..WALLETS)) % WALLETS;
        let (id, ids) = (Uuid::from_u128(rand::rng().random()), &stand.ids);
        let since = Instant::now();
        client
            .execute(&statement, &[&id, &ids[source], &ids[target], &1_i64])
            .await
            .map_err(text)?;
        textbook.push(since.elapsed());
    }
    before.check(stand, remit.len() as u64).await?;
    Ok(Single {
        remit_ms: median_ms(remit),
        textbook_ms: median_ms(textbook),
    })
}

fn median_ms(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    middle.as_secs_f64() * 1_000.0
}
