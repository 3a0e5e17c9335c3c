//! What a client asks for beyond one transfer: holds and what is done to them, reversals, groups
//! and bulks.

use hyper::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::http::Call;
use crate::model::transfer_id;

/// One thing that money does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    Transfer {
        source_id: Uuid,
        target_id: Uuid,
        amount: i64,
    },
    Hold {
        source_id: Uuid,
        target_id: Option<Uuid>,
        amount: i64,
        expires_in: Option<i64>,
    },
    Capture {
        hold_id: Uuid,
        target_id: Uuid,
        /// None: all that remains.
        amount: Option<i64>,
        is_final: bool,
        may_exceed: bool,
    },
    /// To a new total, a new end or both.
    Adjustment {
        hold_id: Uuid,
        amount: Option<i64>,
        expires_in: Option<i64>,
    },
    Release {
        hold_id: Uuid,
    },
    Reversal {
        transfer_id: Uuid,
        /// None: all that is left.
        amount: Option<i64>,
    },
}

impl Deed {
    /// The word for it; none for a transfer.
    pub fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Transfer { .. } => None,
            Self::Hold { .. } => Some("hold"),
            Self::Capture { .. } => Some("capture"),
            Self::Adjustment { .. } => Some("adjustment"),
            Self::Release { .. } => Some("release"),
            Self::Reversal { .. } => Some("reversal"),
        }
    }

    /// The hold, or the transfer that is reversed.
    pub fn subject(&self) -> Option<Uuid> {
        match self {
            Self::Transfer { .. } | Self::Hold { .. } => None,
            Self::Capture { hold_id, .. }
            | Self::Adjustment { hold_id, .. }
            | Self::Release { hold_id } => Some(*hold_id),
            Self::Reversal { transfer_id, .. } => Some(*transfer_id),
        }
    }

    /// The source, where it is named.
    pub fn source(&self) -> Option<Uuid> {
        match self {
            Self::Transfer { source_id, .. } | Self::Hold { source_id, .. } => Some(*source_id),
            _ => None,
        }
    }

    /// What is asked for. None: what there is.
    pub fn amount(&self) -> Option<i64> {
        match self {
            Self::Transfer { amount, .. } | Self::Hold { amount, .. } => Some(*amount),
            Self::Capture { amount, .. }
            | Self::Adjustment { amount, .. }
            | Self::Reversal { amount, .. } => *amount,
            Self::Release { .. } => None,
        }
    }

    fn path(&self) -> String {
        match self {
            Self::Transfer { .. } => "/transfers".to_owned(),
            Self::Hold { .. } => "/holds".to_owned(),
            Self::Capture { hold_id, .. } => format!("/holds/{hold_id}/captures"),
            Self::Adjustment { hold_id, .. } => format!("/holds/{hold_id}/adjustments"),
            Self::Release { hold_id } => format!("/holds/{hold_id}/release"),
            Self::Reversal { transfer_id, .. } => format!("/transfers/{transfer_id}/reversals"),
        }
    }

    /// The members but for those that the path says.
    fn body(&self) -> Value {
        let mut body = match self {
            Self::Transfer {
                source_id,
                target_id,
                ..
            } => json!({"source_id": source_id.to_string(), "target_id": target_id.to_string()}),
            Self::Hold {
                source_id,
                target_id,
                expires_in,
                ..
            } => json!({
                "source_id": source_id.to_string(), "target_id": target_id.map(|id| id.to_string()),
                "expires_in": expires_in,
            }),
            Self::Capture {
                target_id,
                is_final,
                may_exceed,
                ..
            } => json!({
                "target_id": target_id.to_string(), "final": is_final, "may_exceed": may_exceed,
            }),
            Self::Adjustment { expires_in, .. } => json!({"expires_in": expires_in}),
            Self::Release { .. } | Self::Reversal { .. } => json!({}),
        };
        body["amount"] = json!(self.amount());
        if let Some(body) = body.as_object_mut() {
            body.retain(|_, value| !value.is_null());
        }
        body
    }
}

/// What must be true of the wallets, or a transfer is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    SourceVersion(i64),
    SourceBalanceMin(i64),
    TargetBalanceMax(i64),
}

impl Condition {
    /// Its name and its value.
    pub fn said(self) -> (&'static str, i64) {
        match self {
            Self::SourceVersion(version) => ("source_version", version),
            Self::SourceBalanceMin(min) => ("source_balance_min", min),
            Self::TargetBalanceMax(max) => ("target_balance_max", max),
        }
    }
}

/// What a transfer asks for beyond itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wish {
    /// What there is will do, where that is less than the amount.
    pub at_most: bool,
    pub condition: Option<Condition>,
}

/// A deed under a key of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Of a leg, which has none, it is the id that follows from the group's.
    pub key: String,
    pub deed: Deed,
    pub wish: Wish,
}

impl Item {
    /// A deed and nothing more.
    pub fn new(key: String, deed: Deed) -> Self {
        Self {
            key,
            deed,
            wish: Wish::default(),
        }
    }

    /// The id of its row.
    pub fn id(&self) -> Uuid {
        transfer_id(&self.key)
    }

    fn body(&self) -> Value {
        let mut body = self.deed.body();
        if self.wish.at_most {
            body["at_most"] = json!(true);
        }
        if let Some((name, value)) = self.wish.condition.map(Condition::said) {
            body["if"] = json!({name: value});
        }
        body
    }

    /// A single request. The version that it expects is told as an entity tag.
    fn call(&self) -> Call {
        let path = self.deed.path();
        let Some(Condition::SourceVersion(version)) = self.wish.condition else {
            return Call::post(&path, &self.key, self.body());
        };
        let mut body = self.body();
        if let Some(body) = body.as_object_mut() {
            body.remove("if");
        }
        Call {
            if_match: Some(format!("\"{version}.0\"")),
            ..Call::post(&path, &self.key, body)
        }
    }

    /// As an item of a bulk or a leg of a group.
    fn member(&self) -> Value {
        let mut body = self.body();
        if let Some(kind) = self.deed.kind() {
            body["kind"] = json!(kind);
        }
        if let Some(subject) = self.deed.subject() {
            let name = match self.deed {
                Deed::Reversal { .. } => "reverses_id",
                _ => "hold_id",
            };
            body[name] = json!(subject.to_string());
        }
        body
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    One(Item),
    /// All or nothing, under one key.
    Group(String, Vec<Item>),
    /// Each with its own fate.
    Bulk(Vec<Item>),
}

impl Ask {
    /// What it asks for, in order.
    pub fn items(&self) -> &[Item] {
        match self {
            Self::One(item) => std::slice::from_ref(item),
            Self::Group(_, items) | Self::Bulk(items) => items,
        }
    }

    /// The same, to be filled in.
    pub fn items_mut(&mut self) -> &mut [Item] {
        match self {
            Self::One(item) => std::slice::from_mut(item),
            Self::Group(_, items) | Self::Bulk(items) => items,
        }
    }

    /// How HTTP says it.
    pub fn call(&self) -> Call {
        match self {
            Self::One(item) => item.call(),
            Self::Group(key, legs) => {
                let legs: Vec<_> = legs.iter().map(Item::member).collect();
                Call::post("/groups", key, json!({"legs": legs}))
            }
            Self::Bulk(items) => {
                let items = items.iter().map(|item| {
                    let mut body = item.member();
                    body["id"] = json!(item.key);
                    body
                });
                let items: Vec<_> = items.collect();
                Call {
                    method: Method::POST,
                    body: Some(json!({"transfers": items})),
                    ..Call::get("/transfers/bulk".to_owned())
                }
            }
        }
    }
}
