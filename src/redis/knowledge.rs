//! What a process knows of the cache's generation, and for how long.
//!
//! PostgreSQL holds one row: the generation, and the Redis that it is in, or none: then it is
//! closed. Generations are opened and closed in turn, and each has keys of its own. A process asks
//! for the row again and again, and what it has heard is fresh for `FRESH_MS` from when it asked.
//! `GRACE_MS` is that and a margin.
//!
//! ```text
//! state                  reader              writer, after its commit    ends when
//! ---------------------  ------------------  --------------------------  ----------------
//! open, for less than    asks PostgreSQL     raises the version of what  a write is lost:
//! GRACE_MS                                   is there                    closed
//! open                   reads Redis, fills  raises the version of what  a write is lost:
//!                        what it misses      is there                    closed
//! closed, for less than  asks PostgreSQL     answers at the end of that
//! GRACE_MS                                   time
//! closed                 asks PostgreSQL     answers at once             a Redis takes a
//!                                                                        write: open
//! nothing is known       asks PostgreSQL     asks for the row
//! ```
//!
//! A write is lost unless the Redis with the generation's replication id has taken it. Its writer
//! closes the generation and answers `GRACE_MS` later, when no process can still believe that it is
//! open. So what a reader finds under fresh knowledge is no older than any answer before: each of
//! those writes is in this generation, or was committed before the generation's first fill.
//!
//! That fill comes late for the same reason: until `GRACE_MS` after the opening a writer may
//! believe that the cache is closed, and write nothing.
//!
//! Each process counts from when it heard of a change, by its own clock, which is later than the
//! change. A process that has just started cannot know when that was, and believes the clock of
//! PostgreSQL.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::types::CacheState;

#[cfg(test)]
mod model;

/// For how long from when it was asked the row is known.
pub const FRESH_MS: u64 = 900;
/// How long a process waits for those who may know nothing of a change yet.
pub const GRACE_MS: u64 = 1_100;
/// A generation that was open for less than this is followed by one as late: two servers that have
/// two masters for their Redis would otherwise close it, and hold up each other's answers, all the
/// time.
const OPEN_MS_MIN: u64 = 2_000;

/// The row, and from when it allows what.
#[derive(Debug, Clone)]
pub(in crate::redis) struct Known {
    pub generation: i64,
    /// The Redis that the generation is in, if it is open.
    pub redis_id: Option<String>,
    pub place: String,
    /// What the keys of its wallets begin with.
    pub prefix: String,
    asked_at: Instant,
    heard_at: Instant,
    /// From when entries of an open generation may be read and made.
    reads_from: Instant,
    /// From when an answer may leave that tells of a write.
    pub tells_from: Instant,
    /// From when a closed one may be followed by an open one.
    opens_from: Instant,
}

impl Known {
    /// The first that a process hears.
    fn first(state: CacheState, asked_at: Instant, heard_at: Instant) -> Self {
        // Whatever the clock of PostgreSQL shows: no age is negative.
        let age_ms = u64::try_from(state.age_ms).unwrap_or(0);
        let settled_at = heard_at + Duration::from_millis(GRACE_MS.saturating_sub(age_ms));
        let is_open = state.redis_id.is_some();
        let tells_from = if is_open { heard_at } else { settled_at };
        Self {
            prefix: format!("remit:{}:cache:{}:", state.place, state.generation),
            generation: state.generation,
            redis_id: state.redis_id,
            place: state.place,
            asked_at,
            heard_at,
            reads_from: settled_at,
            tells_from,
            opens_from: settled_at,
        }
    }

    /// What follows it, when that is heard of.
    fn followed_by(&self, state: CacheState, asked_at: Instant, heard_at: Instant) -> Self {
        let state = CacheState { age_ms: 0, ..state };
        let mut next = Self::first(state, asked_at, heard_at);
        if next.place != self.place {
            // A database restored to a moment, or its promoted replica: nothing says that the one
            // before was closed.
            next.tells_from = next.reads_from;
        }
        let was_open = heard_at.saturating_duration_since(self.heard_at);
        if self.redis_id.is_some() && was_open < Duration::from_millis(OPEN_MS_MIN) {
            next.opens_from = heard_at + Duration::from_millis(OPEN_MS_MIN);
        }
        next
    }

    pub fn is_fresh(&self, now: Instant) -> bool {
        now < self.asked_at + Duration::from_millis(FRESH_MS)
    }

    /// The Redis in which the generation's entries may be read and made now.
    pub fn readable(&self, now: Instant) -> Option<&str> {
        let is_readable = self.is_fresh(now) && now >= self.reads_from;
        self.redis_id.as_deref().filter(|_| is_readable)
    }

    /// Whether it is closed and may be followed by an open one now.
    pub fn may_open(&self, now: Instant) -> bool {
        self.is_fresh(now) && self.redis_id.is_none() && now >= self.opens_from
    }
}

/// What a process has heard.
#[derive(Default)]
pub struct Knowledge(RwLock<Option<Arc<Known>>>);

impl Knowledge {
    /// Takes over what PostgreSQL has answered. Answers may come in another order than they were
    /// given.
    pub fn hear(&self, state: CacheState, asked_at: Instant) {
        self.hear_at(state, asked_at, Instant::now());
    }

    pub(in crate::redis) fn hear_at(
        &self,
        state: CacheState,
        asked_at: Instant,
        heard_at: Instant,
    ) {
        let mut slot = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let next = match slot.as_deref() {
            None => Known::first(state, asked_at, heard_at),
            Some(known) => {
                let is_late = asked_at < known.asked_at;
                if known.place == state.place && known.generation == state.generation {
                    Known {
                        asked_at: asked_at.max(known.asked_at),
                        ..known.clone()
                    }
                } else if known.place == state.place && known.generation > state.generation
                    || known.place != state.place && is_late
                {
                    return;
                } else {
                    known.followed_by(state, asked_at, heard_at)
                }
            }
        };
        *slot = Some(Arc::new(next));
    }

    /// What was heard last, fresh or not.
    pub(in crate::redis) fn last(&self) -> Option<Arc<Known>> {
        let slot = self.0.read().unwrap_or_else(PoisonError::into_inner);
        slot.clone()
    }

    /// What is known now.
    pub(in crate::redis) fn fresh(&self, now: Instant) -> Option<Arc<Known>> {
        self.last().filter(|known| known.is_fresh(now))
    }

    /// The number of the generation, and whether it can be read.
    pub fn generation(&self) -> Option<(i64, bool)> {
        let known = self.last()?;
        Some((known.generation, known.readable(Instant::now()).is_some()))
    }
}
