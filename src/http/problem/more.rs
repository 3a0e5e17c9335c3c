//! What some problems tell beyond what all of them tell.

use serde::Serialize;

use crate::http::readiness::Dependencies;

/// The member of its own that a problem has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum More {
    /// Of a server that is not ready.
    Dependencies(Dependencies),
    /// Of `feed_restarted`: the epoch that there is.
    Epoch(String),
}
