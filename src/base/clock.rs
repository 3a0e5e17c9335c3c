//! The wall clock, read in one place.
//!
//! It may jump, also back. So nothing about money is decided by it: SQL takes the moment of a
//! transfer from PostgreSQL's clock. Spans are measured with `Instant`, which never goes back.

use time::OffsetDateTime;

/// The time of day now, in UTC.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
