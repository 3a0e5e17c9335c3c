//! The relay: moves events from the outbox to their ledgers' logs, and publishes the logs to the
//! broker, at least once, in order per wallet.
//!
//! An event leaves the outbox for the log at once, whether the broker is there or not. The broker's
//! cursor passes it when the broker has confirmed it and had a queue for it. A relay that lost a
//! connection starts again at the cursors, so an event may be published more than once and
//! consumers drop duplicates by its id (the `message_id`).
//!
//! Events are published in order of their positions, which for one wallet is the order of its
//! versions. What the broker refuses is published again, with a delay, and only that: events of
//! other wallets go on, those of the same wallets wait (see `held`). So the first message of each
//! event arrives in order, with one exception: when the broker refuses a message in the middle of a
//! batch and takes a later one of the same wallet, the later one is seen first, and again after the
//! refused one. The versions in the events tell their order in any case.

use std::sync::Arc;
use std::time::{Duration, Instant};

use remit::redis::connection::Redis;
use remit::redis::wallet_cache::WalletCache;
use remit::sql::pools::Config;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::backoff::Reconnect;
use crate::broker::{Address, Broker};
use crate::contract::{CacheRow, Session, cache_state, relay_lead};
use crate::drain::{Drain, Drained, POLL_MS};
use crate::error::Error;
use crate::intake::Intake;
use crate::metrics::Metrics;
use crate::publisher::Publisher;
use crate::topology;

/// How often a relay that stands by tries to take the lead.
const STANDBY_MS: u64 = 1_000;

/// What a relay needs.
pub struct Relay {
    pub postgres: Config,
    pub broker: Address,
    pub redis: Arc<Redis>,
    pub metrics: Arc<Metrics>,
}

impl Relay {
    /// Relays until the shutdown; finishes the batch in hand. Ends before when the broker is
    /// another instance's.
    pub async fn run(&self, shutdown: &CancellationToken) {
        let mut reconnect = Reconnect::new("relay");
        while let Err(error) = self.serve(shutdown, &mut reconnect).await {
            self.metrics.leads(false);
            if error.is_final() || reconnect.wait(&error, shutdown).await {
                break;
            }
        }
        tracing::info!("relay stopped");
    }

    /// One session: waits for the lead, then drains the outbox until the shutdown.
    async fn serve(
        &self,
        shutdown: &CancellationToken,
        reconnect: &mut Reconnect,
    ) -> Result<(), Error> {
        let session = Session::connect_relay(&self.postgres).await?;
        for warning in session.inspect(&self.postgres).await? {
            tracing::warn!(warning, "PostgreSQL is not as it should be");
        }
        let mut stands_by = false;
        while !relay_lead(&session).await? {
            if !stands_by {
                tracing::info!("another relay leads, standing by");
                stands_by = true;
            }
            let pause = sleep(Duration::from_millis(STANDBY_MS));
            if shutdown.run_until_cancelled(pause).await.is_none() {
                return Ok(());
            }
        }
        let instance_id = cache_state(&session).await?.instance_id;
        let mut drain = self.lead(session).await?;
        let mut dial = Dial::new(self, instance_id);
        tracing::info!("relay leads");
        self.metrics.leads(true);
        while !shutdown.is_cancelled() {
            if drain.publisher.is_none()
                && let Some(broker) = dial.poll().await?
            {
                tracing::info!("relay publishes");
                drain.publisher = Some(Publisher::new(broker));
            }
            let drained = drain.drain_once().await?;
            reconnect.reset();
            // A broker that has just taken nothing gets a moment.
            let goes_on = matches!(drained, Drained::Events(1..)) && drain.has_more();
            if !goes_on {
                let pause = sleep(Duration::from_millis(POLL_MS));
                shutdown.run_until_cancelled(pause).await;
            }
        }
        drain.finish().await
    }

    /// With a session that has the lead, and without the broker.
    ///
    /// # Errors
    /// A connection was lost.
    pub async fn lead(&self, session: Session) -> Result<Drain, Error> {
        let session = Arc::new(session);
        let (redis, knowledge) = (Arc::clone(&self.redis), Arc::default());
        // It fills nothing in, so that no entry is its to end.
        let row = CacheRow(Arc::clone(&session));
        let cache = WalletCache::new(redis, knowledge, row, Duration::ZERO);
        let metrics = Arc::clone(&self.metrics);
        Ok(Drain::new(Intake::new(session, cache, metrics).await?))
    }
}

/// Opens connections to the broker, while the relay goes on with all else.
struct Dial {
    address: Address,
    instance_id: Uuid,
    reconnect: Reconnect,
    /// When the next attempt may begin.
    not_before: Instant,
    opening: Option<JoinHandle<Result<Broker, Error>>>,
}

impl Dial {
    fn new(relay: &Relay, instance_id: Uuid) -> Self {
        Self {
            address: relay.broker.clone(),
            instance_id,
            reconnect: Reconnect::new("relay"),
            not_before: Instant::now(),
            opening: None,
        }
    }

    /// A connection, if one has been opened by now.
    ///
    /// # Errors
    /// The broker is another instance's.
    async fn poll(&mut self) -> Result<Option<Broker>, Error> {
        let Some(opening) = self.opening.take_if(|opening| opening.is_finished()) else {
            if self.opening.is_none() && Instant::now() >= self.not_before {
                let (address, instance_id) = (self.address.clone(), self.instance_id);
                self.opening = Some(tokio::spawn(connect(address, instance_id)));
            }
            return Ok(None);
        };
        match opening
            .await
            .expect("nobody aborts it, and it has no panic")
        {
            Ok(broker) => {
                self.reconnect.reset();
                Ok(Some(broker))
            }
            Err(error) if matches!(error, Error::Foreign(_)) => Err(error),
            Err(error) => {
                self.not_before = Instant::now() + self.reconnect.failed(&error);
                Ok(None)
            }
        }
    }
}

impl Drop for Dial {
    fn drop(&mut self) {
        if let Some(opening) = &self.opening {
            opening.abort();
        }
    }
}

/// Connects to the broker, and takes its exchange and queues.
///
/// # Errors
/// The broker is away, is another instance's, or refuses the topology.
pub async fn connect(address: Address, instance_id: Uuid) -> Result<Broker, Error> {
    let broker = Broker::connect(&address, "remit relay").await?;
    topology::claim(&broker.channel, instance_id).await?;
    topology::declare(&broker.channel).await?;
    Ok(broker)
}
