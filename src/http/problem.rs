//! Every error that a client may see, in one table, as RFC 9457 problem details.
//!
//! A client hears no other code. Anything else that goes wrong is `internal_error`. Its request id
//! finds the rest in the log.

use serde::Serialize;
use uuid::Uuid;

use crate::sql::failure::Failure;
use crate::types::TransferOutcome;

mod causes;
mod more;

pub use more::More;

macro_rules! codes {
    ($($variant:ident $code:literal $status:literal $sqlstate:expr, $title:literal;)*) => {
        /// A kind of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($variant),* }

        impl Code {
            /// Every kind, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word that programs match on.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            /// The HTTP status.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status),* }
            }

            /// What the SQL functions raise for it, where they do.
            pub fn sqlstate(self) -> Option<&'static str> {
                match self { $(Self::$variant => $sqlstate),* }
            }

            /// A short text that does not depend on the occurrence.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),* }
            }
        }
    };
}

codes! {
    MalformedJson "malformed_json" 400 None, "The body is not JSON.";
    MalformedBody "malformed_body" 400 None, "The body does not have the shape that this route takes.";
    UnknownField "unknown_field" 400 None, "The body has a member that this route does not know.";
    MalformedId "malformed_id" 400 None, "The path does not hold a well-formed id.";
    MalformedQuery "malformed_query" 400 None, "The query string is not one that this route takes.";
    IdempotencyKeyMissing "idempotency_key_missing" 400 None, "The Idempotency-Key header is missing.";
    IdempotencyKeyMalformed "idempotency_key_malformed" 400 None, "The Idempotency-Key header is malformed.";
    MalformedHeader "malformed_header" 400 None, "A header is malformed.";
    Unauthenticated "unauthenticated" 401 Some("WL016"), "The request has no valid API key.";
    Forbidden "forbidden" 403 Some("WL017"), "The API key does not allow this.";
    RouteNotFound "route_not_found" 404 None, "There is nothing at this path.";
    WalletNotFound "wallet_not_found" 404 Some("WL002"), "There is no such wallet.";
    UserNotFound "user_not_found" 404 Some("WL003"), "There is no such user.";
    TransferNotFound "transfer_not_found" 404 Some("WL004"), "There is no such transfer.";
    KeyNotFound "key_not_found" 404 Some("WL018"), "There is no such key.";
    HoldNotFound "hold_not_found" 404 Some("WL019"), "There is no such hold.";
    WebhookNotFound "webhook_not_found" 404 Some("WL026"), "There is no such webhook, or no such failure of it.";
    LedgerNotFound "ledger_not_found" 404 Some("WL009"), "There is no such ledger.";
    MethodNotAllowed "method_not_allowed" 405 None, "This path does not take this method.";
    RequestTimeout "request_timeout" 408 None, "Request timeout";
    RequestInProgress "request_in_progress" 409 None, "A request with this key is in progress.";
    FeedRestarted "feed_restarted" 409 None, "The log of events is another one than the reader's.";
    NotInLog "not_in_log" 409 Some("WL028"), "The transfer is not in the log yet.";
    BodyTooLarge "body_too_large" 413 None, "The body is too large.";
    UnsupportedMediaType "unsupported_media_type" 415 None, "The body must be application/json.";
    UnsupportedEncoding "unsupported_encoding" 415 None, "The body must not be encoded.";
    InvalidField "invalid_field" 422 Some("WL001"), "A field has a value that is not allowed.";
    IdempotencyKeyReused "idempotency_key_reused" 422 Some("WL005"), "The key belongs to another request.";
    SameWallet "same_wallet" 422 Some("WL006"), "Source and target are the same wallet.";
    CurrencyUnknown "currency_unknown" 422 Some("WL008"), "The currency is unknown.";
    BalanceLimitExceeded "balance_limit_exceeded" 422 Some("WL010"), "A balance would leave ±(2^53 − 1).";
    InsufficientFunds "insufficient_funds" 422 Some("WL012"), "The source has not enough funds.";
    WalletFrozen "wallet_frozen" 422 Some("WL013"), "A wallet of the transfer is frozen.";
    CurrencyMismatch "currency_mismatch" 422 Some("WL014"), "The currencies differ.";
    LimitExceeded "limit_exceeded" 422 Some("WL015"), "A limit of the source would be exceeded.";
    HoldClosed "hold_closed" 422 Some("WL020"), "The hold is closed.";
    HoldExceeded "hold_exceeded" 422 Some("WL021"), "The hold does not have so much.";
    NotReversible "not_reversible" 422 Some("WL022"), "This cannot be reversed.";
    ReversalExceeded "reversal_exceeded" 422 Some("WL023"), "Not so much is left of the transfer to reverse.";
    ConditionFailed "condition_failed" 422 Some("WL024"), "A condition of the request is not met.";
    GroupRefused "group_refused" 422 Some("WL025"), "Another leg of the group was refused.";
    TooManyReaders "too_many_readers" 429 None, "This key has too many readers that wait for events.";
    TooManyWebhooks "too_many_webhooks" 422 Some("WL027"), "The ledger has as many webhooks as it may have.";
    WalletBusy "wallet_busy" 503 Some("WL007"), "Another session holds what the request needs.";
    Overloaded "overloaded" 503 None, "There are more requests than can be served.";
    DatabaseUnavailable "database_unavailable" 503 None, "The database does not answer.";
    Stopping "stopping" 503 None, "The server is about to end.";
    InternalError "internal_error" 500 None, "Something went wrong inside.";
}

