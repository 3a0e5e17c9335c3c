//! What the part that leads does, step by step: it looks which endpoints there is something to send
//! to, reads the log, sends, and records in one transaction what became of all of it.
//!
//! Each request is a task, so that no endpoint waits for another one. What became of a request is
//! in memory until it is recorded: a worker that is killed before sends it again, with the same id.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use remit::base::clock;
use remit::types::{Event, MasterSecret};
use time::OffsetDateTime;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout_at};
use uuid::Uuid;

use super::Webhooks;
use super::client::{Client, Outcome};
use super::endpoint::{Endpoint, Parcel};
use super::message::Message;
use crate::contract::{
    Session, Webhook, log_read, webhook_failures_read, webhooks_read, webhooks_record,
};
use crate::error::Error;
use crate::metrics::{self, Metrics, Taker};

/// Events of one read of the log.
const PAGE: i32 = 256;
/// Requests on their way, each with a connection.
const IN_FLIGHT_MAX: usize = 512;
/// To endpoints of which nothing comes back but failures: they leave room for the others.
const IN_VAIN_MAX: usize = 256;
/// As `remit_worker_v1.webhooks_record` has it.
const REPORTS_MAX: usize = 1_000;

/// A webhook's ledger and id.
type Key = (i64, Uuid);

/// An attempt that has ended.
struct Ended {
    key: Key,
    parcel: Parcel,
    outcome: Outcome,
}

/// The part that leads, in its session.
pub struct Leader {
    session: Session,
    client: Arc<Client>,
    master: MasterSecret,
    metrics: Arc<Metrics>,
    endpoints: BTreeMap<Key, Endpoint>,
    attempts: JoinSet<Ended>,
}

impl Leader {
    /// With a session that has the lead.
    pub fn new(session: Session, part: &Webhooks) -> Self {
        Self {
            session,
            client: Arc::clone(&part.client),
            master: part.master.clone(),
            metrics: Arc::clone(&part.metrics),
            endpoints: BTreeMap::new(),
            attempts: JoinSet::new(),
        }
    }

