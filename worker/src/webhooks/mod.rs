//! Webhooks: posts the events of each ledger's log to the endpoints that clients have named, at
//! least once, in order per wallet, and for days where they do not answer.
//!
//! An endpoint is a cursor over the log. `lane` says what may be sent next, `client` sends it, and
//! `leader` moves between them and the database. One part of all workers leads; others stand by.

use std::sync::Arc;
use std::time::Duration;

use remit::sql::pools::Config;
use remit::types::MasterSecret;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::backoff::Reconnect;
use crate::contract::{Session, webhooks_lead};
use crate::error::Error;
use crate::metrics::Metrics;

pub mod address;
pub mod client;
mod endpoint;
mod lane;
pub mod leader;
mod message;
mod schedule;
mod track;

use client::Client;
use leader::Leader;

/// How often the log is looked into, and what became of requests is recorded.
const POLL_MS: u64 = 100;
/// How often a part that stands by tries to take the lead.
const STANDBY_MS: u64 = 1_000;
/// For what is on its way at the end. Shorter than the supervisor waits.
const FINISH_MS_MAX: u64 = 4_000;

/// What the part needs.
pub struct Webhooks {
    pub postgres: Config,
    pub client: Arc<Client>,
    pub master: MasterSecret,
    pub metrics: Arc<Metrics>,
}

impl Webhooks {
    /// Sends until the shutdown.
    pub async fn run(&self, shutdown: &CancellationToken) {
        let mut reconnect = Reconnect::new("webhooks");
        while let Err(error) = self.serve(shutdown, &mut reconnect).await {
            if error.is_final() || reconnect.wait(&error, shutdown).await {
                break;
            }
        }
        tracing::info!("webhooks stopped");
    }

    /// One session: waits for the lead, then sends until the shutdown.
    async fn serve(
        &self,
        shutdown: &CancellationToken,
        reconnect: &mut Reconnect,
    ) -> Result<(), Error> {
        let session = Session::connect_relay(&self.postgres).await?;
        session.inspect(&self.postgres).await?;
        let mut stands_by = false;
        while !webhooks_lead(&session).await? {
            if !stands_by {
                tracing::info!("another worker sends webhooks, standing by");
                stands_by = true;
            }
            let pause = sleep(Duration::from_millis(STANDBY_MS));
            if shutdown.run_until_cancelled(pause).await.is_none() {
                return Ok(());
            }
        }
        let mut leader = Leader::new(session, self);
        tracing::info!("webhooks are sent");
        while !shutdown.is_cancelled() {
            leader.step().await?;
            reconnect.reset();
            let pause = Duration::from_millis(POLL_MS);
            if let Some(waited) = shutdown.run_until_cancelled(leader.wait(pause)).await {
                waited?;
            }
        }
        leader.finish(Duration::from_millis(FINISH_MS_MAX)).await
    }
}
