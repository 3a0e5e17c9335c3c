//! What a reader of the feed asks for, and the JSON of events.

use std::time::Duration;

use hyper::HeaderMap;
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::moment;
use crate::http::page::{digits, malformed, parameters, repeated};
use crate::http::problem::{Code, More, Problem};
use crate::types::{EXACT_MAX, Event, EventData, EventPage};

/// How long a reader may wait for an event.
pub const WAIT_MAX: Duration = Duration::from_secs(60);

const LIMIT_DEFAULT: i32 = 100;
const LIMIT_MAX: i32 = 1_000;
/// Names are checked by PostgreSQL, which knows them.
const TYPES_BYTES_MAX: usize = 4_096;
const LAST_EVENT_ID: &str = "last-event-id";

/// Where a reader begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// After a position.
    After(i64),
    /// With what happened at a moment.
    From(OffsetDateTime),
}

/// What a reader asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct FeedQuery {
    pub start: Start,
    pub limit: i32,
    pub types: Option<Vec<String>>,
    pub wait: Duration,
    /// The epoch that the reader has come from.
    pub epoch: Option<String>,
}

impl FeedQuery {
    /// Reads the query string of `GET /events`.
    ///
    /// # Errors
    /// Another parameter, a repeated one, or a value that is none.
    pub fn of_list(query: Option<&str>) -> Result<Self, Problem> {
        Self::read(query, &["after", "from", "types", "epoch", "limit", "wait"])
    }

    /// Reads the query string of `GET /events/stream`. A reader that comes again after a stream has
    /// ended goes on behind the last event that it has seen, wherever it began.
    ///
    /// # Errors
    /// Another parameter, a repeated one, or a value that is none.
    pub fn of_stream(query: Option<&str>, headers: &HeaderMap) -> Result<Self, Problem> {
        let read = Self::read(query, &["after", "from", "types", "epoch"])?;
        let mut last = headers.get_all(LAST_EVENT_ID).iter();
        let Some(value) = last.next() else {
            return Ok(read);
        };
        let position = value.to_str().ok().and_then(position);
        match position.filter(|_| last.next().is_none()) {
            Some(position) => Ok(Self {
                start: Start::After(position),
                ..read
            }),
            None => {
                let rule = "Last-Event-ID is the id of an event of this stream, its position.";
                Err(Problem::new(Code::MalformedHeader, rule))
            }
        }
    }

    fn read(query: Option<&str>, allowed: &[&str]) -> Result<Self, Problem> {
        let (mut start, mut limit, mut types, mut wait, mut epoch) = (None, None, None, None, None);
        for (name, value) in parameters(query) {
            if !allowed.contains(&name.as_ref()) {
                let (last, others) = allowed.split_last().expect("some are allowed");
                return Err(malformed(&format!(
                    "Allowed: {} and {last}.",
                    others.join(", ")
                )));
            }
            let is_new = match name.as_ref() {
                "after" => start.replace(after(&value)?).is_none(),
                "from" => start.replace(from(&value)?).is_none(),
                "types" => types.replace(names(&value)?).is_none(),
                "limit" => limit.replace(page_size(&value)?).is_none(),
                "wait" => wait.replace(seconds(&value)?).is_none(),
                _ => epoch.replace(value.into_owned()).is_none(),
            };
            if !is_new && matches!(name.as_ref(), "after" | "from") {
                return Err(malformed("after or from may be there, and once."));
            } else if !is_new {
                return Err(repeated(&name));
            }
        }
        Ok(Self {
            start: start.unwrap_or(Start::After(0)),
            limit: limit.unwrap_or(LIMIT_DEFAULT),
            types,
            wait: wait.unwrap_or_default(),
            epoch,
        })
    }

    /// Whether a page is of the log that the reader has read up to a position.
    ///
    /// # Errors
    /// 409 with the epoch that there is.
    pub fn check(&self, after: i64, page: &EventPage) -> Result<(), Problem> {
        let is_other = self
            .epoch
            .as_ref()
            .is_some_and(|epoch| *epoch != page.epoch);
        if !is_other && after <= page.head {
            return Ok(());
        }
        let detail = "The database was restored to an earlier moment, or is another one: what was \
                      read after that moment never was. Read again with ?from= a moment before the \
                      restore, and with this epoch; leave out events whose ids are known.";
        Err(Problem {
            more: Some(Box::new(More::Epoch(page.epoch.clone()))),
            ..Problem::new(Code::FeedRestarted, detail)
        })
    }
}

fn position(text: &str) -> Option<i64> {
    digits(text).filter(|position| *position <= EXACT_MAX)
}

fn after(text: &str) -> Result<Start, Problem> {
    let rule = || malformed("after is the position of an event, or 0 for the beginning.");
    position(text).map(Start::After).ok_or_else(rule)
}

