//! Metrics in the text format of OpenMetrics 1.0, which Prometheus reads.
//!
//! Labels are names from the code, never a client's words.

use std::fmt::Write;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    requests: Family<[(&'static str, String); 2], Counter>,
    latencies: Family<Labels<1>, Histogram>,
    cache_reads: Family<Labels<1>, Counter>,
    replays: Family<Labels<1>, Counter>,
    call_requests: Histogram,
    pool_waits: Histogram,
    outbox_events: Gauge,
    outbox_age_s: Gauge,
}

/// How a wallet was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplaySource {
    Redis,
    Postgresql,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        // 0.25 ms to 8 s.
        let latency = || Histogram::new(exponential_buckets(0.000_25, 2.0, 16));
        let mut metrics = Self {
            registry: Registry::with_prefix("remit"),
            requests: Family::default(),
            latencies: Family::new_with_constructor(latency),
            cache_reads: Family::default(),
            replays: Family::default(),
            call_requests: Histogram::new(exponential_buckets(1.0, 2.0, 11)),
            pool_waits: latency(),
            outbox_events: Gauge::default(),
            outbox_age_s: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "http_requests",
            "Requests by route and status",
            self.requests.clone(),
        );
        registry.register(
            "http_request_duration_seconds",
            "Time from a request's head to its answer, by route",
            self.latencies.clone(),
        );
        registry.register(
            "wallet_cache_reads",
            "Wallet reads by what the cache knew",
            self.cache_reads.clone(),
        );
        registry.register(
            "idempotent_replays",
            "Answers given again, by who knew them",
            self.replays.clone(),
        );
        registry.register(
            "transfers_call_requests",
            "Transfer requests in one call of transfers_post",
            self.call_requests.clone(),
        );
        registry.register(
            "postgresql_pool_wait_seconds",
            "Time until a connection to PostgreSQL was free",
            self.pool_waits.clone(),
        );
        registry.register(
            "outbox_events",
            "Events that wait for the relay",
            self.outbox_events.clone(),
        );
        registry.register(
            "outbox_oldest_age_seconds",
            "Age of the oldest event that waits for the relay",
            self.outbox_age_s.clone(),
        );
    }

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
        let result = match read {
            CacheRead::Hit => "hit",
            CacheRead::Miss => "miss",
            CacheRead::Bypass => "bypass",
        };
        self.cache_reads.get_or_create(&[("result", result)]).inc();
    }

    /// A request was answered. With a source, its answer was known before and is a replay.
    pub fn replay(&self, source: Option<ReplaySource>) {
        let source = match source {
            None => return,
            Some(ReplaySource::Redis) => "redis",
            Some(ReplaySource::Postgresql) => "postgresql",
        };
        self.replays.get_or_create(&[("source", source)]).inc();
    }

    /// `transfers_post` was called.
    pub fn transfers_call(&self, requests: usize) {
        // Calls have at most 1,000 requests.
        self.call_requests
            .observe(f64::from(u32::try_from(requests).unwrap_or(u32::MAX)));
    }

    /// A connection to PostgreSQL was waited for.
    pub fn pool_wait(&self, duration: Duration) {
        self.pool_waits.observe(duration.as_secs_f64());
    }

    /// The outbox was asked.
    pub fn outbox(&self, events: i64, oldest_age_s: i64) {
        self.outbox_events.set(events);
        self.outbox_age_s.set(oldest_age_s);
    }

    /// All metrics as text.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            text.clear();
            let _ = writeln!(text, "# encoding failed");
        }
        text
    }
}
