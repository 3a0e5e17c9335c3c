//! What an event says about wallets, for the cache.

use postgres_types::Json;
use remit::redis::wallet_cache::{EntryChange, WalletChange, WalletRef};
use remit::types::{Event, TransferResult};
use serde::Deserialize;
use time::OffsetDateTime;

#[derive(Deserialize)]
struct StatusChange {
    status: String,
    status_version: i64,
}

/// The wallets that an event changed: source and target of a posted transfer, the source of a hold,
/// or the wallet that was frozen or unfrozen. Empty for all other events.
pub fn of_event(event: &Event) -> Vec<(WalletRef, WalletChange)> {
    match (&event.transfer, event.kind.as_str()) {
        (Some(transfer), _) => entries(event, transfer),
        (None, "wallet.frozen" | "wallet.unfrozen") => {
            let data = event.data.as_ref();
            let change = data.and_then(|Json(data)| serde_json::from_str(data.get()).ok());
            change
                .map(|change| status(event, change))
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}

/// What a posted row of the journal did to its wallets. What changes a hold alone has no version of
/// the target, and a rejected row has none at all.
fn entries(event: &Event, transfer: &TransferResult) -> Vec<(WalletRef, WalletChange)> {
    let effect = transfer.effect.as_ref();
    let source = side(
        (transfer.source_version, transfer.source_balance),
        effect.map(|effect| (effect.source_held, effect.source_held_until)),
    );
    let target = side(
        (transfer.target_version, transfer.target_balance),
        effect.map(|effect| (effect.target_held, effect.target_held_until)),
    );
    let sides = [(transfer.source_id, source), (transfer.target_id, target)];
    let changes = sides.into_iter().filter_map(|(wallet_id, entry)| {
        let change = WalletChange::entry(entry?, event.created_at);
        Some(((event.ledger_id, wallet_id?), change))
    });
    changes.collect()
}

fn side(
    (version, balance): (Option<i64>, Option<i64>),
    held: Option<(Option<i64>, Option<OffsetDateTime>)>,
) -> Option<EntryChange> {
    let (held, held_until) = held.unwrap_or_default();
    Some(EntryChange {
        version: version?,
        balance: balance?,
        held: held.unwrap_or(0),
        held_until,
    })
}

fn status(event: &Event, change: StatusChange) -> (WalletRef, WalletChange) {
    let StatusChange {
        status,
        status_version,
    } = change;
    let change = WalletChange::status(status_version, status, event.created_at);
    ((event.ledger_id, event.subject_id), change)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::sample;

    #[test]
    fn a_posted_transfer_changes_source_and_target() {
        let versions = json!({
            "source_version": 4, "source_balance": -50, "target_version": 1, "target_balance": 50});
        let changes = of_event(&sample::transfer([1, 2], &versions));
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
        let (source, target) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let expected = [((1, source), change(4, -50)), ((1, target), change(1, 50))];
        assert_eq!(changes, expected);
    }

    #[test]
    fn a_freeze_changes_the_status() {
        let wallet = Uuid::from_u128(3);
        let data = json!({"status": "frozen", "status_version": 1});
        let changes = of_event(&sample::event("wallet.frozen", wallet, &data));
        let change = WalletChange::status(1, "frozen".to_owned(), OffsetDateTime::UNIX_EPOCH);
        assert_eq!(changes, [((1, wallet), change)]);
    }

    #[test]
    fn a_rejected_transfer_changes_nothing() {
        let members = json!({"outcome": "insufficient_funds"});
        assert!(of_event(&sample::transfer([1, 2], &members)).is_empty());
    }
}
