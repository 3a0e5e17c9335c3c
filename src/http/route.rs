//! From method and path to a route. Pure: no request, no state.

use std::borrow::Cow;

use hyper::Method;
use percent_encoding::percent_decode_str;
use strum::{IntoStaticStr, VariantNames};
use uuid::Uuid;

use crate::base::number::parse_number;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::problem::{self, Code, Problem};
use crate::types::{parse_ledger_id, parse_uuid};

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Route {
    UserCreate,
    UserGet(Uuid),
    WalletList(Uuid),
    WalletCreate,
    WalletGet(Uuid),
    WalletFreeze(Uuid),
    WalletUnfreeze(Uuid),
    WalletLimitsGet(Uuid),
    WalletLimitsSet(Uuid),
    EntryList(Uuid),
    TransferCreate,
    TransferBulk,
    TransferGet(IdempotencyKey),
    TransferReverse(IdempotencyKey),
    HoldCreate,
    HoldGet(IdempotencyKey),
    HoldCapture(IdempotencyKey),
    HoldAdjust(IdempotencyKey),
    HoldRelease(IdempotencyKey),
    HoldList(Uuid),
    GroupCreate,
    GroupGet(IdempotencyKey),
    KeyCreate,
    KeyList,
    KeyRevoke(Uuid),
    LedgerCreate,
    LedgerGet(i64),
    EventList,
    EventStream,
    WebhookCreate,
    WebhookList,
    WebhookGet(Uuid),
    WebhookUpdate(Uuid),
    WebhookDelete(Uuid),
    WebhookRotate(Uuid),
    WebhookPing(Uuid),
    WebhookEnable(Uuid),
    WebhookReplay(Uuid),
    WebhookFailureList(Uuid),
    WebhookFailureRetry(Uuid, i64),
    Healthz,
    Readyz,
    Metrics,
    Root,
    Openapi,
    Asyncapi,
    Docs(&'static str),
}

type Found = Result<Route, Problem>;

/// What there is at a path, by method.
#[derive(Default)]
struct Place {
    get: Option<Found>,
    post: Option<Found>,
    put: Option<Found>,
    patch: Option<Found>,
    delete: Option<Found>,
}

impl Place {
    fn get(route: Found) -> Self {
        Self {
            get: Some(route),
            ..Self::default()
        }
    }

    fn post(route: Found) -> Self {
        Self {
            post: Some(route),
            ..Self::default()
        }
    }

    fn allowed(&self) -> &'static str {
        match self {
            Self {
                post: Some(_),
                get: Some(_),
                ..
            } => "GET, HEAD, POST",
            Self { put: Some(_), .. } => "GET, HEAD, PUT",
            Self { patch: Some(_), .. } => "GET, HEAD, PATCH, DELETE",
            Self { get: Some(_), .. } => "GET, HEAD",
            Self {
                delete: Some(_), ..
            } => "DELETE",
            _ => "POST",
        }
    }
}

impl Route {
    /// The route's name in metrics and logs.
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// Finds the route of a method and a path, without its query.
    ///
    /// # Errors
    /// 404, 405 with the methods that are allowed, or 400 for an id that is none.
    pub fn find(method: &Method, path: &str) -> Found {
        let place = Self::place(path).ok_or_else(not_found)?;
        let allowed = place.allowed();
        let found = match *method {
            Method::GET | Method::HEAD => place.get,
            Method::POST => place.post,
            Method::PUT => place.put,
            Method::PATCH => place.patch,
            Method::DELETE => place.delete,
            _ => None,
        };
        found.unwrap_or_else(|| Err(not_allowed(allowed)))
    }

