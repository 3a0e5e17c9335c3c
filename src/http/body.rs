//! A JSON body, read within its limits, and its members, taken one by one.
//!
//! A duplicate or unknown member is refused. No value is converted or guessed.

use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeInclusive;

use hyper::body::Incoming;
use hyper::header::HeaderMap;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::moment;
use crate::http::problem::{Code, Problem};
use crate::types::parse_uuid;

mod arrival;

use arrival::read;
pub use arrival::{BODY_BYTES_MAX, BODY_OF_ITEMS_BYTES_MAX};

/// What is left of a body.
pub struct Fields {
    members: Vec<(String, Box<RawValue>)>,
}

impl Fields {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// Another media type, or a body that is over `BODY_BYTES_MAX`, breaks off, or is refused by
    /// `parse`.
    pub async fn read(headers: &HeaderMap, incoming: Incoming) -> Result<Self, Problem> {
        Self::parse(&read(headers, incoming, BODY_BYTES_MAX).await?)
    }

    /// The same for a body of many items, up to `BODY_OF_ITEMS_BYTES_MAX`.
    ///
    /// # Errors
    /// As `read`.
    pub async fn read_items(headers: &HeaderMap, incoming: Incoming) -> Result<Self, Problem> {
        Self::parse(&read(headers, incoming, BODY_OF_ITEMS_BYTES_MAX).await?)
    }

    /// Parses a body: an object without duplicate members.
    ///
    /// # Errors
    /// Bytes that are not JSON in UTF-8, or not an object.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(body)
            .map_err(|_| Problem::new(Code::MalformedJson, "The body is not UTF-8."))?;
        let code = match Self::of_json(text) {
            Some(fields) => return fields,
            None if serde_json::from_str::<&RawValue>(text).is_ok() => Code::MalformedBody,
            None => Code::MalformedJson,
        };
        Err(Problem::new(code, "The body must be one JSON object."))
    }

    /// The members of an object; none where the text is none.
    fn of_json(text: &str) -> Option<Result<Self, Problem>> {
        let members = serde_json::from_str::<Members<_>>(text).ok()?.unique();
        Some(members.map_or_else(|name| Err(repeated(&name)), |members| Ok(Self { members })))
    }

    /// An object within this one, or none where it is absent or null.
    pub fn optional_object(&mut self, name: &str) -> Result<Option<Self>, Problem> {
        let Some(raw) = self.take(name) else {
            return Ok(None);
        };
        let fields = Self::of_json(raw.get()).unwrap_or_else(|| Err(not(name, "an object")))?;
        Ok(Some(fields))
    }

    /// A required array of so many objects.
    pub fn objects(
        &mut self,
        name: &str,
        count: RangeInclusive<usize>,
    ) -> Result<Vec<Self>, Problem> {
        let raw = self.take(name).ok_or_else(|| missing(name))?;
        let items: Vec<&RawValue> = parse(&raw, name, "an array of objects")?;
        if !count.contains(&items.len()) {
            let rule = format!("Allowed: {} to {} items.", count.start(), count.end());
            return Err(Problem::at(Code::InvalidField, name, rule));
        }
        let object = |(place, item): (usize, &&RawValue)| {
            let fields = Self::of_json(item.get());
            let fields = fields
                .unwrap_or_else(|| Err(Problem::new(Code::MalformedBody, "Must be an object.")));
            fields.map_err(|problem| problem.within(name, place))
        };
        items.iter().enumerate().map(object).collect()
    }

    /// An array of strings, or none where it is absent or null.
    pub fn optional_texts(&mut self, name: &str) -> Result<Option<Vec<String>>, Problem> {
        let Some(raw) = self.take(name) else {
            return Ok(None);
        };
        let texts: Vec<String> = parse(&raw, name, "an array of strings")?;
        for text in &texts {
            check_text(name, text)?;
        }
        Ok(Some(texts))
    }

    /// Whether a member is there, also as null.
    pub fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(member, _)| member == name)
    }

    /// True or false, or none where it is absent or null.
    pub fn optional_boolean(&mut self, name: &str) -> Result<Option<bool>, Problem> {
        let raw = self.take(name);
        raw.map(|raw| parse(&raw, name, "true or false"))
            .transpose()
    }

    /// A required string.
    pub fn text(&mut self, name: &str) -> Result<String, Problem> {
        self.optional_text(name)?.ok_or_else(|| missing(name))
    }

    /// A string, or none where it is absent or null.
    pub fn optional_text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let Some(raw) = self.take(name) else {
            return Ok(None);
        };
        let text: String = parse(&raw, name, "a string")?;
        check_text(name, &text)?;
        Ok(Some(text))
    }

    /// A required UUID in the hyphenated form.
    pub fn uuid(&mut self, name: &str) -> Result<Uuid, Problem> {
        uuid(name, &self.text(name)?)
    }

    /// A required integer.
    pub fn integer(&mut self, name: &str) -> Result<i64, Problem> {
        self.optional_integer(name)?.ok_or_else(|| missing(name))
    }

    /// An integer, or none where it is absent or null.
    pub fn optional_integer(&mut self, name: &str) -> Result<Option<i64>, Problem> {
        self.take(name).map(|raw| integer(&raw, name)).transpose()
    }

    /// An integer, the default where it is absent, or none where it is null.
    pub fn nullable_integer(&mut self, name: &str, default: i64) -> Result<Option<i64>, Problem> {
        match self.take_or_null(name) {
            None => Ok(Some(default)),
            Some(raw) if raw.get() == "null" => Ok(None),
            Some(raw) => integer(&raw, name).map(Some),
        }
    }

    /// A required integer, or none where it is null.
    pub fn required_nullable_integer(&mut self, name: &str) -> Result<Option<i64>, Problem> {
        match self.take_or_null(name) {
            None => Err(missing(name)),
            Some(raw) if raw.get() == "null" => Ok(None),
            Some(raw) => integer(&raw, name).map(Some),
        }
    }

    /// A required moment.
    pub fn moment(&mut self, name: &str) -> Result<OffsetDateTime, Problem> {
        self.optional_moment(name)?.ok_or_else(|| missing(name))
    }

    /// A moment (RFC 3339), or none where it is absent or null.
    pub fn optional_moment(&mut self, name: &str) -> Result<Option<OffsetDateTime>, Problem> {
        let rule = "Allowed: a time such as 2030-01-31T12:00:00Z.";
        // In UTC it may lie beyond the years that `OffsetDateTime` can hold.
        let parse = |text: String| {
            moment::parse(&text).ok_or_else(|| Problem::at(Code::InvalidField, name, rule))
        };
        self.optional_text(name)?.map(parse).transpose()
    }

    /// A UUID, or none where it is absent or null.
    pub fn optional_uuid(&mut self, name: &str) -> Result<Option<Uuid>, Problem> {
        let id = self.optional_text(name)?.map(|text| uuid(name, &text));
        id.transpose()
    }

    /// A flat object of strings, or none where it is absent or null.
    pub fn metadata(&mut self, name: &str) -> Result<Option<Value>, Problem> {
        let Some(raw) = self.take(name) else {
            return Ok(None);
        };
        let rule = "a flat object of strings without duplicate members";
        let members = parse::<Members<String>>(&raw, name, rule)?.unique();
        let members = members.map_err(|_| not(name, rule))?;
        for (key, value) in &members {
            check_text(name, key)?;
            check_text(name, value)?;
        }
        let object = members
            .into_iter()
            .map(|(key, value)| (key, Value::String(value)));
        Ok(Some(Value::Object(object.collect())))
    }

    /// Refuses members that the handler did not take. An unknown member is a bug of the client.
    pub fn finish(self) -> Result<(), Problem> {
        match self.members.first() {
            None => Ok(()),
            Some((name, _)) => Err(Problem::at(
                Code::UnknownField,
                name,
                "This member is not one of this route's. GET /docs lists them.",
            )),
        }
    }

    fn take(&mut self, name: &str) -> Option<Box<RawValue>> {
        self.take_or_null(name).filter(|raw| raw.get() != "null")
    }

    fn take_or_null(&mut self, name: &str) -> Option<Box<RawValue>> {
        let place = self.members.iter().position(|(member, _)| member == name)?;
        Some(self.members.remove(place).1)
    }
}

