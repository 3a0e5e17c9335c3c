//! A part of the log that an endpoint is sent: what comes in, or a part of the past again.

use std::ops::{Bound, RangeBounds};

use remit::types::Event;

/// A part of the log, read from its beginning on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// Behind the position where it begins.
    start: i64,
    /// Up to where it was read.
    pub read: i64,
    /// Where it ends.
    pub end: i64,
    /// None: all.
    types: Option<Vec<String>>,
}

impl Track {
    /// Of the positions behind `start` up to `end`, and of these types.
    pub fn new(start: i64, end: i64, types: Option<Vec<String>>) -> Self {
        Self {
            start,
            read: start,
            end,
            types,
        }
    }

    /// Its positions.
    pub fn range(&self) -> impl RangeBounds<i64> + use<> {
        let end = self.end.max(self.start);
        (Bound::Excluded(self.start), Bound::Included(end))
    }

    /// Whether something is left to read.
    pub fn goes_on(&self) -> bool {
        self.read < self.end
    }

    /// Whether an event is to be sent.
    pub fn wants(&self, event: &Event) -> bool {
        let types = self.types.as_ref();
        types.is_none_or(|types| types.contains(&event.kind))
    }
}
