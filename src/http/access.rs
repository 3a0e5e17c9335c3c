//! Which caller asks, and for what: the API key of a request, one table from route to permission,
//! and one from scope to permissions.
//!
//! The SQL functions decide, with the caller's key. This gate is coarser and comes before them. It
//! is there for the answers that never reach SQL: those that Redis knows.

use std::sync::Arc;

use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue};

use crate::http::problem::{Problem, anonymous, forbidden, unauthenticated, unavailable};
use crate::http::route::Route;
use crate::ledger::NoResult;
use crate::ledger::key_ring::KeyRing;
use crate::sql::failure::Failure;
use crate::types::{ApiKey, ApiKeyDigest, Caller, KeyScope, parse_ledger_id};

const SCHEME: &str = "Bearer";
const PREFIX: &str = "remit_";
/// 256 bits, in hexadecimal.
const SECRET_DIGITS: usize = 64;

/// The caller: whose API key the request has.
///
/// # Errors
/// 401 for no valid key, 503 if PostgreSQL did not say whether the key is valid.
pub async fn caller(keys: &KeyRing, headers: &HeaderMap) -> Result<Arc<Caller>, Problem> {
    match keys.caller(api_key(headers)?).await {
        Ok(caller) => caller.ok_or_else(unauthenticated),
        // SQL refused the server's question, and said nothing about the key.
        Err(NoResult::Failed(Failure::Refused(refusal))) => {
            Err(unavailable().because(refusal.sqlstate))
        }
        Err(no_result) => Err(no_result.into()),
    }
}

/// The API key of a request (RFC 6750, section 2.1):
/// `Authorization: Bearer remit_<ledger>_<64 hexadecimal digits>`.
///
/// # Errors
/// 401 for none, more than one, or text that cannot be a key.
fn api_key(headers: &HeaderMap) -> Result<ApiKey, Problem> {
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

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// See users, wallets, transfers. A key that is bound to a user sees that user's alone.
    Read,
    /// Make transfers. A key that is bound to a user spends from that user's wallets alone.
    Spend,
    /// Make users and wallets.
    Serve,
    /// Keys, ledgers, freezes, limits and webhooks.
    Administer,
    /// The log of the whole ledger, and how the service itself is doing.
    Observe,
}

impl Permission {
    /// What a route asks of its caller. None: it is open to all.
    pub fn of_route(route: &Route) -> Option<Self> {
        match route {
            Route::Root
            | Route::Healthz
            | Route::Readyz
            | Route::Openapi
            | Route::Asyncapi
            | Route::Docs(_) => None,
            Route::UserGet(_)
            | Route::WalletList(_)
            | Route::WalletGet(_)
            | Route::WalletLimitsGet(_)
            | Route::EntryList(_)
            | Route::TransferGet(_)
            | Route::HoldGet(_)
            | Route::HoldList(_)
            | Route::GroupGet(_)
            | Route::LedgerGet(_) => Some(Self::Read),
            Route::TransferCreate
            | Route::TransferBulk
            | Route::TransferReverse(_)
            | Route::HoldCreate
            | Route::HoldCapture(_)
            | Route::HoldAdjust(_)
            | Route::HoldRelease(_)
            | Route::GroupCreate => Some(Self::Spend),
            Route::UserCreate | Route::WalletCreate => Some(Self::Serve),
            Route::KeyCreate
            | Route::KeyList
            | Route::KeyRevoke(_)
            | Route::LedgerCreate
            | Route::WalletFreeze(_)
            | Route::WalletUnfreeze(_)
            | Route::WalletLimitsSet(_)
            | Route::WebhookCreate
            | Route::WebhookList
            | Route::WebhookGet(_)
            | Route::WebhookUpdate(_)
            | Route::WebhookDelete(_)
            | Route::WebhookRotate(_)
            | Route::WebhookPing(_)
            | Route::WebhookEnable(_)
            | Route::WebhookReplay(_)
            | Route::WebhookFailureList(_)
            | Route::WebhookFailureRetry(..) => Some(Self::Administer),
            Route::EventList | Route::EventStream | Route::Metrics => Some(Self::Observe),
        }
    }
}

impl KeyScope {
    /// Whether a key of this scope may ask for it at all.
    pub fn allows(self, permission: Permission) -> bool {
        match permission {
            Permission::Read => true,
            Permission::Spend => matches!(self, Self::User | Self::Service | Self::Admin),
            Permission::Serve => matches!(self, Self::Service | Self::Admin),
            Permission::Administer => self == Self::Admin,
            Permission::Observe => self != Self::User,
        }
    }
}

/// Lets a caller through to a route, or not.
///
/// # Errors
/// 403.
pub fn admit(caller: &Caller, route: &Route) -> Result<(), Problem> {
    let is_allowed =
        Permission::of_route(route).is_none_or(|permission| caller.scope.allows(permission));
    is_allowed.then_some(()).ok_or_else(forbidden)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex::Regex;

    const SECRET: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    fn parsed(values: &[&str]) -> Result<ApiKey, Option<&'static str>> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().expect("a header value"));
        }
        api_key(&headers).map_err(|problem| problem.challenge())
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

    #[test]
    fn each_scope_has_its_permissions() {
        let all = [
            Permission::Read,
            Permission::Spend,
            Permission::Serve,
            Permission::Administer,
            Permission::Observe,
        ];
        for (scope, allowed) in [
            (KeyScope::User, [true, true, false, false, false]),
            (KeyScope::Reader, [true, false, false, false, true]),
            (KeyScope::Service, [true, true, true, false, true]),
            (KeyScope::Admin, [true; 5]),
        ] {
            assert_eq!(all.map(|permission| scope.allows(permission)), allowed);
        }
    }
}
