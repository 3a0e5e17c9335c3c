//! The members of a JSON body, taken one by one, strictly: no duplicate, no unknown member, no guess.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use uuid::Uuid;

use crate::http::problem::{Code, Problem};
use crate::types::parse_uuid;

/// What is left of a body.
pub struct Fields {
    members: Vec<(String, Box<RawValue>)>,
}

impl Fields {
    /// Reads a body: an object without duplicate members.
    ///
    /// # Errors
    /// Bytes that are not JSON in UTF-8, or not an object.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(body)
            .map_err(|_| Problem::new(Code::MalformedJson, "The body is not UTF-8."))?;
        if let Ok(Members(members)) = serde_json::from_str(text) {
            return Ok(Self { members });
        }
        let code = match serde_json::from_str::<&RawValue>(text) {
            Ok(_) => Code::MalformedBody,
            Err(_) => Code::MalformedJson,
        };
        Err(Problem::new(
            code,
            "The body must be one JSON object without duplicate members.",
        ))
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

    /// A moment (RFC 3339), or none where it is absent or null.
    pub fn optional_moment(&mut self, name: &str) -> Result<Option<OffsetDateTime>, Problem> {
        let rule = "Allowed: a time such as 2030-01-31T12:00:00Z.";
        // In UTC it may lie beyond the years that there are.
        let parse = |text: String| {
            let moment = OffsetDateTime::parse(&text, &Rfc3339).ok();
            let moment = moment.and_then(|moment| moment.checked_to_offset(UtcOffset::UTC));
            moment.ok_or_else(|| Problem::at(Code::InvalidField, name, rule))
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
        let Members::<String>(members) = parse(
            &raw,
            name,
            "a flat object of strings without duplicate members",
        )?;
        for (key, value) in &members {
            check_text(name, key)?;
            check_text(name, value)?;
        }
        let object = members
            .into_iter()
            .map(|(key, value)| (key, Value::String(value)));
        Ok(Some(Value::Object(object.collect())))
    }

    /// Refuses what nobody took: an unknown member is a client's bug worth hearing about.
    pub fn finish(self) -> Result<(), Problem> {
        match self.members.first() {
            None => Ok(()),
            Some(_) => Err(Problem::new(
                Code::UnknownField,
                "A member of the body is not one of this route's. GET /docs lists them.",
            )),
        }
    }

    fn take(&mut self, name: &str) -> Option<Box<RawValue>> {
        self.take_or_null(name).filter(|raw| raw.get() != "null")
    }

    fn take_or_null(&mut self, name: &str) -> Option<Box<RawValue>> {
        let place = self.members.iter().position(|(member, _)| member == name)?;
        Some(self.members.swap_remove(place).1)
    }
}

fn parse<'a, T: Deserialize<'a>>(raw: &'a RawValue, name: &str, rule: &str) -> Result<T, Problem> {
    serde_json::from_str(raw.get())
        .map_err(|_| Problem::at(Code::MalformedBody, name, format!("Must be {rule}.")))
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

/// JSON has one kind of number, and some writers give every number a fraction: 7.0 is the integer 7.
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

/// An object's members in their order. A duplicate is an error, where serde_json would keep the last.
struct Members<T>(Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

struct MembersVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MembersVisitor<T> {
    type Value = Members<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object without duplicate members")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<T>, A::Error> {
        let mut members: Vec<(String, T)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, T>()? {
            if members.len() >= MEMBERS_MAX {
                return Err(A::Error::custom("too many members"));
            }
            if members.iter().any(|(member, _)| *member == name) {
                return Err(A::Error::custom("duplicate member"));
            }
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

/// Keeps the search for duplicates short. Metadata of 4 KiB cannot have as many.
const MEMBERS_MAX: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    fn code<T>(result: Result<T, Problem>) -> Option<Code> {
        result.err().map(|problem| problem.code)
    }

    #[test]
    fn only_an_object_is_a_body() {
        for body in ["[]", "null", "1", r#"{"a":1,"a":2}"#] {
            assert_eq!(
                code(Fields::parse(body.as_bytes())),
                Some(Code::MalformedBody),
                "{body}"
            );
        }
        let deep = "[".repeat(100_000);
        for body in ["", "{", "{} {}", "{'a':1}", "\u{feff}{}", &deep] {
            assert_eq!(
                code(Fields::parse(body.as_bytes())),
                Some(Code::MalformedJson),
                "{body:.20}"
            );
        }
        assert_eq!(
            code(Fields::parse(b"{\"a\":\"\xff\"}")),
            Some(Code::MalformedJson)
        );
    }

    #[test]
    fn integers_are_exact() {
        let body =
            br#"{"a":1.5,"b":1e2,"c":"1","d":99999999999999999999,"e":-7,"f":true,"g":1.00}"#;
        let mut fields = Fields::parse(body).expect("an object");
        for name in ["a", "b", "c", "f"] {
            assert_eq!(
                code(fields.integer(name)),
                Some(Code::MalformedBody),
                "{name}"
            );
        }
        assert_eq!(code(fields.integer("d")), Some(Code::InvalidField));
        assert_eq!(fields.integer("e"), Ok(-7));
        assert_eq!(fields.integer("g"), Ok(1));
    }

    #[test]
    fn null_is_absent_but_for_a_nullable() {
        let mut fields = Fields::parse(br#"{"a":null,"b":null}"#).expect("an object");
        assert_eq!(fields.optional_text("a"), Ok(None));
        assert_eq!(fields.nullable_integer("b", 0), Ok(None));
        assert_eq!(fields.nullable_integer("c", 0), Ok(Some(0)));
        assert_eq!(code(fields.integer("d")), Some(Code::MalformedBody));
    }

    #[test]
    fn a_member_may_have_to_be_there_and_be_null() {
        let mut fields = Fields::parse(br#"{"a":null,"b":7}"#).expect("an object");
        assert_eq!(fields.required_nullable_integer("a"), Ok(None));
        assert_eq!(fields.required_nullable_integer("b"), Ok(Some(7)));
        let absent = fields.required_nullable_integer("c");
        assert_eq!(code(absent), Some(Code::MalformedBody));
    }

    #[test]
    fn a_moment_is_written_as_in_rfc_3339() {
        let body = br#"{"a":"2030-01-31T12:00:00Z","b":"2030-01-31","c":1,"d":null}"#;
        let mut fields = Fields::parse(body).expect("an object");
        assert!(
            fields
                .optional_moment("a")
                .is_ok_and(|moment| moment.is_some())
        );
        assert_eq!(code(fields.optional_moment("b")), Some(Code::InvalidField));
        assert_eq!(code(fields.optional_moment("c")), Some(Code::MalformedBody));
        assert_eq!(fields.optional_moment("d"), Ok(None));
    }

    #[test]
    fn metadata_is_flat_strings() {
        for value in [
            r#"{"a":1}"#,
            r#"{"a":{}}"#,
            "[]",
            r#"{"a":"1","a":"2"}"#,
            r#""a""#,
            r#"{"a":"\ud800"}"#,
        ] {
            let mut fields =
                Fields::parse(format!(r#"{{"m":{value}}}"#).as_bytes()).expect("an object");
            assert_eq!(
                code(fields.metadata("m")),
                Some(Code::MalformedBody),
                "{value}"
            );
        }
        let mut fields = Fields::parse(br#"{"m":{"a":"x\u0000"}}"#).expect("an object");
        assert_eq!(code(fields.metadata("m")), Some(Code::InvalidField));
    }

    #[test]
    fn unknown_members_are_refused() {
        let mut fields = Fields::parse(br#"{"a":"x","b":1}"#).expect("an object");
        assert_eq!(fields.text("a"), Ok("x".to_owned()));
        assert_eq!(code(fields.finish()), Some(Code::UnknownField));
    }
}
