//! The query string: a page of a list (`limit`, `cursor`), how a wallet is read, or whether a
//! request is a dry run.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use serde::ser::{Serialize, SerializeMap, Serializer};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::http::answer::Answer;
use crate::http::problem::{Code, Problem};
use crate::types::{EXACT_MAX, parse_uuid};

const PAGE_SIZE_DEFAULT: i32 = 50;
const PAGE_SIZE_MAX: i32 = 200;

/// A page of a list.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<C> {
    /// The number of items.
    pub limit: i32,
    /// Where the page begins; none is the start.
    pub cursor: Option<C>,
}

impl<C: FromStr> Page<C> {
    /// Reads `limit` and `cursor` from a query string.
    ///
    /// # Errors
    /// Another parameter, a repeated one, or a value that is none.
    pub fn of_query(query: Option<&str>) -> Result<Self, Problem> {
        let (mut limit, mut cursor) = (None, None);
        for (name, value) in parameters(query) {
            let is_new = match name.as_ref() {
                "limit" => limit.replace(page_size(&value)?).is_none(),
                "cursor" => cursor
                    .replace(value.parse().map_err(|_| malformed_cursor())?)
                    .is_none(),
                _ => return Err(malformed("Allowed: limit and cursor.")),
            };
            if !is_new {
                return Err(repeated(&name));
            }
        }
        Ok(Self {
            limit: limit.unwrap_or(PAGE_SIZE_DEFAULT),
            cursor,
        })
    }

    /// The answer with the items of this page, of which one more than `limit` shows that there is a
    /// next one. Its cursor is the last item of this page.
    ///
    /// # Errors
    /// Those of `to_json`.
    pub fn answer<T: Serialize, D: Display>(
        &self,
        name: &'static str,
        items: &[T],
        cursor: impl Fn(&T) -> D,
    ) -> Result<Answer, Problem> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let page = &items[..items.len().min(limit)];
        let last = page.last().filter(|_| items.len() > limit);
        let next_cursor = last.map(|item| cursor(item).to_string());
        Answer::ok(&List(name, page, next_cursor))
    }
}

/// The body of a page: the items under their name, and the next page's cursor.
struct List<'a, T>(&'static str, &'a [T], Option<String>);

impl<T: Serialize> Serialize for List<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_map(Some(2))?;
        body.serialize_entry(self.0, self.1)?;
        body.serialize_entry("next_cursor", &self.2)?;
        body.end()
    }
}

/// Behind which version of a wallet a page of its statement begins, or behind which position one of
/// a webhook's failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryCursor(pub i64);

impl FromStr for EntryCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let version = digits(text).ok_or(())?;
        if version == 0 {
            Err(())
        } else {
            Ok(Self(version))
        }
    }
}

/// Behind which wallet or key a page of a list begins: when it was created, and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreationCursor(pub OffsetDateTime, pub Uuid);

impl CreationCursor {
    /// As the functions of SQL take it.
    pub fn parts(cursor: Option<Self>) -> (Option<OffsetDateTime>, Option<Uuid>) {
        cursor.map(|Self(created_at, id)| (created_at, id)).unzip()
    }
}

impl FromStr for CreationCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (microseconds, id) = text.split_once('-').ok_or(())?;
        let nanoseconds = i128::from(digits(microseconds).ok_or(())?) * 1_000;
        let created_at = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).map_err(|_| ())?;
        Ok(Self(created_at, parse_uuid(id).ok_or(())?))
    }
}

impl Display for CreationCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}-{}",
            self.0.unix_timestamp_nanos() / 1_000,
            self.1
        )
    }
}

