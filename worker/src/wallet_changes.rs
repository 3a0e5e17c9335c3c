//! What an event says about wallets, for the cache.

use postgres_types::Json;
use remit::redis::wallet_cache::{WalletChange, WalletRef};
use serde::Deserialize;
use uuid::Uuid;

use crate::contract::OutboxEvent;

/// What a posted transfer did to its wallets.
#[derive(Deserialize)]
struct Posted {
    source_id: Uuid,
    source_version: i64,
    source_balance: i64,
    target_id: Uuid,
    target_version: i64,
    target_balance: i64,
}

#[derive(Deserialize)]
struct StatusChange {
    status: String,
    status_version: i64,
}

/// The wallets that an event changed: source and target of a posted transfer, or the wallet that
/// was frozen or unfrozen. Empty for all other events.
pub fn of_event(event: &OutboxEvent) -> Vec<(WalletRef, WalletChange)> {
    match event.kind.as_str() {
        "transfer.posted" => data(event).map_or_else(Vec::new, |posted| entries(event, &posted)),
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
    let entry = |wallet_id, version, balance| {
        let change = WalletChange::entry(version, balance, event.created_at);
        ((event.ledger_id, wallet_id), change)
    };
    vec![
        entry(
            posted.source_id,
            posted.source_version,
            posted.source_balance,
        ),
        entry(
            posted.target_id,
            posted.target_version,
            posted.target_balance,
        ),
    ]
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
    use serde_json::value::to_raw_value;
    use serde_json::{Value, json};
    use time::OffsetDateTime;

    use super::*;

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
        let expected = [
            ((1, source), WalletChange::entry(4, -50, at)),
            ((1, target), WalletChange::entry(1, 50, at)),
        ];
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
