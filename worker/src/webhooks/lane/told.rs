//! What a lane tells of what became of events.

use super::Lane;
use super::entry::Changes;
use crate::contract::WebhookFailure;
use crate::webhooks::track::Track;

impl Lane {
    /// Whether nothing has succeeded since something failed.
    pub fn is_failing(&self) -> bool {
        self.is_failing
    }

    /// How many events are on their way.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Up to where a track is done with: all is delivered or among the failures.
    pub fn done(&self, track: &Track) -> i64 {
        let mut waiting = self.fresh.range(track.range());
        waiting.next().map_or(track.read, |position| position - 1)
    }

    /// What became of events since it was last asked.
    pub fn changes(&mut self) -> (Vec<i64>, Vec<WebhookFailure>) {
        let Changes { settled, failed } = std::mem::take(&mut self.changes);
        let failures = failed.iter().filter_map(|position| {
            let entry = self.entries.get(position)?;
            entry.failure.clone()
        });
        (settled, failures.collect())
    }

    /// Whether there is something to tell of.
    pub fn has_changes(&self) -> bool {
        self.changes != Changes::default()
    }
}