fn parse<'a, T: Deserialize<'a>>(raw: &'a RawValue, name: &str, rule: &str) -> Result<T, Problem> {
    serde_json::from_str(raw.get()).map_err(|_| not(name, rule))
}

fn not(name: &str, rule: &str) -> Problem {
    Problem::at(Code::MalformedBody, name, format!("Must be {rule}."))
}

/// PostgreSQL's text has no NUL.
fn check_text(name: &str, text: &str) -> Result<(), Problem> {
    if text.contains('\0') {
        return Err(Problem::at(
            Code::InvalidField,
            name,
            "Allowed: text without NUL characters.",
        ));
    }
    Ok(())
}

/// JSON has one kind of number, and some programs write every number with a fraction. So 7.0 is the
/// integer 7.
fn integer(raw: &RawValue, name: &str) -> Result<i64, Problem> {
    let text = raw.get();
    let digits = match text.split_once('.') {
        Some((digits, fraction)) if fraction.bytes().all(|byte| byte == b'0') => digits,
        _ => text,
    };
    let is_integer = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-');
    if !is_integer {
        let rule = "Must be an integer, written without an exponent.";
        return Err(Problem::at(Code::MalformedBody, name, rule));
    }
    digits.parse().map_err(|_| {
        Problem::at(
            Code::InvalidField,
            name,
            "Allowed: integers up to 9007199254740991.",
        )
    })
}

fn uuid(name: &str, text: &str) -> Result<Uuid, Problem> {
    parse_uuid(text).ok_or_else(|| Problem::at(Code::InvalidField, name, "Allowed: a UUID."))
}

fn missing(name: &str) -> Problem {
    Problem::at(Code::MalformedBody, name, "This member is required.")
}

fn repeated(name: &str) -> Problem {
    Problem::at(Code::MalformedBody, name, "This member may be there once.")
}

/// An object's members in their order, and the first one that comes twice. serde_json would keep
/// the last.
struct Members<T> {
    members: Vec<(String, T)>,
    repeated: Option<String>,
}

impl<T> Members<T> {
    /// The members, or the name of one that comes twice.
    fn unique(self) -> Result<Vec<(String, T)>, String> {
        self.repeated.map_or(Ok(self.members), Err)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

struct MembersVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MembersVisitor<T> {
    type Value = Members<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<T>, A::Error> {
        let (mut members, mut repeated) = (Vec::<(String, T)>::new(), None);
        while let Some((name, value)) = map.next_entry::<String, T>()? {
            if members.len() >= MEMBERS_MAX {
                return Err(A::Error::custom("too many members"));
            }
            if members.iter().any(|(member, _)| *member == name) {
                repeated.get_or_insert(name);
            } else {
                members.push((name, value));
            }
        }
        Ok(Members { members, repeated })
    }
}

/// Keeps the search for duplicates short. Metadata of 4 KiB has fewer members than this.
const MEMBERS_MAX: usize = 1_024;

#[cfg(test)]
mod tests;
