//! Idempotency keys and the ids that they name.
//!
//! The header is that of draft-ietf-httpapi-idempotency-key-header.

use hyper::HeaderMap;
use uuid::Uuid;

use crate::http::problem::{Code, Problem};
use crate::types::{parse_uuid, uuid_v8};

const HEADER: &str = "idempotency-key";
const KEY_BYTES_MAX: usize = 255;

/// A key: 1 to 255 printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key of a request, if it has one. The quoted form (RFC 8941, section 3.3.3) and the bare
    /// one are the same key.
    ///
    /// # Errors
    /// A repeated or malformed header.
    pub fn of_headers(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all(HEADER).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(malformed("The header must be there once."));
        }
        let text = value.to_str().map_err(|_| malformed(RULE))?;
        match text.strip_prefix('"') {
            Some(quoted) => Self::parse(&unquote(quoted)?).map(Some),
            None => Self::parse(text).map(Some),
        }
    }

    /// The key of a request that must have one.
    ///
    /// # Errors
    /// A missing, repeated or malformed header.
    pub fn required(headers: &HeaderMap) -> Result<Self, Problem> {
        Self::of_headers(headers)?.ok_or_else(|| {
            Problem::new(
                Code::IdempotencyKeyMissing,
                "Send an Idempotency-Key header: a new UUID for a new transfer, the same one for a retry.",
            )
        })
    }

    /// The key in a path segment, which is decoded already.
    ///
    /// # Errors
    /// A segment that is no key.
    pub fn of_path(segment: &str) -> Result<Self, Problem> {
        Self::parse(segment).map_err(|_| Problem::new(Code::MalformedId, RULE))
    }

    /// The id that the key names: a UUID itself, any other key the UUIDv8 of its SHA-256.
    /// `remit_v1.transfer_id` is the same in SQL.
    pub fn id(&self) -> Uuid {
        parse_uuid(&self.0).unwrap_or_else(|| uuid_v8(self.0.as_bytes()))
    }

    fn parse(text: &str) -> Result<Self, Problem> {
        let is_printable = text.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
        if text.is_empty() || text.len() > KEY_BYTES_MAX || !is_printable {
            return Err(malformed(RULE));
        }
        Ok(Self(text.to_owned()))
    }
}

const RULE: &str = "A key is 1 to 255 printable ASCII characters.";

fn malformed(detail: &str) -> Problem {
    Problem::new(Code::IdempotencyKeyMalformed, detail)
}

/// The inside of a quoted string, after its first quote.
fn unquote(quoted: &str) -> Result<String, Problem> {
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    loop {
        match characters.next() {
            Some('"') if characters.as_str().is_empty() => return Ok(text),
            Some('\\') => match characters.next() {
                Some(escaped @ ('"' | '\\')) => text.push(escaped),
                _ => return Err(malformed("A backslash escapes a quote or a backslash.")),
            },
            Some('"') | None => return Err(malformed("A quoted key ends with its closing quote.")),
            Some(character) => text.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn key(value: &[u8]) -> Result<Option<IdempotencyKey>, Code> {
        let mut headers = HeaderMap::new();
        headers.insert(
            HEADER,
            HeaderValue::from_bytes(value).expect("a header value"),
        );
        IdempotencyKey::of_headers(&headers).map_err(|problem| problem.code)
    }

    #[test]
    fn quoted_and_bare_forms_are_the_same_key() {
        assert_eq!(key(b"abc"), key(br#""abc""#));
        assert_eq!(
            key(br#""a\"b\\c""#),
            Ok(Some(IdempotencyKey(r#"a"b\c"#.to_owned())))
        );
    }

    #[test]
    fn malformed_keys_are_refused() {
        let long = [b'k'; 256];
        for value in [
            &b""[..],
            b"\"",
            b"\"\"",
            b"\"abc",
            b"\"abc\"x",
            br#""a\n""#,
            b"caf\xc3\xa9",
            b"a\tb",
            &long,
        ] {
            assert_eq!(key(value), Err(Code::IdempotencyKeyMalformed), "{value:?}");
        }
        assert!(key(&long[..255]).is_ok());
    }

    #[test]
    fn a_repeated_header_is_refused() {
        let mut headers = HeaderMap::new();
        headers.append(HEADER, HeaderValue::from_static("a"));
        headers.append(HEADER, HeaderValue::from_static("a"));
        assert_eq!(
            IdempotencyKey::of_headers(&headers).map_err(|problem| problem.code),
            Err(Code::IdempotencyKeyMalformed)
        );
    }

    #[test]
    fn a_uuid_key_is_the_id_whatever_its_case() {
        let id: Uuid = "018f4e9c-7d3b-4c55-9a7e-2f1d3c4b5a69"
            .parse()
            .expect("a UUID");
        for text in [id.to_string(), id.to_string().to_uppercase()] {
            assert_eq!(IdempotencyKey(text).id(), id);
        }
    }

    #[test]
    fn another_key_names_a_uuid_of_version_8() {
        let id = IdempotencyKey("k1".to_owned()).id();
        // What remit_v1.transfer_id('k1') gives.
        assert_eq!(id.to_string(), "6ab9f1eb-8f7d-8388-b4f9-d586f66e99fd");
    }
}