/// A number of 1 to 16 digits and nothing else.
pub(super) fn digits(text: &str) -> Option<i64> {
    let is_number =
        (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// How a wallet is read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct WalletReading {
    /// The version that it must have at least. 0: any will do.
    pub min_version: i64,
    pub with_holds: bool,
}

impl WalletReading {
    /// Reads `min_version` and `holds` from a query string.
    ///
    /// # Errors
    /// Another parameter, a repeated one, or a value that is none.
    pub fn of_query(query: Option<&str>) -> Result<Self, Problem> {
        let (mut version, mut holds) = (None, None);
        for (name, value) in parameters(query) {
            let is_new = match name.as_ref() {
                "min_version" => version.replace(least_version(&value)?).is_none(),
                "holds" => holds.replace(boolean(&name, &value)?).is_none(),
                _ => return Err(malformed("Allowed: min_version and holds.")),
            };
            if !is_new {
                return Err(repeated(&name));
            }
        }
        Ok(Self {
            min_version: version.unwrap_or(0),
            with_holds: holds.unwrap_or(false),
        })
    }
}

fn least_version(text: &str) -> Result<i64, Problem> {
    let version = digits(text).filter(|version| (1..=EXACT_MAX).contains(version));
    version.ok_or_else(|| malformed("min_version is an integer from 1 to 9007199254740991."))
}

fn boolean(name: &str, text: &str) -> Result<bool, Problem> {
    let rule = || malformed(&format!("{name} is true or false."));
    text.parse().map_err(|_| rule())
}

/// Reads `dry_run` from a query string.
///
/// # Errors
/// Another parameter, a repeated one, or a value that is neither true nor false.
pub fn is_dry_run(query: Option<&str>) -> Result<bool, Problem> {
    let mut is_dry_run = None;
    for (name, value) in parameters(query) {
        if name != "dry_run" {
            return Err(malformed("Allowed: dry_run."));
        }
        if is_dry_run.replace(boolean(&name, &value)?).is_some() {
            return Err(repeated(&name));
        }
    }
    Ok(is_dry_run.unwrap_or(false))
}

/// Takes `status` from the query string of a list of holds, and leaves the rest: whether they are
/// open. None: all of them.
///
/// # Errors
/// A repeated one, or a value that is neither open nor closed.
pub fn take_status(query: Option<&str>) -> Result<(Option<bool>, String), Problem> {
    let (mut is_open, mut rest) = (None, Vec::new());
    for pair in query.unwrap_or_default().split('&') {
        let Some((name, value)) = parameters(Some(pair))
            .next()
            .filter(|(name, _)| name == "status")
        else {
            rest.push(pair);
            continue;
        };
        let value = match value.as_ref() {
            "open" => true,
            "closed" => false,
            _ => return Err(malformed("status is open or closed.")),
        };
        if is_open.replace(value).is_some() {
            return Err(repeated(&name));
        }
    }
    Ok((is_open, rest.join("&")))
}

/// The parameters of a query string, decoded.
pub(super) fn parameters(
    query: Option<&str>,
) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    let pairs = query.unwrap_or_default().split('&');
    pairs.filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = |text| percent_decode_str(text).decode_utf8_lossy();
        (decoded(name), decoded(value))
    })
}

/// Refuses a query string where the route takes none.
///
/// # Errors
/// A query string.
pub fn no_query(query: Option<&str>) -> Result<(), Problem> {
    match query.unwrap_or_default() {
        "" => Ok(()),
        _ => Err(malformed("This route takes no parameters.")),
    }
}

fn page_size(text: &str) -> Result<i32, Problem> {
    let size = text
        .parse()
        .ok()
        .filter(|size| (1..=PAGE_SIZE_MAX).contains(size));
    size.ok_or_else(|| malformed("limit is an integer from 1 to 200."))
}

/// `name` is one of ours.
pub(super) fn repeated(name: &str) -> Problem {
    malformed(&format!("{name} may be there once."))
}

fn malformed_cursor() -> Problem {
    malformed("cursor is a next_cursor of this list.")
}

pub(super) fn malformed(detail: &str) -> Problem {
    Problem::new(Code::MalformedQuery, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> Result<(i32, Option<EntryCursor>), Code> {
        Page::of_query(Some(query))
            .map(|page| (page.limit, page.cursor))
            .map_err(|problem| problem.code)
    }

    #[test]
    fn a_page_has_a_limit_and_a_cursor() {
        assert_eq!(page(""), Ok((50, None)));
        for query in ["limit=200&cursor=7", "%6Cimit=2%300&%63ursor=%37"] {
            assert_eq!(page(query), Ok((200, Some(EntryCursor(7)))), "{query}");
        }
        for query in [
            "limit=0",
            "limit=201",
            "limit=x",
            "limit=",
            "cursor=x",
            "cursor=0",
            "cursor=-1",
            "cursor=%2B5",
            "limit=1&limit=2",
            "page=1",
        ] {
            assert_eq!(page(query), Err(Code::MalformedQuery), "{query}");
        }
    }

    #[test]
    fn a_wallet_is_read_at_a_least_version_and_with_its_holds() {
        let read = |query| WalletReading::of_query(query).map_err(|problem| problem.code);
        let reading = |min_version, with_holds| {
            Ok(WalletReading {
                min_version,
                with_holds,
            })
        };
        assert_eq!(
            (read(None), read(Some(""))),
            (reading(0, false), reading(0, false))
        );
        assert_eq!(read(Some("min_version=7&holds=true")), reading(7, true));
        assert_eq!(read(Some("holds=false")), reading(0, false));
        for query in [
            "min_version=",
            "min_version=0",
            "min_version=-1",
            "min_version=%2B5",
            "min_version=1.5",
            "min_version=9007199254740992",
            "min_version=12345678901234567",
            "min_version=1&min_version=1",
            "min_version=1&limit=1",
            "version=1",
            "holds=1",
            "holds=true&holds=true",
        ] {
            assert_eq!(read(Some(query)), Err(Code::MalformedQuery), "{query}");
        }
    }

    #[test]
    fn a_cursor_by_creation_is_read_as_it_is_written() {
        let text = "1767225600000001-018f4e9c-7d3b-4c55-9a7e-2f1d3c4b5a69";
        let cursor: CreationCursor = text.parse().expect("a cursor");
        assert_eq!(cursor.to_string(), text);
        for text in ["", "-", "7", "7-7", "-018f4e9c-7d3b-4c55-9a7e-2f1d3c4b5a69"] {
            assert_eq!(text.parse::<CreationCursor>(), Err(()), "{text}");
        }
    }
}
