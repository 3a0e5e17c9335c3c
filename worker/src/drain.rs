//! The relay's step: from the outbox to the logs, and on to the broker.

use std::time::{Duration, Instant};

use remit::types::Event;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::backlog::Next;
use crate::contract;
use crate::error::Error;
use crate::intake::Intake;
use crate::metrics::{Outcome, Taker};
use crate::publisher::Publisher;
use crate::refusals::Refusals;

/// How often the outbox is looked into, while it holds less than a whole batch. The sooner, the
/// smaller the batches, of which each costs PostgreSQL a transaction and a block of the log.
///
/// Not LISTEN and NOTIFY: a notification takes a lock of the whole server at commit, which would
/// queue up all transfers, and one that is missed while the connection is away needs this query
/// anyway.
pub const POLL_MS: u64 = 20;
/// How often it looks after what is not urgent.
const TEND_MS: u64 = 1_000;

/// What a step found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// There was nothing to publish, or nowhere to publish it.
    Empty,
    /// So many events were published, and confirmed.
    Events(usize),
}

/// The lead, with a connection to each side. The broker may be away: then the logs grow, and its
/// cursors wait.
pub struct Drain {
    pub intake: Intake,
    pub publisher: Option<Publisher>,
    tended_at: Option<Instant>,
    /// Whether the last report said that all is well, as does the beginning of a lead.
    said_well: bool,
}

impl Drain {
    /// Without the broker.
    pub fn new(intake: Intake) -> Self {
        Self {
            intake,
            publisher: None,
            tended_at: None,
            said_well: true,
        }
    }

    /// Appends the oldest events to the logs of their ledgers, and publishes those after the
    /// broker's cursors, at most a batch. While the broker takes its time, events are appended all
    /// the same. What the broker refuses is held.
    ///
    /// # Errors
    /// The connection to PostgreSQL was lost, or the wallet cache could not be told. What was not
    /// confirmed will be published again, by another `Drain`.
    pub async fn drain_once(&mut self) -> Result<Drained, Error> {
        let pause = Duration::from_millis(TEND_MS);
        if self.tended_at.is_none_or(|at| at.elapsed() >= pause) {
            self.tended_at = Some(Instant::now());
            self.report().await?;
            self.intake.tend().await?;
        }
        let held = self.publisher.as_ref().map(|publisher| &publisher.held);
        self.intake.append(held).await?;
        self.tend_publisher().await;
        let Some(publisher) = &mut self.publisher else {
            return Ok(Drained::Empty);
        };
        let batch = next(&mut self.intake, publisher).await?;
        if batch.is_empty() {
            return Ok(Drained::Empty);
        }
        let refusals = publish(&mut self.intake, publisher, &batch).await?;
        self.judge(batch, refusals).await
    }

    /// Whether there is more to publish at once.
    pub fn has_more(&self) -> bool {
        let is_ready = self.publisher.as_ref().is_some_and(Publisher::is_ready);
        is_ready && self.intake.backlog.next() != Next::Nothing
    }

    /// Moves the cursors to what was confirmed, and closes the connection to the broker.
    ///
    /// # Errors
    /// The connection was lost: it will be published again.
    pub async fn finish(self) -> Result<(), Error> {
        let held = self.publisher.as_ref().map(|publisher| &publisher.held);
        self.intake.finish(held).await?;
        if let Some(publisher) = self.publisher {
            publisher.broker.close().await;
        }
        Ok(())
    }

    /// What comes of a batch: what was confirmed or is held moves the cursors; what was not decided
    /// is published again.
    async fn judge(&mut self, batch: Vec<Event>, refusals: Refusals) -> Result<Drained, Error> {
        let publisher = self.publisher.as_mut().expect("it has just published");
        let metrics = &self.intake.metrics;
        let refused = refusals.nacked.len() + refusals.returned.len();
        metrics.delivered(Taker::Broker, Outcome::Failed, refused);
        let judged = publisher.judge(batch, refusals).await;
        for event in &judged.confirmed {
            log_published(event);
        }
        let (confirmed, aside) = (judged.confirmed.len(), usize::from(judged.aside.is_some()));
        metrics.delivered(Taker::Broker, Outcome::Delivered, confirmed);
        metrics.delivered(Taker::Broker, Outcome::SetAside, aside);
        let backlog = &mut self.intake.backlog;
        if let Some((event, reason)) = &judged.aside {
            let (session, ledger_id) = (&self.intake.session, event.ledger_id);
            contract::event_set_aside(session, ledger_id, event.position, reason).await?;
            backlog.reached([event]);
        }
        backlog.reached(judged.confirmed.iter().chain(&judged.held));
        backlog.put_back(judged.undecided);
        if let Some(error) = judged.interrupted
            && let Err(error) = publisher.recover(error).await
        {
            self.lose_broker(&error);
        }
        Ok(Drained::Events(confirmed))
    }

    /// Tells PostgreSQL what operators ask for there. Each second while something is wrong, and so
    /// that this session is not taken for a silent one.
    async fn report(&mut self) -> Result<(), Error> {
        let publisher = self.publisher.as_ref();
        let is_blocked = publisher.is_some_and(|publisher| publisher.broker.is_blocked());
        if is_blocked || !self.said_well {
            contract::relay_report(&self.intake.session, is_blocked).await?;
        }
        self.said_well = !is_blocked;
        Ok(())
    }

    async fn tend_publisher(&mut self) {
        if let Some(publisher) = &mut self.publisher
            && let Err(error) = publisher.tend().await
        {
            self.lose_broker(&error);
        }
    }

    /// Goes on without the broker, which gets all events from its cursors on once it is back.
    fn lose_broker(&mut self, error: &Error) {
        tracing::warn!(%error, part = "relay", "interrupted");
        self.publisher = None;
        self.intake.backlog.restart();
    }
}

/// What to publish now.
async fn next(intake: &mut Intake, publisher: &mut Publisher) -> Result<Vec<Event>, Error> {
    if publisher.broker.is_blocked() {
        return Ok(Vec::new());
    }
    let due = publisher.due();
    intake.metrics.retried(Taker::Broker, due.len());
    if !due.is_empty() || publisher.held.is_full() {
        return Ok(due);
    }
    let batch = intake.next(publisher.batch_max).await?;
    let (free, behind) = publisher.held.admit(batch);
    intake.backlog.reached(&behind);
    Ok(free)
}

/// Publishes a batch, and appends meanwhile: at once after a whole batch, behind which there are
/// more.
async fn publish(
    intake: &mut Intake,
    publisher: &Publisher,
    batch: &[Event],
) -> Result<Refusals, Error> {
    intake.metrics.published(batch.len());
    let is_published = CancellationToken::new();
    let publishing = async {
        let refusals = publisher.publish(batch).await;
        is_published.cancel();
        refusals
    };
    let appending = async {
        if batch.len() >= publisher.batch_max {
            intake.append(Some(&publisher.held)).await?;
        }
        let pause = Duration::from_millis(POLL_MS);
        // An append is never given up half-way: what it has appended would be published late.
        while is_published
            .run_until_cancelled(sleep(pause))
            .await
            .is_some()
        {
            intake.append(Some(&publisher.held)).await?;
        }
        Ok::<_, Error>(())
    };
    let (refusals, appended) = tokio::join!(publishing, appending);
    appended?;
    Ok(refusals)
}

fn log_published(event: &Event) {
    tracing::info!(
        event_id = %event.id,
        "type" = event.kind,
        subject_id = %event.subject_id,
        request_id = event.request_id,
        "event published"
    );
}