    fn place(path: &str) -> Option<Place> {
        let segments = segments(path);
        let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
        if segments == [""] {
            return Some(Place::get(Ok(Self::Root)));
        }
        if segments.contains(&"") {
            return None;
        }
        Some(match segments[..] {
            ["users"] => Place::post(Ok(Self::UserCreate)),
            ["users", id] => Place::get(uuid(id).map(Self::UserGet)),
            ["users", id, "wallets"] => Place::get(uuid(id).map(Self::WalletList)),
            ["wallets"] => Place::post(Ok(Self::WalletCreate)),
            ["wallets" | "wallet", id] => Place::get(uuid(id).map(Self::WalletGet)),
            ["wallets", id, "entries"] => Place::get(uuid(id).map(Self::EntryList)),
            ["wallets", id, "freeze"] => Place::post(uuid(id).map(Self::WalletFreeze)),
            ["wallets", id, "unfreeze"] => Place::post(uuid(id).map(Self::WalletUnfreeze)),
            ["wallets", id, "limits"] => Place {
                put: Some(uuid(id).map(Self::WalletLimitsSet)),
                ..Place::get(uuid(id).map(Self::WalletLimitsGet))
            },
            ["transfers"] => Place::post(Ok(Self::TransferCreate)),
            ["transfers", key @ "bulk"] => Place {
                post: Some(Ok(Self::TransferBulk)),
                ..Place::get(of_key(key, Self::TransferGet))
            },
            ["transfers", key, "reversals"] => Place::post(of_key(key, Self::TransferReverse)),
            ["holds"] => Place::post(Ok(Self::HoldCreate)),
            ["holds", key] => Place::get(of_key(key, Self::HoldGet)),
            ["holds", key, "captures"] => Place::post(of_key(key, Self::HoldCapture)),
            ["holds", key, "adjustments"] => Place::post(of_key(key, Self::HoldAdjust)),
            ["holds", key, "release"] => Place::post(of_key(key, Self::HoldRelease)),
            ["wallets", id, "holds"] => Place::get(uuid(id).map(Self::HoldList)),
            ["groups"] => Place::post(Ok(Self::GroupCreate)),
            ["groups", key] => Place::get(of_key(key, Self::GroupGet)),
            ["transfers", key] => Place::get(of_key(key, Self::TransferGet)),
            ["keys"] => Place {
                post: Some(Ok(Self::KeyCreate)),
                ..Place::get(Ok(Self::KeyList))
            },
            ["keys", id] => Place {
                delete: Some(uuid(id).map(Self::KeyRevoke)),
                ..Place::default()
            },
            ["ledgers"] => Place::post(Ok(Self::LedgerCreate)),
            ["ledgers", id] => Place::get(ledger_id(id).map(Self::LedgerGet)),
            ["events"] => Place::get(Ok(Self::EventList)),
            ["events", "stream"] => Place::get(Ok(Self::EventStream)),
            ["webhooks", ref rest @ ..] => Self::webhook_place(rest)?,
            ["healthz"] => Place::get(Ok(Self::Healthz)),
            ["readyz"] => Place::get(Ok(Self::Readyz)),
            ["metrics"] => Place::get(Ok(Self::Metrics)),
            ["openapi.json"] => Place::get(Ok(Self::Openapi)),
            ["asyncapi.json"] => Place::get(Ok(Self::Asyncapi)),
            ["docs"] => Place::get(Ok(Self::Docs("index.html"))),
            // The type of every problem is a path; the page opens at its code.
            ["problems", code] if problem::is_told(code) => {
                Place::get(Ok(Self::Docs("index.html")))
            }
            ["docs", name] => {
                let asset = crate::http::docs::asset(name)?;
                Place::get(Ok(Self::Docs(asset.name)))
            }
            _ => return None,
        })
    }

    /// What there is below `/webhooks`.
    fn webhook_place(segments: &[&str]) -> Option<Place> {
        Some(match *segments {
            [] => Place {
                post: Some(Ok(Self::WebhookCreate)),
                ..Place::get(Ok(Self::WebhookList))
            },
            [id] => Place {
                patch: Some(uuid(id).map(Self::WebhookUpdate)),
                delete: Some(uuid(id).map(Self::WebhookDelete)),
                ..Place::get(uuid(id).map(Self::WebhookGet))
            },
            [id, "rotate"] => Place::post(uuid(id).map(Self::WebhookRotate)),
            [id, "ping"] => Place::post(uuid(id).map(Self::WebhookPing)),
            [id, "enable"] => Place::post(uuid(id).map(Self::WebhookEnable)),
            [id, "replay"] => Place::post(uuid(id).map(Self::WebhookReplay)),
            [id, "failures"] => Place::get(uuid(id).map(Self::WebhookFailureList)),
            [id, "failures", position, "retry"] => {
                let route = |id| Ok(Self::WebhookFailureRetry(id, number(position)?));
                Place::post(uuid(id).and_then(route))
            }
            _ => return None,
        })
    }
}

/// Whether a path is open to all. About any other path a client without a key learns nothing, not
/// even whether it exists.
pub fn is_public(path: &str) -> bool {
    let segments = segments(path);
    let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
    matches!(
        segments[..],
        ["" | "healthz" | "readyz" | "openapi.json" | "asyncapi.json" | "docs"]
            | ["docs" | "problems", _]
    )
}

/// The segments of a path, decoded: `%31` and `1` are the same (RFC 3986, section 6.2.2.2). Bytes
/// that are not UTF-8 become U+FFFD, which no name and no id has.
fn segments(path: &str) -> Vec<Cow<'_, str>> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let decode = |segment| percent_decode_str(segment).decode_utf8_lossy();
    path.split('/').map(decode).collect()
}

fn of_key(segment: &str, route: fn(IdempotencyKey) -> Route) -> Found {
    IdempotencyKey::of_path(segment).map(route)
}

fn ledger_id(text: &str) -> Result<i64, Problem> {
    let rule = "A ledger's id is a positive integer such as 1.";
    parse_ledger_id(text).ok_or_else(|| Problem::new(Code::MalformedId, rule))
}

fn number(text: &str) -> Result<i64, Problem> {
    let rule = "A position is a positive integer such as 1.";
    let position = parse_number(text).filter(|position| *position > 0);
    position.ok_or_else(|| Problem::new(Code::MalformedId, rule))
}

fn uuid(text: &str) -> Result<Uuid, Problem> {
    let rule = "An id is a UUID such as 018f4e9c-7d3b-4c55-9a7e-2f1d3c4b5a69.";
    parse_uuid(text).ok_or_else(|| Problem::new(Code::MalformedId, rule))
}

fn not_found() -> Problem {
    Problem::new(Code::RouteNotFound, "GET /docs lists the paths.")
}

fn not_allowed(allow: &'static str) -> Problem {
    Problem {
        allow: Some(allow),
        ..Problem::new(Code::MethodNotAllowed, format!("Allowed: {allow}."))
    }
}

#[cfg(test)]
mod tests;
