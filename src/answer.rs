//! What handlers answer.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use hyper::{HeaderMap, Response, StatusCode};
use serde::{Serialize, Serializer};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::contract::{Entry, TransferOutcome, TransferResult, UserResult, WalletResult};
use crate::problem::Problem;

mod administration;

pub use administration::*;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A status, headers and a body.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// 200 with a JSON body.
    pub fn ok(body: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, to_json(body))
    }

    /// 201 with a JSON body and the place of what was created.
    pub fn created(location: &str, body: impl Into<Bytes>) -> Self {
        let mut answer = Self::json(StatusCode::CREATED, body);
        let location = HeaderValue::from_str(location).expect("paths of routes and ids are ASCII");
        answer.headers.insert(LOCATION, location);
        answer
    }

    /// 204.
    pub fn no_content() -> Self {
        let mut answer = Self::json(StatusCode::NO_CONTENT, Bytes::new());
        answer.headers.remove(CONTENT_TYPE);
        answer
    }

    /// A JSON body that is ready.
    pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Self {
        // Balances and transfers belong to the caller, not to caches on the way.
        let mut answer = Self::bytes(JSON, body);
        answer.status = status;
        answer
            .headers
            .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
    }

    /// 200 with any body.
    pub fn bytes(content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type);
        Self {
            status: StatusCode::OK,
            headers,
            body: body.into(),
        }
    }

    /// A problem, for the request with this id.
    pub fn problem(problem: &Problem, request_id: &str) -> Self {
        let mut answer = Self::problem_json(problem.code.status(), problem.to_json(request_id));
        if let Some(seconds) = problem.code.retry_after_s() {
            answer
                .headers
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(allow) = problem.allow {
            answer
                .headers
                .insert(ALLOW, HeaderValue::from_static(allow));
        }
        if let Some(challenge) = problem.challenge() {
            answer
                .headers
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        answer
    }

    /// A problem's body that is ready.
    pub fn problem_json(status: u16, body: impl Into<Bytes>) -> Self {
        let status = StatusCode::from_u16(status).expect("the table of problems has good statuses");
        let mut answer = Self::json(status, body);
        answer.headers.insert(CONTENT_TYPE, PROBLEM_JSON);
        answer
    }

    /// Marks the answer as one that was given before.
    pub fn replayed(mut self, is_replay: bool) -> Self {
        if is_replay {
            self.headers
                .insert(REPLAYED, HeaderValue::from_static("true"));
        }
        self
    }

    /// Adds a header.
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// As hyper wants it.
    pub fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// Serializes a body.
pub fn to_json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("bodies are strings, numbers and maps with string keys")
}

/// A user's body.
pub fn user(user: &UserResult) -> Vec<u8> {
    #[derive(Serialize)]
    struct Body<'a> {
        id: Uuid,
        name: &'a str,
        email: Option<&'a str>,
        reference: Option<&'a str>,
        metadata: &'a Value,
        #[serde(serialize_with = "rfc3339")]
        created_at: OffsetDateTime,
    }
    to_json(&Body {
        id: user.id,
        name: &user.name,
        email: user.email.as_deref(),
        reference: user.reference.as_deref(),
        metadata: &user.metadata,
        created_at: user.created_at,
    })
}

/// A wallet's body. Amounts are minor units.
#[derive(Serialize)]
pub struct WalletBody<'a> {
    id: Uuid,
    user_id: Option<Uuid>,
    currency: &'a str,
    balance: i64,
    available: i64,
    floor: Option<i64>,
    status: &'static str,
    version: i64,
    reference: Option<&'a str>,
    metadata: &'a Value,
    #[serde(serialize_with = "rfc3339")]
    created_at: OffsetDateTime,
    #[serde(serialize_with = "rfc3339")]
    updated_at: OffsetDateTime,
}

impl<'a> From<&'a WalletResult> for WalletBody<'a> {
    fn from(wallet: &'a WalletResult) -> Self {
        Self {
            id: wallet.id,
            user_id: wallet.user_id,
            currency: &wallet.currency,
            balance: wallet.balance,
            available: wallet.balance - wallet.held,
            floor: wallet.floor,
            status: wallet.status.name(),
            version: wallet.version,
            reference: wallet.reference.as_deref(),
            metadata: &wallet.metadata,
            created_at: wallet.created_at,
            updated_at: wallet.updated_at,
        }
    }
}

/// A wallet's entity tag: it grows with every change, be it an entry or a change of status.
pub fn wallet_etag(wallet: &WalletResult) -> HeaderValue {
    let tag = format!("\"{}\"", wallet.version + wallet.status_version);
    HeaderValue::from_str(&tag).expect("digits in quotes are ASCII")
}

/// A transfer's body. Amounts are minor units.
pub fn transfer(transfer: &TransferResult) -> Vec<u8> {
    #[derive(Serialize)]
    struct Body<'a> {
        id: Option<Uuid>,
        status: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'a str>,
        source_id: Option<Uuid>,
        target_id: Option<Uuid>,
        amount: Option<i64>,
        currency: Option<&'a str>,
        source_balance: Option<i64>,
        source_version: Option<i64>,
        reference: Option<&'a str>,
        metadata: &'a Value,
        #[serde(serialize_with = "optional_rfc3339")]
        created_at: Option<OffsetDateTime>,
    }
    let is_posted = transfer.outcome == TransferOutcome::Posted;
    let reason = crate::problem::Code::of_outcome(transfer.outcome).map(crate::problem::Code::name);
    to_json(&Body {
        id: transfer.id,
        status: if is_posted { "posted" } else { "rejected" },
        reason,
        source_id: transfer.source_id,
        target_id: transfer.target_id,
        amount: transfer.amount,
        currency: transfer.currency.as_deref(),
        source_balance: transfer.source_balance,
        source_version: transfer.source_version,
        reference: transfer.reference.as_deref(),
        metadata: &transfer.metadata,
        created_at: transfer.created_at,
    })
}

/// An entry's body. Amounts are minor units.
#[derive(Serialize)]
pub struct EntryBody<'a> {
    transfer_id: Uuid,
    version: i64,
    amount: i64,
    balance: i64,
    counterparty_id: Uuid,
    reference: Option<&'a str>,
    #[serde(serialize_with = "rfc3339")]
    created_at: OffsetDateTime,
}

impl<'a> From<&'a Entry> for EntryBody<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self {
            transfer_id: entry.transfer_id,
            version: entry.version,
            amount: entry.amount,
            balance: entry.balance,
            counterparty_id: entry.counterparty_id,
            reference: entry.reference.as_deref(),
            created_at: entry.created_at,
        }
    }
}

fn rfc3339<S: Serializer>(moment: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    let text = moment.format(&Rfc3339).map_err(serde::ser::Error::custom)?;
    serializer.serialize_str(&text)
}

fn optional_rfc3339<S: Serializer>(
    moment: &Option<OffsetDateTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match moment {
        Some(moment) => rfc3339(moment, serializer),
        None => serializer.serialize_none(),
    }
}
