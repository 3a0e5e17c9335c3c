//! Logs: one JSON object a line on standard output.

use std::io::{BufWriter, stdout};

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::base::environment::Environment;
use crate::base::panics;

/// Reads the level from a variable.
pub fn level(environment: &mut Environment, name: &str) -> LevelFilter {
    let rule = "error, warn, info, debug or off";
    environment.parsed(name, LevelFilter::INFO, rule, |_| true)
}

/// Starts logging at `level` for Remit's own crates. Of the libraries it logs warnings only: at
/// debug level some of them write the values that they handle.
///
/// Panics are logged too.
///
/// A thread of its own writes all lines that wait, at once. Dropping the guard writes the last
/// ones.
pub fn start(level: LevelFilter) -> WorkerGuard {
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(false)
        .finish(BufWriter::new(stdout()));
    let filter = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        // It logs the bodies of messages that the broker returns. We log its errors ourselves.
        .with_target("lapin", LevelFilter::OFF)
        .with_target("remit", level)
        .with_target("remit_worker", level);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(writer);
    tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .init();
    panics::note();
    guard
}
