//! An endpoint while there is something to send to it: what it is sent, and what is to be recorded.

use std::sync::Arc;

use remit::types::{Event, WebhookOutcome};
use time::OffsetDateTime;

use super::client::Outcome;
use super::lane::Lane;
use super::track::Track;
use crate::contract::{Webhook, WebhookFailure, WebhookReport};
use crate::metrics;

/// Of an endpoint that is no more.
const GONE: i32 = 410;

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parcel {
    /// The event at a position of the log.
    Event(i64),
    Ping,
}

/// An endpoint. It is made anew when its row has another revision.
#[derive(Debug)]
pub struct Endpoint {
    pub webhook: Webhook,
    lane: Lane,
    live: Track,
    replay: Option<Track>,
    ping_in_flight: bool,
    news: News,
}

/// What became of attempts since the last report.
#[derive(Debug, Default, PartialEq, Eq)]
struct News {
    succeeded_at: Option<OffsetDateTime>,
    failed_at: Option<OffsetDateTime>,
    is_gone: bool,
    last: Option<Outcome>,
    ping: Option<Outcome>,
}

impl Endpoint {
    /// Of a row and its failures.
    pub fn new(webhook: Webhook, failures: Vec<WebhookFailure>) -> Self {
        let replay = webhook.replay_position.zip(webhook.replay_to);
        Self {
            lane: Lane::new(failures, webhook.is_failing, webhook.succeeded_at),
            live: Track::new(webhook.position, webhook.head, webhook.types.clone()),
            replay: replay.map(|(start, end)| Track::new(start, end, webhook.replay_types.clone())),
            ping_in_flight: false,
            news: News::default(),
            webhook,
        }
    }

    /// Takes the row as it is now, if it is of the same revision.
    pub fn refresh(&mut self, webhook: Webhook) -> bool {
        let is_same = webhook.revision == self.webhook.revision;
        if is_same {
            self.live.end = webhook.head;
            self.webhook = webhook;
        }
        is_same
    }

    /// Sends nothing more: there is nothing to send, or its row is gone.
    pub fn rest(&mut self) {
        self.webhook.is_enabled = false;
    }

    /// Whether nothing is on its way or to be recorded.
    pub fn is_idle(&self) -> bool {
        self.in_flight() == 0 && !self.has_news()
    }

    /// How many attempts are on their way.
    pub fn in_flight(&self) -> usize {
        self.lane.in_flight() + usize::from(self.ping_in_flight)
    }

    /// Whether nothing has succeeded since something failed.
    pub fn is_failing(&self) -> bool {
        self.lane.is_failing()
    }

    /// Behind which positions the log is to be read.
    pub fn wanted(&self) -> Vec<i64> {
        if self.lane.room() == 0 || !self.webhook.is_enabled {
            return Vec::new();
        }
        let tracks = self.tracks().filter(|track| track.goes_on());
        tracks.map(|track| track.read).collect()
    }

    fn tracks(&self) -> impl Iterator<Item = &Track> {
        [&self.live].into_iter().chain(&self.replay)
    }

    /// Takes the events behind a position, as many as there is room for.
    pub fn offer(&mut self, after: i64, events: &[Arc<Event>], now: OffsetDateTime) {
        let tracks = [&mut self.live].into_iter().chain(&mut self.replay);
        for track in tracks.filter(|track| track.read == after && track.goes_on()) {
            for event in events {
                if self.lane.room() == 0 || event.position > track.end {
                    break;
                }
                track.read = event.position;
                if track.wants(event) {
                    self.lane.offer(Arc::clone(event), now);
                }
            }
        }
    }

    /// The next thing to send. It is on its way then.
    pub fn take(&mut self, now: OffsetDateTime) -> Option<Parcel> {
        if self.webhook.ping_id.is_some() && !self.ping_in_flight && self.news.ping.is_none() {
            self.ping_in_flight = true;
            return Some(Parcel::Ping);
        }
        if !self.webhook.is_enabled {
            return None;
        }
        let position = self.lane.take(now, self.webhook.position + 1)?;
        Some(Parcel::Event(position))
    }

    /// The event at a position, if it is in memory.
    pub fn event(&self, position: i64) -> Option<Arc<Event>> {
        self.lane.event(position)
    }

    /// The log has the event no more: nothing is to be sent.
    pub fn lost(&mut self, position: i64, now: OffsetDateTime) {
        self.lane.succeeded(position, now);
    }

    /// An attempt has ended. Gives what came of it.
    pub fn settle(
        &mut self,
        parcel: Parcel,
        outcome: Outcome,
        now: OffsetDateTime,
    ) -> metrics::Outcome {
        let is_delivered = outcome.0 == WebhookOutcome::Delivered;
        let Parcel::Event(position) = parcel else {
            self.ping_in_flight = false;
            self.news.ping = Some(outcome);
            return if is_delivered {
                metrics::Outcome::Delivered
            } else {
                metrics::Outcome::SetAside
            };
        };
        self.news.last = Some(outcome);
        if is_delivered {
            self.news.succeeded_at = Some(now);
            self.lane.succeeded(position, now);
            metrics::Outcome::Delivered
        } else {
            self.news.failed_at = Some(now);
            self.news.is_gone |= outcome.1 == Some(GONE);
            self.webhook.is_enabled &= !self.news.is_gone;
            if self.lane.failed(position, outcome, now) {
                metrics::Outcome::SetAside
            } else {
                metrics::Outcome::Failed
            }
        }
    }

    /// What is to be recorded. It counts as recorded from then on.
    pub fn report(&mut self) -> Option<WebhookReport> {
        if !self.has_news() {
            return None;
        }
        let news = std::mem::take(&mut self.news);
        let (settled, failures) = self.lane.changes();
        self.webhook.position = self.lane.done(&self.live);
        let replay_position = self.replay.as_ref().map(|track| self.lane.done(track));
        self.replay
            .take_if(|track| replay_position == Some(track.end));
        self.webhook.replay_position = replay_position.filter(|_| self.replay.is_some());
        if news.ping.is_some() {
            self.webhook.ping_id = None;
        }
        let (outcome, answer_status) = news.last.unzip();
        let (ping_outcome, ping_status) = news.ping.unzip();
        Some(WebhookReport {
            ledger_id: self.webhook.ledger_id,
            webhook_id: self.webhook.id,
            revision: self.webhook.revision,
            position: self.webhook.position,
            replay_position,
            succeeded_at: news.succeeded_at,
            failed_at: news.failed_at,
            is_gone: news.is_gone,
            outcome,
            answer_status: answer_status.flatten(),
            ping_outcome,
            ping_status: ping_status.flatten(),
            settled,
            failures,
        })
    }

    fn has_news(&self) -> bool {
        let replay = self.replay.as_ref().map(|track| self.lane.done(track));
        self.news != News::default()
            || self.lane.has_changes()
            || self.lane.done(&self.live) != self.webhook.position
            || replay != self.webhook.replay_position
    }
}
