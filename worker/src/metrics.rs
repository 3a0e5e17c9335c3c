//! What the worker counts. A line of the table is a metric; its method is how it moves.
//!
//! Labels are names from the code and the numbers of ledgers, of which there are few: see
//! `CURSORS_MAX`.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use remit::base::clock;
use remit::base::open_metrics::{Labels, metrics, size, sizes};
use strum::IntoStaticStr;
use time::OffsetDateTime;

use crate::contract::CursorLag;

/// How many cursors are shown by their ledgers. The others of a channel are one sum.
pub const CURSORS_MAX: i32 = 100;
/// The ledger of a sum.
const OTHERS: &str = "others";
/// What `cursors_lag` calls the outbox.
const OUTBOX: &str = "outbox";

/// A cursor's ledger and channel.
type CursorLabels = [(&'static str, String); 2];

metrics! {
    "remit_worker";
    leads: Gauge = Gauge::default(), "relay_leads", "Whether this worker's relay leads: 1 or 0";
    append_events: Histogram = sizes(), "log_append_events", "Events of one block that was appended to a log";
    batch_events: Histogram = sizes(), "broker_batch_events", "Events of one batch that was published to the broker";
    deliveries: Family<Labels<2>, Counter> = Family::default(), "deliveries", "Events by the channel that they were given to and what came of it";
    retries: Family<Labels<1>, Counter> = Family::default(), "retries", "Events that were given to a channel again, or will be";
    holds_expired: Counter = Counter::default(), "holds_expired", "Expiries of holds that the relay has written";
    lag_events: Family<CursorLabels, Gauge> = Family::default(), "cursor_lag_events", "Events of a ledger's log that a channel has not confirmed yet";
    lag_s: Family<CursorLabels, Gauge> = Family::default(), "cursor_lag_seconds", "For how long the first of them has been in the log";
    outbox_events: Gauge = Gauge::default(), "outbox_events", "Events that have no place in a log yet";
    outbox_age_s: Gauge = Gauge::default(), "outbox_oldest_age_seconds", "Age of the oldest event that has no place in a log yet";
    heads_exported: Counter = Counter::default(), "heads_exported", "Heads of logs that were exported to where REMIT_HEADS_URL says";
    heads_exported_at: Gauge = Gauge::default(), "heads_exported_timestamp_seconds", "When all heads had been exported last, in seconds since 1970; 0: never";
    events_aside: Gauge = Gauge::default(), "set_aside_events", "Events that the broker does not get, as it will never take them";
}

/// What takes events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Taker {
    Broker,
    Cache,
    /// The notifier's channel.
    Log,
    /// An endpoint of a client's.
    Webhook,
}

/// What came of an event that was given to a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    Delivered,
    /// It will be given again.
    Failed,
    /// It will not be given again, unless an operator says so.
    SetAside,
}

impl Metrics {
    /// The relay got or lost the lead.
    pub fn leads(&self, leads: bool) {
        self.leads.set(i64::from(leads));
    }

    /// Whether the relay leads.
    pub fn is_leading(&self) -> bool {
        self.leads.get() == 1
    }

    /// All heads that had changed were exported.
    pub fn heads_exported(&self, heads: usize) {
        self.heads_exported.inc_by(count(heads));
        self.heads_exported_at.set(clock::now().unix_timestamp());
    }

    /// A block was appended to a log.
    pub fn appended(&self, events: usize) {
        self.append_events.observe(size(events));
    }

    /// A batch was published to the broker.
    pub fn published(&self, events: usize) {
        self.batch_events.observe(size(events));
    }

    /// So many events were given to a channel.
    pub fn delivered(&self, taker: Taker, outcome: Outcome, events: usize) {
        if events > 0 {
            let labels = [("channel", taker.into()), ("result", outcome.into())];
            let counter = self.deliveries.get_or_create(&labels);
            counter.inc_by(count(events));
        }
    }

    /// So many events were given again, or will be.
    pub fn retried(&self, taker: Taker, events: usize) {
        if events > 0 {
            let counter = self.retries.get_or_create(&[("channel", taker.into())]);
            counter.inc_by(count(events));
        }
    }

    /// So many holds have expired.
    pub fn holds_expired(&self, holds: i64) {
        self.holds_expired
            .inc_by(u64::try_from(holds).unwrap_or_default());
    }

    /// How many events are set aside.
    pub fn events_aside(&self, events: i32) {
        self.events_aside.set(events.into());
    }

    /// PostgreSQL told how far all cursors are.
    pub fn lags(&self, lags: Vec<CursorLag>) {
        self.lag_events.clear();
        self.lag_s.clear();
        for lag in lags {
            let (events, age_s) = (lag.events.unwrap_or(0), age_s(lag.waits_since));
            if lag.channel == OUTBOX {
                self.outbox_events.set(events);
                self.outbox_age_s.set(age_s);
                continue;
            }
            let ledger = lag
                .ledger_id
                .map_or_else(|| OTHERS.to_owned(), |ledger_id| ledger_id.to_string());
            let labels = [("ledger", ledger), ("channel", lag.channel)];
            self.lag_events.get_or_create(&labels).set(events);
            self.lag_s.get_or_create(&labels).set(age_s);
        }
    }
}

fn count(events: usize) -> u64 {
    u64::try_from(events).unwrap_or(u64::MAX)
}

/// How many seconds ago a moment was.
fn age_s(since: Option<OffsetDateTime>) -> i64 {
    let age = since.map(|since| clock::now() - since);
    age.map_or(0, |age| age.whole_seconds().max(0))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_runbooks_name_every_metric_and_no_other() {
        let runbooks = include_str!("../../docs/operations.md");
        let words = runbooks.split(|one: char| !one.is_ascii_alphabetic() && one != '_');
        let told = words.filter(|word| word.starts_with("remit_worker_"));
        let told = told.map(|word| word.strip_suffix("_total").unwrap_or(word));
        let metrics = Metrics::new();
        // What has no labels yet is not exported.
        metrics.delivered(Taker::Log, Outcome::Failed, 1);
        metrics.retried(Taker::Log, 1);
        metrics.lags(vec![CursorLag {
            ledger_id: None,
            channel: "broker".to_owned(),
            events: Some(1),
            waits_since: None,
        }]);
        let all = metrics.encode();
        let described = all.lines().filter_map(|line| line.strip_prefix("# HELP "));
        let exported = described.filter_map(|line| line.split(' ').next());
        let (told, exported): (BTreeSet<_>, BTreeSet<_>) = (told.collect(), exported.collect());
        assert_eq!(told, exported);
    }
}
