//! What a request asks beyond source, target and amount, and what is done to it by hand.

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::call::TransferRequest;

/// What a row of the journal is, where it is no transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    Hold,
    Capture,
    Adjustment,
    Release,
    Expiry,
    Reversal,
}

impl Verb {
    /// Whether it is about a hold that there is.
    pub fn is_about_a_hold(self) -> bool {
        matches!(self, Self::Capture | Self::Adjustment | Self::Release)
    }
}

/// `remit_v1.transfer_terms`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Terms {
    pub kind: Option<Verb>,
    pub subject_id: Option<Uuid>,
    pub is_final: Option<bool>,
    pub may_exceed: Option<bool>,
    pub at_most: Option<bool>,
    /// A time, or the name of one.
    pub expires_at: Option<String>,
    pub expires_in: Option<i32>,
    pub group_id: Option<Uuid>,
    pub group_place: Option<i32>,
    pub group_size: Option<i32>,
    pub source_version: Option<i64>,
    pub source_balance_min: Option<i64>,
    pub target_balance_max: Option<i64>,
}

impl Terms {
    pub fn about(kind: Verb, subject: Uuid) -> Self {
        Self {
            kind: Some(kind),
            subject_id: Some(subject),
            ..Self::default()
        }
    }
}

/// Requests in the form of `$1->'requests'` and `$1->'terms'`, which is null where none has any.
pub fn arguments<'a>(
    asks: impl Iterator<Item = (&'a TransferRequest, &'a Option<Terms>)> + Clone,
) -> [Value; 2] {
    let requests: Vec<_> = asks.clone().map(|(request, _)| request).collect();
    let terms: Vec<_> = asks.map(|(_, terms)| terms).collect();
    let have_terms = terms.iter().any(|terms| terms.is_some());
    [
        json!(requests),
        if have_terms {
            json!(terms)
        } else {
            Value::Null
        },
    ]
}

/// The expression of an array of requests.
pub const REQUESTS: &str = "array(select r from jsonb_populate_recordset(null::remit_v1.transfer_request, $1->'requests') r)";
/// The expression of an array of terms, or null.
pub const TERMS: &str = "case when jsonb_typeof($1->'terms') = 'array' then
    array(select jsonb_populate_record(null::remit_v1.transfer_terms, nullif(t, 'null'))
            from jsonb_array_elements($1->'terms') with ordinality as t (t, place) order by place) end";
const KEY: &str = "decode($1->>'key', 'hex')";
const REQUEST: &str = "jsonb_populate_record(null::remit_v1.transfer_request, $1->'request')";

/// The statement that makes one request by hand. A function that cannot say it all is not used.
pub fn by_hand(request: &TransferRequest, terms: Option<&Terms>) -> String {
    let field = |of: &str, name: &str, of_type: &str| format!("($1->'{of}'->>'{name}')::{of_type}");
    let asked = |name: &str, of_type: &str| field("request", name, of_type);
    let term = |name: &str, of_type: &str| field("terms", name, of_type);
    let metadata = "nullif($1->'request'->'metadata', 'null')".to_owned();
    let until = term("expires_at", "timestamptz");
    let within = term("expires_in", "integer");
    let (id, subject) = (asked("id", "uuid"), term("subject_id", "uuid"));
    let [amount, reference] = [asked("amount", "bigint"), asked("reference", "text")];
    let [source, target] = [asked("source_id", "uuid"), asked("target_id", "uuid")];
    let verb = terms
        .filter(|terms| fits(request, terms))
        .and_then(|terms| terms.kind);
    let (function, parameters) = match verb {
        Some(Verb::Hold) => (
            "hold_create",
            vec![
                id,
                source,
                amount,
                target,
                asked("currency", "text"),
                until,
                within,
                reference,
                metadata,
            ],
        ),
        Some(Verb::Capture) => (
            "hold_capture",
            vec![
                id,
                subject,
                amount,
                target,
                term("is_final", "boolean"),
                term("may_exceed", "boolean"),
                reference,
                metadata,
            ],
        ),
        Some(Verb::Adjustment) => (
            "hold_adjust",
            vec![id, subject, amount, until, within, reference],
        ),
        Some(Verb::Release) => ("hold_release", vec![id, subject, reference]),
        Some(Verb::Reversal) => (
            "transfer_reverse",
            vec![
                id,
                subject,
                amount,
                term("at_most", "boolean"),
                reference,
                metadata,
            ],
        ),
        Some(Verb::Expiry) | None => {
            return format!(
                "select * from remit_v1.transfer_create(($1->>'ledger')::bigint, {REQUEST}, {KEY},
                 case when jsonb_typeof($1->'terms') = 'object'
                      then jsonb_populate_record(null::remit_v1.transfer_terms, $1->'terms') end)"
            );
        }
    };
    let parameters = parameters.join(", ");
    format!("select * from remit_v1.{function}(($1->>'ledger')::bigint, {parameters}, {KEY})")
}

/// Whether the function of its kind has a parameter for all that it asks.
fn fits(request: &TransferRequest, terms: &Terms) -> bool {
    let mut said = Terms {
        kind: terms.kind,
        ..Terms::default()
    };
    let is_hold = terms.kind == Some(Verb::Hold);
    let is_change = matches!(terms.kind, Some(Verb::Adjustment | Verb::Release));
    if !is_hold {
        said.subject_id = terms.subject_id;
    }
    match terms.kind {
        Some(Verb::Hold | Verb::Adjustment) => {
            said.expires_at.clone_from(&terms.expires_at);
            said.expires_in = terms.expires_in;
        }
        Some(Verb::Capture) => {
            said.is_final = terms.is_final;
            said.may_exceed = terms.may_exceed;
        }
        Some(Verb::Reversal) => said.at_most = terms.at_most,
        _ => {}
    }
    said == *terms
        && request.request_id.is_none()
        && (is_hold || request.source_id.is_none() && request.currency.is_none())
        && !(is_change && (request.metadata.is_some() || request.target_id.is_some()))
        && !(terms.kind == Some(Verb::Release) && request.amount.is_some())
        && !(terms.kind == Some(Verb::Reversal) && request.target_id.is_some())
}
