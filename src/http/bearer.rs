//! `Authorization: Bearer remit_<ledger>_<64 hexadecimal digits>` (RFC 6750, section 2.1).

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HeaderValue};

use crate::http::problem::{Problem, anonymous, unauthenticated};
use crate::types::{ApiKey, ApiKeyDigest, parse_ledger_id};

const SCHEME: &str = "Bearer";
const PREFIX: &str = "remit_";
/// 256 bits, in hexadecimal.
const SECRET_DIGITS: usize = 64;

/// The key of a request.
///
/// # Errors
/// 401 for none, more than one, or text that cannot be a key.
pub fn parse(headers: &HeaderMap) -> Result<ApiKey, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or_else(anonymous)?;
    let key = parse_value(value).filter(|_| values.next().is_none());
    key.ok_or_else(unauthenticated)
}

fn parse_value(value: &HeaderValue) -> Option<ApiKey> {
    let (scheme, text) = value.to_str().ok()?.split_once(' ')?;
    let text = text.trim_start_matches(' ');
    let (ledger, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let is_secret = secret.len() == SECRET_DIGITS
        && secret
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !scheme.eq_ignore_ascii_case(SCHEME) || !is_secret {
        return None;
    }
    Some(ApiKey {
        ledger_id: parse_ledger_id(ledger)?,
        digest: ApiKeyDigest::of(text),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    const SECRET: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    fn parsed(values: &[&str]) -> Result<ApiKey, Option<&'static str>> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().expect("a header value"));
        }
        parse(&headers).map_err(|problem| problem.challenge())
    }

    #[test]
    fn a_key_names_its_ledger_and_is_known_by_its_digest() {
        let text = format!("remit_7_{SECRET}");
        let key = ApiKey {
            ledger_id: 7,
            digest: ApiKeyDigest::of(&text),
        };
        for scheme in ["Bearer ", "bearer ", "BEARER   "] {
            assert_eq!(parsed(&[&format!("{scheme}{text}")]), Ok(key));
        }
    }

    proptest! {
        /// Held against the grammar, written down as a regular expression.
        #[test]
        fn a_header_is_a_key_where_the_grammar_says_so(
            scheme in "[Bb][Ee][Aa][Rr][Ee][Rr]|Bea?rer|.{0,9}",
            space in " {0,3}|\\t",
            text in "remit_(1|[0-9]{1,20})_[0-9a-f]{64}|remit_[1-9]_[0-9a-fA-F]{63,65}|remit_.{0,80}",
        ) {
            let header = format!("{scheme}{space}{text}");
            let grammar = Regex::new("^(?i:bearer) +(remit_([1-9][0-9]*)_[0-9a-f]{64})$").expect("it is one");
            let named = grammar.captures(&header).and_then(|parts| {
                let ledger_id = parts[2].parse().ok()?;
                Some(ApiKey { ledger_id, digest: ApiKeyDigest::of(&parts[1]) })
            });
            if let Ok(value) = HeaderValue::from_bytes(header.as_bytes()) {
                prop_assert_eq!(parse_value(&value), named);
            }
        }
    }

    #[test]
    fn anything_else_is_no_key() {
        let good = format!("Bearer remit_1_{SECRET}");
        for value in [
            "",
            "Bearer",
            "Bearer ",
            &format!("Basic remit_1_{SECRET}"),
            &format!("Bearer\tremit_1_{SECRET}"),
            &format!("Bearer remit_1_{SECRET} "),
            &format!("Bearer remit_1_{SECRET}0"),
            &format!("Bearer remit_1_{}", &SECRET[1..]),
            &format!("Bearer remit_1_{}", SECRET.to_uppercase()),
            &format!("Bearer remit_1_{}g", &SECRET[1..]),
            &format!("Bearer remit__{SECRET}"),
            &format!("Bearer remit_0_{SECRET}"),
            &format!("Bearer remit_01_{SECRET}"),
            &format!("Bearer remit_-1_{SECRET}"),
            &format!("Bearer remit_+1_{SECRET}"),
            &format!("Bearer remit_9223372036854775808_{SECRET}"),
            &format!("Bearer REMIT_1_{SECRET}"),
            &format!("Bearer {SECRET}"),
            &format!("{good}, {good}"),
        ] {
            let challenge = r#"Bearer realm="remit", error="invalid_token""#;
            assert_eq!(parsed(&[value]), Err(Some(challenge)), "{value}");
        }
        assert!(parsed(&[&good, &good]).is_err(), "two headers");
        assert_eq!(parsed(&[]), Err(Some(r#"Bearer realm="remit""#)));
    }
}