/// The codes of what nginx answers itself, in `nginx/nginx.conf.template`, and the server never.
pub const OF_NGINX: [&str; 7] = [
    "malformed_request",
    "uri_too_long",
    "rate_limited",
    "headers_too_large",
    "bad_gateway",
    "unavailable",
    "gateway_timeout",
];

/// Whether a client may hear a code, from the server or from nginx.
pub fn is_told(code: &str) -> bool {
    OF_NGINX.contains(&code) || Code::ALL.iter().any(|known| known.name() == code)
}

impl Code {
    /// After how many seconds it makes sense to try again, if it does.
    pub fn retry_after_s(self) -> Option<u32> {
        let may_change = matches!(
            self,
            Self::RequestInProgress | Self::NotInLog | Self::TooManyReaders
        );
        (may_change || self.status() == 503).then_some(1)
    }

    fn of_sqlstate(sqlstate: &str) -> Option<Self> {
        let is_same = |code: &&Self| code.sqlstate() == Some(sqlstate);
        Self::ALL.iter().find(is_same).copied()
    }

    /// The problem that an outcome is, by its word, unless the transfer is posted.
    pub fn of_outcome(outcome: TransferOutcome) -> Option<Self> {
        let word = <&str>::from(outcome);
        Self::ALL.iter().find(|code| code.name() == word).copied()
    }
}

/// One problem, as the client will see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub code: Code,
    /// What a person can do about it. Never repeats what the request holds.
    pub detail: String,
    /// A JSON pointer (RFC 6901) to the member of the body.
    pub pointer: Option<String>,
    /// The stored transfer that this is the answer of.
    pub transfer_id: Option<Uuid>,
    /// What the problem tells beyond that.
    pub more: Option<Box<More>>,
    /// For `method_not_allowed`.
    pub allow: Option<&'static str>,
    /// For `unauthenticated`: not even a bad key was sent.
    pub is_anonymous: bool,
    /// The inside of the error, for the log alone.
    pub cause: Option<String>,
}

