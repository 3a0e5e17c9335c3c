//! What an event says about wallets, for the cache.

use postgres_types::Json;
use remit::base::moment;
use remit::redis::wallet_cache::{EntryChange, WalletChange, WalletRef};
use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::contract::OutboxEvent;

/// What a posted row of the journal did to its wallets. What changes a hold alone has no version of
/// the target. What is held is left out where nothing is.
#[derive(Deserialize)]
struct Posted {
    source_id: Uuid,
    source_version: i64,
    source_balance: i64,
    #[serde(default)]
    source_held: i64,
    #[serde(default, with = "moment::option")]
    source_held_until: Option<OffsetDateTime>,
    target_id: Option<Uuid>,
    target_version: Option<i64>,
    target_balance: Option<i64>,
    #[serde(default)]
    target_held: i64,
    #[serde(default, with = "moment::option")]
    target_held_until: Option<OffsetDateTime>,
}

#[derive(Deserialize)]
struct StatusChange {
    status: String,
    status_version: i64,
}

/// The wallets that an event changed: source and target of a posted transfer, the source of a hold,
/// or the wallet that was frozen or unfrozen. Empty for all other events.
pub fn of_event(event: &OutboxEvent) -> Vec<(WalletRef, WalletChange)> {
    match event.kind.as_str() {
        "transfer.posted" | "hold.authorised" | "hold.adjusted" | "hold.released"
        | "hold.expired" => data(event).map_or_else(Vec::new, |posted| entries(event, &posted)),
        "wallet.frozen" | "wallet.unfrozen" => {
            let change = data(event).map(|change| status(event, change));
            change.into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn data<'a, T: Deserialize<'a>>(event: &'a OutboxEvent) -> Option<T> {
    let Json(data) = event.data.as_ref()?;
    serde_json::from_str(data.get()).ok()
}

fn entries(event: &OutboxEvent, posted: &Posted) -> Vec<(WalletRef, WalletChange)> {
    let entry = |wallet_id, entry| {
        let change = WalletChange::entry(entry, event.created_at);
        ((event.ledger_id, wallet_id), change)
    };
    let source = EntryChange {
        version: posted.source_version,
        balance: posted.source_balance,
        held: posted.source_held,
        held_until: posted.source_held_until,
    };
    let versions = posted.target_version.zip(posted.target_balance);
    let target = versions.map(|(version, balance)| EntryChange {
        version,
        balance,
        held: posted.target_held,
        held_until: posted.target_held_until,
    });
    let target = posted.target_id.zip(target);
    let target = target.map(|(wallet_id, change)| entry(wallet_id, change));
    [entry(posted.source_id, source)]
        .into_iter()
        .chain(target)
        .collect()
}

fn status(event: &OutboxEvent, change: StatusChange) -> (WalletRef, WalletChange) {
    let StatusChange {
        status,
        status_version,
    } = change;
    let change = WalletChange::status(status_version, status, event.created_at);
    ((event.ledger_id, event.subject_id), change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::to_raw_value;
    use serde_json::{Value, json};

    fn event(kind: &str, data: Value) -> OutboxEvent {
        OutboxEvent {
            ledger_id: 1,
            id: 1,
            event_id: Uuid::new_v4(),
            kind: kind.to_owned(),
            subject_id: Uuid::from_u128(3),
            request_id: None,
            data: Some(Json(to_raw_value(&data).expect("it is JSON"))),
            created_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_posted_transfer_changes_source_and_target() {
        let (source, target) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let changes = of_event(&event(
            "transfer.posted",
            json!({
                "source_id": source.to_string(), "source_version": 4, "source_balance": -50,
                "target_id": target.to_string(), "target_version": 1, "target_balance": 50,
            }),
        ));
        let at = OffsetDateTime::UNIX_EPOCH;
        let change = |version, balance| {
            let entry = EntryChange {
                version,
                balance,
                held: 0,
                held_until: None,
            };
            WalletChange::entry(entry, at)
        };
        let expected = [((1, source), change(4, -50)), ((1, target), change(1, 50))];
        assert_eq!(changes, expected);
    }

    #[test]
    fn a_freeze_changes_the_status() {
        let changes = of_event(&event(
            "wallet.frozen",
            json!({"status": "frozen", "status_version": 1}),
        ));
        let change = WalletChange::status(1, "frozen".to_owned(), OffsetDateTime::UNIX_EPOCH);
        assert_eq!(changes, [((1, Uuid::from_u128(3)), change)]);
    }

    #[test]
    fn a_rejected_transfer_changes_nothing() {
        assert!(of_event(&event("transfer.rejected", json!({"source_version": null}))).is_empty());
    }
}
