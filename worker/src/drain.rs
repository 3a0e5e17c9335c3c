//! The relay's step: from the outbox to the log, and on to the broker and the wallet cache.

use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use remit::redis::wallet_cache::{NotTold, WalletCache};
use remit::types::Event;

use crate::backlog::{BROKER, Backlog, Next};
use crate::contract::{self, Cursor, Session};
use crate::error::Error;
use crate::floor::{Floor, Look, Task};
use crate::publisher::Publisher;
use crate::refusals::Refusals;
use crate::wallet_changes;

/// Holds that expire in a step, once a second. Each costs about as much as a transfer.
const EXPIRIES_MAX: i32 = 1_000;
/// Rows of the outbox that are appended in a step.
const ROWS_MAX: i32 = 500;
/// The channel of the wallet cache's cursors.
const CACHE: &str = "cache";
/// Events of a page of the log.
const PAGE_MAX: usize = 500;
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

/// What was appended to the logs, and how the read of the outbox went.
struct Appended {
    events: Vec<Event>,
    look: Look,
}

/// The lead, with a connection to each side. The broker may be away: then the logs grow, and the
/// broker's cursors wait.
pub struct Drain {
    pub session: Arc<Session>,
    pub publisher: Option<Publisher>,
    pub cache: WalletCache,
    /// From where it reads the outbox.
    pub floor: Floor,
    backlog: Backlog,
    /// Events that the wallet cache is still to be told.
    unwritten: Vec<Event>,
    /// Where the wallet cache's cursors go with the next append.
    cache_cursors: Vec<Cursor>,
    /// Whether the last step has appended what this one would.
    is_ahead: bool,
    tended_at: Option<Instant>,
    /// Whether the last report said that all is well, as does the beginning of a lead.
    said_well: bool,
}

impl Drain {
    /// With what the relays before it have left: reads what the wallet cache was not told.
    ///
    /// # Errors
    /// A connection was lost.
    pub async fn new(session: Arc<Session>, cache: WalletCache) -> Result<Self, Error> {
        let behind = contract::cursors_behind(&session, BROKER).await?;
        let mut drain = Self {
            publisher: None,
            cache,
            floor: Floor::new(Instant::now()),
            backlog: Backlog::new(behind),
            unwritten: Vec::new(),
            cache_cursors: Vec::new(),
            is_ahead: false,
            tended_at: None,
            said_well: true,
            session,
        };
        for cursor in contract::cursors_behind(&drain.session, CACHE).await? {
            drain.catch_up(cursor).await?;
        }
        Ok(drain)
    }

    /// Appends the oldest events to the logs of their ledgers, and publishes those after the
    /// broker's cursors. Each second, it first writes which holds have expired, so that their
    /// events go out in time. Where there are more than it can publish at a time, PostgreSQL and
    /// the broker work side by side. What the broker refuses is held.
    ///
    /// # Errors
    /// The connection to PostgreSQL was lost, or the wallet cache could not be told. What was not
    /// confirmed will be published again, by another `Drain`.
    pub async fn drain_once(&mut self) -> Result<Drained, Error> {
        let pause = Duration::from_millis(TEND_MS);
        if self.tended_at.is_none_or(|at| at.elapsed() >= pause) {
            self.tended_at = Some(Instant::now());
            self.report().await?;
            contract::holds_expire(&self.session, EXPIRIES_MAX).await?;
            self.tend_floor().await?;
        }
        if !mem::take(&mut self.is_ahead) {
            let cursors = self.cursors();
            let appended = append(&self.session, &self.floor, &cursors).await?;
            self.absorb(appended, &cursors);
        }
        let batch = match self.tend_publisher().await {
            true => self.next().await?,
            false => Vec::new(),
        };
        let unwritten = mem::take(&mut self.unwritten);
        let changes = unwritten.iter().flat_map(wallet_changes::of_event);
        let Some(publisher) = self.publisher.as_ref().filter(|_| !batch.is_empty()) else {
            let written = self.cache.write_anew(changes).await;
            self.wrote(written, &unwritten)?;
            return Ok(Drained::Empty);
        };
        let is_full = batch.len() >= publisher.batch_max;
        let cursors = self.cursors();
        // Side by side: a Redis that is away costs the broker no time.
        let (refusals, written, appended) = tokio::join!(
            publisher.publish(&batch),
            self.cache.write_anew(changes),
            async {
                match is_full {
                    true => append(&self.session, &self.floor, &cursors).await.map(Some),
                    false => Ok(None),
                }
            }
        );
        if let Some(appended) = appended? {
            self.absorb(appended, &cursors);
            self.is_ahead = true;
        }
        self.wrote(written, &unwritten)?;
        self.judge(batch, refusals).await
    }

    /// What comes of a batch: what was confirmed or is held moves the cursors; what was not decided
    /// is published again.
    async fn judge(&mut self, batch: Vec<Event>, refusals: Refusals) -> Result<Drained, Error> {
        let publisher = self.publisher.as_mut().expect("it has just published");
        let judged = publisher.judge(batch, refusals).await;
        for event in &judged.confirmed {
            log_published(event);
        }
        if let Some((event, reason)) = &judged.aside {
            let (ledger_id, position) = (event.ledger_id, event.position);
            contract::event_set_aside(&self.session, ledger_id, position, reason).await?;
        }
        self.backlog.reached(&judged.confirmed);
        self.backlog.reached(&judged.held);
        self.backlog
            .reached(judged.aside.iter().map(|(event, _)| event));
        self.backlog.put_back(judged.undecided);
        if let Some(error) = judged.interrupted
            && let Err(error) = publisher.recover(error).await
        {
            self.lose_broker(&error);
        }
        Ok(Drained::Events(judged.confirmed.len()))
    }