impl Problem {
    /// A problem of the request as a whole.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            pointer: None,
            transfer_id: None,
            more: None,
            allow: None,
            is_anonymous: false,
            cause: None,
        }
    }

    /// The same with what the log should say of it.
    pub fn because(self, cause: impl Into<String>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..self
        }
    }

    /// A problem of one member of the body, which the pointer names in the spelling of RFC 6901.
    pub fn at(code: Code, field: &str, detail: impl Into<String>) -> Self {
        let field = field.replace('~', "~0").replace('/', "~1");
        Self {
            pointer: Some(format!("/{field}")),
            ..Self::new(code, detail)
        }
    }

    /// The same of an item of an array in the body.
    pub fn within(self, array: &str, place: usize) -> Self {
        let member = self.pointer.unwrap_or_default();
        Self {
            pointer: Some(format!("/{array}/{place}{member}")),
            ..self
        }
    }

    /// What `WWW-Authenticate` says with it (RFC 6750, section 3).
    pub fn challenge(&self) -> Option<&'static str> {
        match self.code {
            Code::Unauthenticated if self.is_anonymous => Some(r#"Bearer realm="remit""#),
            Code::Unauthenticated => Some(r#"Bearer realm="remit", error="invalid_token""#),
            Code::Forbidden => Some(r#"Bearer realm="remit", error="insufficient_scope""#),
            _ => None,
        }
    }

    /// The body, for the request with this id.
    pub fn to_json(&self, request_id: &str) -> Vec<u8> {
        #[derive(Serialize)]
        struct Body<'a> {
            r#type: String,
            title: &'a str,
            status: u16,
            detail: &'a str,
            code: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            sqlstate: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            pointer: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            transfer_id: Option<Uuid>,
            #[serde(flatten)]
            more: Option<&'a More>,
            request_id: &'a str,
        }
        serde_json::to_vec(&Body {
            r#type: format!("/problems/{}", self.code.name()),
            title: self.code.title(),
            status: self.code.status(),
            detail: &self.detail,
            code: self.code.name(),
            sqlstate: self.code.sqlstate(),
            pointer: self.pointer.as_deref(),
            transfer_id: self.transfer_id,
            more: self.more.as_deref(),
            request_id,
        })
        .expect("strings and numbers always serialize")
    }
}

/// The key is not valid: it never was, it was revoked, or it has expired. The answer does not say
/// which.
pub fn unauthenticated() -> Problem {
    Problem::new(
        Code::Unauthenticated,
        "Send a valid API key: Authorization: Bearer remit_….",
    )
}

/// There is no key at all.
pub fn anonymous() -> Problem {
    Problem {
        is_anonymous: true,
        ..unauthenticated()
    }
}

/// The key's scope is too narrow.
pub fn forbidden() -> Problem {
    Problem::new(Code::Forbidden, "This needs a key of another scope.")
}

/// Another request with the same id held that id for the whole `lock_timeout`.
pub fn in_progress() -> Problem {
    Problem::new(
        Code::RequestInProgress,
        "Wait for the answer to the first request, or try again.",
    )
}

/// A wallet, or what else the request needs, stayed locked.
pub fn busy() -> Problem {
    Problem::new(
        Code::WalletBusy,
        "Nothing was written. Try again with the same key.",
    )
}

/// The database is away.
pub fn unavailable() -> Problem {
    Problem::new(
        Code::DatabaseUnavailable,
        "Try again with the same key: it is safe, whether or not the first attempt was carried out.",
    )
}

/// What a failure means for a request that makes another thing each time. `advice` tells the client
/// how to find out what became of it.
pub fn unrepeatable(failure: Failure, advice: &str) -> Problem {
    match failure {
        Failure::Unavailable(_) => Problem {
            detail: format!("Whether it was carried out is not known. {advice}"),
            ..Problem::from(failure)
        },
        _ => failure.into(),
    }
}

/// Nothing that a client could mend.
pub fn internal(cause: impl Into<String>) -> Problem {
    let detail = "The log has the cause under the request id.";
    Problem::new(Code::InternalError, detail).because(cause)
}