fn from(text: &str) -> Result<Start, Problem> {
    let rule = || malformed("from is a moment (RFC 3339) such as 2026-11-30T00:00:00Z.");
    moment::parse(text).map(Start::From).ok_or_else(rule)
}

fn names(text: &str) -> Result<Vec<String>, Problem> {
    let is_good = !text.is_empty() && text.len() <= TYPES_BYTES_MAX && !text.contains('\0');
    let names = || text.split(',').map(str::to_owned).collect();
    is_good.then(names).ok_or_else(no_types)
}

/// A name among the types is none.
pub fn no_types() -> Problem {
    malformed(
        "types is a list of types of events with commas between them, such as \
         transfer.posted,transfer.rejected; /asyncapi.json has them all.",
    )
}

fn page_size(text: &str) -> Result<i32, Problem> {
    let size = digits(text).and_then(|size| i32::try_from(size).ok());
    size.filter(|size| (1..=LIMIT_MAX).contains(size))
        .ok_or_else(|| malformed("limit is an integer from 1 to 1000."))
}

fn seconds(text: &str) -> Result<Duration, Problem> {
    let seconds = digits(text).and_then(|seconds| u64::try_from(seconds).ok());
    let wait = seconds.map(Duration::from_secs);
    wait.filter(|wait| *wait <= WAIT_MAX)
        .ok_or_else(|| malformed("wait is a number of seconds from 0 to 60."))
}

/// A page of events.
#[derive(Serialize)]
pub struct PageBody<'a> {
    epoch: &'a str,
    events: Vec<EventBody<'a>>,
    next: i64,
}

impl<'a> From<&'a EventPage> for PageBody<'a> {
    fn from(page: &'a EventPage) -> Self {
        Self {
            epoch: &page.epoch,
            events: page.events.iter().map(EventBody::from).collect(),
            next: page.next,
        }
    }
}

/// An event.
#[derive(Serialize)]
pub struct EventBody<'a> {
    position: i64,
    id: Uuid,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(with = "moment")]
    time: OffsetDateTime,
    subject: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    data: EventData<'a>,
}

impl<'a> From<&'a Event> for EventBody<'a> {
    fn from(event: &'a Event) -> Self {
        Self {
            position: event.position,
            id: event.id,
            kind: &event.kind,
            time: event.created_at,
            subject: event.subject_id,
            request_id: event.request_id.as_deref(),
            traceparent: event.traceparent.as_deref(),
            data: event.told(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_says_where_it_begins_and_what_it_wants() {
        let read = FeedQuery::of_list(Some(
            "after=7&limit=1000&types=transfer.posted,hold.expired&wait=60&epoch=e",
        ));
        let types = ["transfer.posted", "hold.expired"].map(str::to_owned);
        let wanted = FeedQuery {
            start: Start::After(7),
            limit: 1_000,
            types: Some(types.to_vec()),
            wait: WAIT_MAX,
            epoch: Some("e".to_owned()),
        };
        assert_eq!(read, Ok(wanted));
        let read = FeedQuery::of_list(Some("from=1970-01-01T01:00:00%2B01:00"));
        let start = read.expect("a good query").start;
        assert_eq!(start, Start::From(OffsetDateTime::UNIX_EPOCH));
        let read = FeedQuery::of_list(None).expect("a good query");
        assert_eq!((read.start, read.limit), (Start::After(0), 100));
    }

    #[test]
    fn what_is_none_is_refused() {
        for query in [
            "after=",
            "after=-1",
            "after=%2B1",
            "after=9007199254740992",
            "after=1&after=1",
            "after=1&from=2026-11-30T00:00:00Z",
            "from=yesterday",
            "from=2026-11-30",
            "limit=0",
            "limit=1001",
            "types=",
            "types=%00",
            "wait=61",
            "wait=1.5",
            "wait=1&wait=1",
            "cursor=1",
        ] {
            let refused = FeedQuery::of_list(Some(query)).map_err(|problem| problem.code);
            assert_eq!(refused, Err(Code::MalformedQuery), "{query}");
        }
    }

    #[test]
    fn a_stream_goes_on_behind_the_last_event_that_was_seen() {
        let read = |query, last: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in last {
                headers.append(LAST_EVENT_ID, value.parse().expect("a header value"));
            }
            let read = FeedQuery::of_stream(Some(query), &headers);
            read.map(|read| read.start).map_err(|problem| problem.code)
        };
        assert_eq!(read("after=3", &[]), Ok(Start::After(3)));
        assert_eq!(read("after=3", &["5"]), Ok(Start::After(5)));
        assert_eq!(read("after=3", &["five"]), Err(Code::MalformedHeader));
        assert_eq!(read("after=3", &["5", "5"]), Err(Code::MalformedHeader));
        assert_eq!(read("wait=3", &[]), Err(Code::MalformedQuery));
    }
}