    /// One round. Gives how many requests are on their way then.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn step(&mut self) -> Result<usize, Error> {
        self.refresh().await?;
        self.read().await?;
        let keys: Vec<Key> = self.endpoints.keys().copied().collect();
        for key in keys {
            self.send(key).await?;
        }
        self.record().await?;
        Ok(self.attempts.len())
    }

    /// Lets attempts end for so long, and sends what waits for them.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn wait(&mut self, pause: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + pause;
        loop {
            tokio::select! {
                () = sleep_until(deadline) => return Ok(()),
                Some(ended) = self.attempts.join_next() => {
                    let key = self.settle(ended)?;
                    self.send(key).await?;
                }
            }
        }
    }

    /// Waits for what is on its way, but not for ever, and records it.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn finish(mut self, limit: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + limit;
        while let Ok(Some(ended)) = timeout_at(deadline, self.attempts.join_next()).await {
            self.settle(ended)?;
        }
        self.record().await
    }

    /// Looks which endpoints there is something to send to.
    async fn refresh(&mut self) -> Result<(), Error> {
        let mut seen = HashSet::new();
        for webhook in webhooks_read(&self.session).await? {
            let key = (webhook.ledger_id, webhook.id);
            seen.insert(key);
            self.take_in(key, webhook).await?;
        }
        self.endpoints.retain(|key, endpoint| {
            let is_seen = seen.contains(key);
            if !is_seen {
                endpoint.rest();
            }
            is_seen || !endpoint.is_idle()
        });
        Ok(())
    }

    async fn take_in(&mut self, key: Key, webhook: Webhook) -> Result<(), Error> {
        if let Some(endpoint) = self.endpoints.get_mut(&key) {
            if endpoint.refresh(webhook.clone()) {
                return Ok(());
            }
            // It was changed. What is on its way comes first, so that wallets keep their order.
            endpoint.rest();
            if endpoint.in_flight() > 0 {
                return Ok(());
            }
        }
        let failures = if webhook.has_failures {
            webhook_failures_read(&self.session, webhook.ledger_id, webhook.id).await?
        } else {
            Vec::new()
        };
        self.endpoints.insert(key, Endpoint::new(webhook, failures));
        Ok(())
    }

    /// Reads the log, once for all endpoints that are at the same place.
    async fn read(&mut self) -> Result<(), Error> {
        let mut pages: HashMap<(i64, i64), Vec<Arc<Event>>> = HashMap::new();
        let now = clock::now();
        for ((ledger_id, _), endpoint) in &mut self.endpoints {
            for after in endpoint.wanted() {
                let place = (*ledger_id, after);
                let page = match pages.entry(place) {
                    Entry::Occupied(page) => page.into_mut(),
                    Entry::Vacant(place) => {
                        let page = log_read(&self.session, *ledger_id, after, PAGE).await?;
                        place.insert(page.into_iter().map(Arc::new).collect())
                    }
                };
                endpoint.offer(after, page, now);
            }
        }
        Ok(())
    }

    /// Sends to an endpoint what may be sent now.
    async fn send(&mut self, key: Key) -> Result<(), Error> {
        loop {
            let now = clock::now();
            let in_flight = self.attempts.len();
            let Some(endpoint) = self.endpoints.get(&key) else {
                return Ok(());
            };
            let limit = if endpoint.is_failing() {
                IN_VAIN_MAX
            } else {
                IN_FLIGHT_MAX
            };
            if in_flight >= limit {
                return Ok(());
            }
            let Some(parcel) = self
                .endpoints
                .get_mut(&key)
                .and_then(|endpoint| endpoint.take(now))
            else {
                return Ok(());
            };
            self.post(key, parcel, now).await?;
        }
    }

    async fn post(&mut self, key: Key, parcel: Parcel, now: OffsetDateTime) -> Result<(), Error> {
        let Some(message) = self.message(key, parcel, now).await? else {
            return Ok(());
        };
        let endpoint = self.endpoints.get(&key).expect("it has something to send");
        let headers = message.headers(&endpoint.webhook, &self.master, now);
        let (client, url) = (Arc::clone(&self.client), endpoint.webhook.url.clone());
        self.attempts.spawn(async move {
            let outcome = client.post(&url, &headers, message.body).await;
            Ended {
                key,
                parcel,
                outcome,
            }
        });
        Ok(())
    }

    /// The message; none where the log has the event no more.
    async fn message(
        &mut self,
        key: Key,
        parcel: Parcel,
        now: OffsetDateTime,
    ) -> Result<Option<Message>, Error> {
        let endpoint = self
            .endpoints
            .get_mut(&key)
            .expect("it has something to send");
        let position = match parcel {
            Parcel::Ping => {
                let ping_id = endpoint.webhook.ping_id.expect("it has a ping to send");
                return Ok(Some(Message::of_ping(ping_id, &endpoint.webhook, now)));
            }
            Parcel::Event(position) => position,
        };
        if let Some(event) = endpoint.event(position) {
            return Ok(Some(Message::of_event(&event)));
        }
        let found = log_read(&self.session, key.0, position - 1, 1).await?;
        let event = found.first().filter(|event| event.position == position);
        if event.is_none() {
            tracing::warn!(ledger = key.0, webhook = %key.1, position, "an event is not in the log any more");
            endpoint.lost(position, now);
        }
        Ok(event.map(Message::of_event))
    }

    fn settle(&mut self, ended: Result<Ended, JoinError>) -> Result<Key, Error> {
        let Ended {
            key,
            parcel,
            outcome,
        } = ended.map_err(|error| Error::Broken(error.to_string()))?;
        if let Some(endpoint) = self.endpoints.get_mut(&key) {
            let (word, status) = (<&str>::from(outcome.0), outcome.1);
            tracing::debug!(ledger = key.0, webhook = %key.1, outcome = word, status, "an attempt has ended");
            let result = endpoint.settle(parcel, outcome, clock::now());
            self.metrics.delivered(Taker::Webhook, result, 1);
            if result == metrics::Outcome::Failed {
                self.metrics.retried(Taker::Webhook, 1);
            }
        }
        Ok(key)
    }

    /// Records what became of all that was sent since the last time.
    async fn record(&mut self) -> Result<(), Error> {
        let reports = self.endpoints.values_mut().filter_map(Endpoint::report);
        let reports: Vec<_> = reports.collect();
        for reports in reports.chunks(REPORTS_MAX) {
            webhooks_record(&self.session, reports).await?;
        }
        Ok(())
    }
}