    /// Whether there is more to do at once.
    pub fn has_more(&self) -> bool {
        self.is_ahead || self.publisher.is_some() && self.backlog.next() != Next::Nothing
    }

    /// Tells PostgreSQL what operators ask for there. Each second while something is wrong, and so
    /// that this session is not taken for a silent one.
    async fn report(&mut self) -> Result<(), Error> {
        let publisher = self.publisher.as_ref();
        let is_well = !publisher.is_some_and(|publisher| publisher.broker.is_blocked());
        if !(is_well && self.said_well) {
            contract::relay_report(&self.session, !is_well).await?;
        }
        self.said_well = is_well;
        Ok(())
    }

    /// Moves the cursors to what was confirmed.
    ///
    /// # Errors
    /// The connection was lost: it will be published again.
    pub async fn finish(self) -> Result<(), Error> {
        contract::cursors_confirm(&self.session, &self.cursors()).await?;
        if let Some(publisher) = self.publisher {
            publisher.broker.close().await;
        }
        Ok(())
    }

    /// What to publish now.
    async fn next(&mut self) -> Result<Vec<Event>, Error> {
        let publisher = self.publisher.as_mut().expect("it is there");
        let due = publisher.due();
        if !due.is_empty() {
            return Ok(due);
        }
        if publisher.held.is_full() {
            return Ok(Vec::new());
        }
        if let Next::Read { ledger_id, after } = self.backlog.next() {
            let limit = i32::try_from(PAGE_MAX).expect("it is the constant");
            let page = contract::log_read(&self.session, ledger_id, after, limit).await?;
            self.backlog.read(ledger_id, page, PAGE_MAX);
        }
        let batch = self.backlog.take(publisher.batch_max);
        let (free, behind) = publisher.held.admit(batch);
        self.backlog.reached(&behind);
        Ok(free)
    }

    /// Whether there is a broker that takes messages.
    async fn tend_publisher(&mut self) -> bool {
        let Some(publisher) = &mut self.publisher else {
            return false;
        };
        match publisher.tend().await {
            Ok(()) => !publisher.broker.is_blocked(),
            Err(error) => {
                self.lose_broker(&error);
                false
            }
        }
    }

    /// Goes on without the broker, which has all events again from its cursors on once it is back.
    fn lose_broker(&mut self, error: &Error) {
        tracing::warn!(%error, part = "relay", "the broker is lost");
        self.publisher = None;
        self.backlog.restart();
    }

    /// The cursors that PostgreSQL is to be told.
    fn cursors(&self) -> Vec<Cursor> {
        let held = self.publisher.as_ref().map(|publisher| &publisher.held);
        let first_held = |ledger_id| held.and_then(|held| held.first_of(ledger_id));
        let mut cursors = self.backlog.cursors(first_held);
        cursors.extend(self.cache_cursors.iter().cloned());
        cursors
    }

    /// Takes what was appended, with the cursors that PostgreSQL was told.
    fn absorb(&mut self, appended: Appended, cursors: &[Cursor]) {
        self.backlog.told(cursors);
        self.cache_cursors.clear();
        self.floor.looked(appended.look);
        let numbers = appended.events.iter().map(Event::number);
        if let Some(last) = numbers.max() {
            self.floor.published(last);
        }
        self.unwritten.extend(appended.events.iter().cloned());
        self.backlog.appended(appended.events);
    }

    /// The wallet cache has these events, or must not be read.
    fn wrote(&mut self, written: Result<(), NotTold>, events: &[Event]) -> Result<(), Error> {
        written.map_err(|NotTold(cause)| Error::Cache(cause))?;
        let mut last: Vec<Cursor> = Vec::new();
        for event in events {
            match last
                .iter_mut()
                .find(|cursor| cursor.ledger_id == event.ledger_id)
            {
                Some(cursor) => cursor.position = event.position.max(cursor.position),
                None => last.push(Cursor::new(event.ledger_id, CACHE, event.position)),
            }
        }
        self.cache_cursors.extend(last);
        Ok(())
    }

    /// Tells the wallet cache what it was not told of a ledger.
    async fn catch_up(&mut self, mut cursor: Cursor) -> Result<(), Error> {
        let limit = i32::try_from(PAGE_MAX).expect("it is the constant");
        loop {
            let (ledger_id, after) = (cursor.ledger_id, cursor.position);
            let page = contract::log_read(&self.session, ledger_id, after, limit).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            cursor.position = last.position;
            let changes = page.iter().flat_map(wallet_changes::of_event);
            let written = self.cache.write_anew(changes).await;
            written.map_err(|NotTold(cause)| Error::Cache(cause))?;
            contract::cursors_confirm(&self.session, std::slice::from_ref(&cursor)).await?;
        }
    }

    async fn tend_floor(&mut self) -> Result<(), Error> {
        match self.floor.task() {
            Task::Nothing => {}
            Task::Mark => self
                .floor
                .marked(contract::outbox_mark(&self.session).await?),
            Task::Rise { floor_id, mark } => {
                if let Some(id) = contract::outbox_rise(&self.session, floor_id, mark).await? {
                    self.floor.risen(id);
                }
            }
        }
        Ok(())
    }
}

async fn append(session: &Session, floor: &Floor, cursors: &[Cursor]) -> Result<Appended, Error> {
    let began = Instant::now();
    let floor_id = floor.read_from(began);
    let events = contract::outbox_append(session, ROWS_MAX, floor_id, cursors).await?;
    let look = Look {
        first_id: events.iter().map(Event::number).min(),
        began,
        took: began.elapsed(),
    };
    Ok(Appended { events, look })
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
