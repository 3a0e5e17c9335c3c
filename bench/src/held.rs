//! One wallet that another session holds: what is left of the rate of all others, while clients ask
//! for it again and again.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;

use crate::ask::{Ask, Asker};
use crate::check::Before;
use crate::load::{Load, carry_out};
use crate::measure::{WALLETS, wallets};
use crate::stand::Stand;
use crate::wire::Wire;

const CONNECTIONS: usize = 32;
/// Clients that ask for the held wallet.
const WANTING: usize = 4;

/// Transfers a second of the others, in each round: with the wallet free, and held.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Held {
    pub free: Vec<f64>,
    pub held: Vec<f64>,
}

impl Held {
    /// What is left of the rate, in each round.
    pub fn ratios(&self) -> Vec<f64> {
        let rounds = self.held.iter().zip(&self.free);
        rounds.map(|(held, free)| held / free).collect()
    }
}

impl Display for Held {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2?} of the rate of all others", self.ratios())
    }
}

/// Measures on a Remit that runs: free and held, then held and free, by turns.
///
/// # Errors
/// Another answer than is due, or the books are wrong afterwards.
pub async fn held(stand: &mut Stand, time: Duration, rounds: usize) -> Result<Held, String> {
    let mut found = Held::default();
    for round in 0..rounds {
        let mut order = [false, true];
        order.rotate_left(round % 2);
        for is_held in order {
            let rate = rate(stand, time, is_held).await?;
            let rates = if is_held {
                &mut found.held
            } else {
                &mut found.free
            };
            rates.push(rate);
        }
    }
    Ok(found)
}

async fn rate(stand: &mut Stand, time: Duration, is_held: bool) -> Result<f64, String> {
    let load = Load {
        port: stand.services.port("app"),
        script: stand.script(Ask::Transfer(wallets(false))),
        connections: CONNECTIONS,
        time,
        rate: None,
    };
    let before = Before::read(stand).await?;
    let outcome = if is_held {
        let holder = stand.owner().await?;
        let id = stand.ids[WALLETS];
        let hold = format!("begin; select from remit.wallets where id = '{id}' for update");
        holder.execute(&hold).await?;
        let is_over = Arc::new(AtomicBool::new(false));
        let mut wanting = JoinSet::new();
        for _ in 0..WANTING {
            let asker = Asker::new(stand.script(Ask::Transfer(wallets(false))));
            wanting.spawn(want(load.port, asker, Arc::clone(&is_over)));
        }
        let outcome = carry_out(&load).await;
        // Each client hears once more that the wallet is busy: no request of theirs is left in the
        // queue when it is free.
        is_over.store(true, Ordering::Relaxed);
        while let Some(ended) = wanting.join_next().await {
            ended.map_err(|error| error.to_string())??;
        }
        holder.execute("rollback").await?;
        outcome
    } else {
        carry_out(&load).await
    };
    if outcome.errors() > 0 {
        let (statuses, failures) = (&outcome.statuses, outcome.failures.first());
        return Err(format!("not all went well: {statuses:?} {failures:?}"));
    }
    before.check(stand, outcome.posted).await?;
    Ok(outcome.rate)
}

/// Asks for the held wallet, again and again.
async fn want(port: u16, mut asker: Asker, is_over: Arc<AtomicBool>) -> Result<(), String> {
    let text = |error: std::io::Error| error.to_string();
    let mut wire = Wire::connect(port).await.map_err(text)?;
    let mut request = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        asker.transfer(WALLETS, 0, &mut request);
        let status = wire.ask(&request).await.map_err(text)?;
        if status != 503 {
            return Err(format!(
                "a transfer from a held wallet was answered {status}"
            ));
        }
    }
    Ok(())
}
