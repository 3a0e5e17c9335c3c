//! What the server counts.

use std::sync::atomic::Ordering;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use strum::IntoStaticStr;
use time::OffsetDateTime;

use crate::base::open_metrics::{Labels, latency, metrics, size, sizes};

metrics! {
    "remit";
    requests: Family<[(&'static str, String); 2], Counter> = Family::default(), "http_requests", "Requests by route and status";
    latencies: Family<Labels<1>, Histogram> = Family::new_with_constructor(latency), "http_request_duration_seconds", "Time from a request's head to its answer, by route";
    cache_reads: Family<Labels<1>, Counter> = Family::default(), "wallet_cache_reads", "Wallet reads by what the cache knew";
    replays: Family<Labels<1>, Counter> = Family::default(), "idempotent_replays", "Answers given again, by who knew them";
    call_requests: Histogram = sizes(), "transfers_call_requests", "Transfer requests in one call of transfers_post";
    pool_waits: Histogram = latency(), "postgresql_pool_wait_seconds", "Time until a connection to PostgreSQL was free";
    outbox_events: Gauge = Gauge::default(), "outbox_events", "Events that wait for the relay";
    outbox_aside: Gauge = Gauge::default(), "outbox_set_aside_events", "Events that the relay has set aside, as the broker will never take them";
    outbox_age_s: Gauge = Gauge::default(), "outbox_oldest_age_seconds", "Age of the oldest event that waits for the relay";
    feed_readers: Gauge = Gauge::default(), "feed_readers", "Readers of the feed that wait for events, or have a stream";
    latest_moment_s: Gauge = Gauge::default(), "latest_moment_seconds", "The latest moment of a wallet that this server knows of, in seconds since 1970";
    moments_ahead_s: Gauge = Gauge::default(), "moments_ahead_seconds", "How far the latest moment of a wallet that this server knows of is ahead of its clock";
    cache_generation: Gauge = Gauge::default(), "wallet_cache_generation", "The generation of the wallet cache: two more for each time that it was closed and opened";
    cache_open: Gauge = Gauge::default(), "wallet_cache_open", "Whether this server reads the wallet cache: 1 or 0";
}

/// How a wallet was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum CacheRead {
    Hit,
    Miss,
    /// Redis was not asked, or did not answer.
    Bypass,
}

impl CacheRead {
    /// The value of `X-Cache`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hit => "HIT",
            Self::Miss => "MISS",
            Self::Bypass => "BYPASS",
        }
    }
}

/// Which store knew the answer that was replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ReplaySource {
    Redis,
    Postgresql,
}

impl Metrics {
    /// A request was answered.
    pub fn request(&self, route: &'static str, status: u16, duration: Duration) {
        let labels = [("route", route.to_owned()), ("status", status.to_string())];
        self.requests.get_or_create(&labels).inc();
        self.latencies
            .get_or_create(&[("route", route)])
            .observe(duration.as_secs_f64());
    }

    /// A wallet was read.
    pub fn cache_read(&self, read: CacheRead) {
        let result = read.into();
        self.cache_reads.get_or_create(&[("result", result)]).inc();
    }

    /// A request was answered. With a source, its answer was known before and is a replay.
    pub fn replay(&self, source: Option<ReplaySource>) {
        if let Some(source) = source {
            let source = source.into();
            self.replays.get_or_create(&[("source", source)]).inc();
        }
    }

    /// `transfers_post` was called.
    pub fn transfers_call(&self, requests: usize) {
        self.call_requests.observe(size(requests));
    }

    /// A connection to PostgreSQL was waited for.
    pub fn pool_wait(&self, duration: Duration) {
        self.pool_waits.observe(duration.as_secs_f64());
    }

    /// How many events the relay has set aside.
    pub fn outbox_aside(&self, events: i64) {
        self.outbox_aside.set(events);
    }

    /// The outbox was asked.
    pub fn outbox(&self, events: i64, oldest_age_s: i64) {
        self.outbox_events.set(events);
        self.outbox_age_s.set(oldest_age_s);
    }

    /// A reader of the feed has come, or has gone.
    pub fn feed_readers(&self, change: i64) {
        self.feed_readers.inc_by(change);
    }

    /// Something was written at this moment.
    pub fn moment(&self, moment: OffsetDateTime) {
        let latest = self.latest_moment_s.inner();
        latest.fetch_max(moment.unix_timestamp(), Ordering::Relaxed);
    }

    /// The clock was read.
    pub fn clock(&self, now: OffsetDateTime) {
        let latest_s = self.latest_moment_s.get();
        self.moments_ahead_s
            .set(latest_s.saturating_sub(now.unix_timestamp()).max(0));
    }

    /// The cache's generation was heard of.
    pub fn cache_generation(&self, generation: i64, is_open: bool) {
        self.cache_generation.set(generation);
        self.cache_open.set(i64::from(is_open));
    }
}
