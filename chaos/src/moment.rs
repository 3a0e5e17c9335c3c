//! Moments, in microseconds since 1970 as PostgreSQL has them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// That of an RFC 3339 time.
pub fn microseconds(value: &Value) -> Option<i64> {
    let moment = OffsetDateTime::parse(value.as_str()?, &Rfc3339).ok()?;
    i64::try_from(moment.unix_timestamp_nanos() / 1_000).ok()
}

/// Now, by the clock that the programs and PostgreSQL have too.
#[expect(clippy::disallowed_methods, reason = "this is no product")]
pub fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    })
}
