//! Moments as text: RFC 3339 in UTC with microseconds, as PostgreSQL has them. Every text has the
//! same length, and texts sort as moments do. For serde's `with`.

use std::fmt;

use serde::ser::{Error, Serializer};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

pub use time::serde::rfc3339::deserialize;

/// A moment in UTC, as text.
struct Text(OffsetDateTime);

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(moment) = self;
        let (year, month, day) = moment.to_calendar_date();
        let (hour, minute, second, microsecond) = moment.to_hms_micro();
        let month = u8::from(month);
        write!(
            formatter,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{microsecond:06}Z"
        )
    }
}

/// The text of a moment; none where its year in UTC does not have four digits.
pub fn text(moment: OffsetDateTime) -> Option<String> {
    in_utc(moment).map(|moment| moment.to_string())
}

/// A moment of RFC 3339 that has a text in UTC.
pub fn parse(text: &str) -> Option<OffsetDateTime> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok();
    moment.and_then(|moment| moment.checked_to_offset(UtcOffset::UTC))
}

fn in_utc(moment: OffsetDateTime) -> Option<Text> {
    let moment = moment.checked_to_offset(UtcOffset::UTC);
    let has_text = |moment: &OffsetDateTime| (0..=9_999).contains(&moment.year());
    moment.filter(has_text).map(Text)
}

/// Writes a moment.
///
/// # Errors
/// It has no text, as only a moment of a database that was tampered with.
pub fn serialize<S: Serializer>(moment: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    let text = in_utc(*moment).ok_or_else(|| S::Error::custom("a moment beyond the years"))?;
    serializer.collect_str(&text)
}

/// The same where there may be none.
pub mod option {
    use serde::ser::Serializer;
    use time::OffsetDateTime;

    pub use time::serde::rfc3339::option::deserialize;

    /// Writes a moment, or null.
    ///
    /// # Errors
    /// Those of a moment.
    pub fn serialize<S: Serializer>(
        moment: &Option<OffsetDateTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match moment {
            Some(moment) => super::serialize(moment, serializer),
            None => serializer.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use time::format_description::well_known::Rfc3339;

    use super::*;

    #[test]
    fn every_text_has_six_digits_of_a_second_and_is_in_utc() {
        for (given, written) in [
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z"),
            ("2026-01-02T03:04:05.12Z", "2026-01-02T03:04:05.120000Z"),
            (
                "2026-12-31T23:59:59.9999999-01:00",
                "2027-01-01T00:59:59.999999Z",
            ),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000000Z"),
        ] {
            let moment = OffsetDateTime::parse(given, &Rfc3339).expect("a moment");
            assert_eq!(text(moment).as_deref(), Some(written));
        }
        for beyond in ["9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00+01:00"] {
            let moment = OffsetDateTime::parse(beyond, &Rfc3339).expect("a moment");
            assert_eq!(text(moment), None, "{beyond}");
        }
    }
}
