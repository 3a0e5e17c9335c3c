//! What the journal should make of wallets: a model that shares no code with Remit.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A row of the journal.
#[derive(Debug, Clone)]
pub struct JournalRow {
    pub id: Uuid,
    pub outcome: String,
    pub source_id: Uuid,
    /// None: a hold without a target.
    pub target_id: Option<Uuid>,
    /// None: a rejected one that asked for all the rest.
    pub amount: Option<i64>,
    pub currency: String,
    pub source_version: Option<i64>,
    pub source_balance: Option<i64>,
    pub target_version: Option<i64>,
    pub target_balance: Option<i64>,
    pub reference: Option<String>,
    pub metadata: Value,
    pub request_id: Option<String>,
    /// Microseconds since 1970.
    pub created_at_us: i64,
    /// What was asked beyond a transfer, and what it left held; null where it is none of that.
    pub terms: Value,
    pub amount_asked: Option<i64>,
    pub effect: Value,
}

impl JournalRow {
    /// None: a transfer.
    pub fn kind(&self) -> Option<&str> {
        self.terms["kind"].as_str()
    }

    /// The hold, or the transfer that is reversed.
    pub fn subject(&self) -> Option<Uuid> {
        self.terms["subject_id"].as_str()?.parse().ok()
    }

    /// Whether it is about a hold.
    pub fn is_of_hold(&self) -> bool {
        self.kind().is_some_and(|kind| kind != "reversal")
    }

    /// What it takes from its source: what changes a hold alone moves nothing.
    pub fn moved(&self) -> i64 {
        let is_still = matches!(
            self.kind(),
            Some("hold" | "adjustment" | "release" | "expiry")
        );
        self.amount.filter(|_| !is_still).unwrap_or(0)
    }

    /// Whether money moves, so that the target has an entry too.
    pub fn moves(&self) -> bool {
        self.moved() > 0
    }

    /// Whether money moved.
    pub fn is_posted(&self) -> bool {
        self.outcome == "posted"
    }

    /// The version that it gave to one of its wallets.
    pub fn version_of(&self, wallet_id: Uuid) -> Option<i64> {
        match wallet_id {
            id if id == self.source_id => self.source_version,
            id if Some(id) == self.target_id => self.target_version,
            _ => None,
        }
    }
}

/// What a posted transfer did to one of its wallets.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub transfer_id: Uuid,
    pub version: i64,
    /// Signed.
    pub amount: i64,
    /// As the journal has them, after the entry.
    pub balance: i64,
    pub held: i64,
    pub created_at_us: i64,
}

/// The entries of each wallet, in order of version.
pub struct Model {
    entries: HashMap<Uuid, Vec<Entry>>,
}

impl Model {
    /// Reads a journal.
    pub fn of(journal: &BTreeMap<Uuid, JournalRow>) -> Self {
        let mut entries: HashMap<Uuid, Vec<Entry>> = HashMap::new();
        for row in journal.values().filter(|row| row.is_posted()) {
            let sides = [
                (
                    Some(row.source_id),
                    -row.moved(),
                    row.source_version,
                    row.source_balance,
                    &row.effect["source_held"],
                ),
                (
                    row.target_id.filter(|_| row.moves()),
                    row.moved(),
                    row.target_version,
                    row.target_balance,
                    &row.effect["target_held"],
                ),
            ];
            for (wallet_id, amount, version, balance, held) in sides {
                let Some(wallet_id) = wallet_id else {
                    continue;
                };
                entries.entry(wallet_id).or_default().push(Entry {
                    transfer_id: row.id,
                    // No version is an error that the gap in the others will show.
                    version: version.unwrap_or(0),
                    amount,
                    balance: balance.unwrap_or(i64::MIN),
                    held: held.as_i64().unwrap_or(0),
                    created_at_us: row.created_at_us,
                });
            }
        }
        for list in entries.values_mut() {
            list.sort_by_key(|entry| (entry.version, entry.transfer_id));
        }
        Self { entries }
    }

    /// A wallet's entries.
    pub fn entries(&self, wallet_id: Uuid) -> &[Entry] {
        self.entries.get(&wallet_id).map_or(&[], Vec::as_slice)
    }

    /// The wallets that have entries.
    pub fn wallets(&self) -> impl Iterator<Item = Uuid> {
        self.entries.keys().copied()
    }

    /// The sum of a wallet's entries up to a version; none where there is no such version.
    pub fn balance_at(&self, wallet_id: Uuid, version: i64) -> Option<i64> {
        let entries = self.entries(wallet_id);
        let count = usize::try_from(version).ok()?;
        let first = entries.get(..count)?;
        Some(first.iter().map(|entry| entry.amount).sum())
    }

    /// What may have been available, balance less what is held, when something was decided at a
    /// moment: entries of that very moment may have come before or after.
    pub fn available_around(&self, wallet_id: Uuid, moment_us: i64) -> Vec<i64> {
        let entries = self.entries(wallet_id);
        let mut available = 0;
        let mut around = Vec::new();
        for entry in entries {
            if entry.created_at_us > moment_us {
                break;
            }
            if entry.created_at_us == moment_us {
                around.push(available);
            }
            available = entry.balance.saturating_sub(entry.held);
        }
        around.push(available);
        around
    }
}

/// The id that an idempotency key names: a UUID itself, any other key the UUIDv8 of its SHA-256.
pub fn transfer_id(key: &str) -> Uuid {
    key.parse().unwrap_or_else(|_| uuid_v8(key))
}

/// The id of the transfer that brings a new wallet its initial balance. No key begins like this
/// text.
pub fn initial_transfer_id(wallet_id: Uuid) -> Uuid {
    uuid_v8(&format!("\u{1}initial balance of wallet {wallet_id}"))
}

/// The id of a leg of a group, which is 1, 2, 3 …
pub fn leg_id(group_id: Uuid, place: usize) -> Uuid {
    uuid_v8(&format!("\u{1}leg {place} of group {group_id}"))
}

/// The id of the row that ends a hold whose time has come.
pub fn expiry_id(hold_id: Uuid) -> Uuid {
    uuid_v8(&format!("\u{1}expiry of hold {hold_id}"))
}

/// The id of the wallet through which a currency enters.
pub fn issuance_wallet_id(currency: &str) -> Uuid {
    uuid_v8(&format!("\u{1}issuance wallet of {currency}"))
}

fn uuid_v8(text: &str) -> Uuid {
    let digest = Sha256::digest(text.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A posted row from wallet 1 to wallet 2.
    pub fn row(id: u128, amount: i64, version: i64, source: i64, target: i64) -> JournalRow {
        JournalRow {
            id: Uuid::from_u128(id),
            outcome: "posted".to_owned(),
            source_id: Uuid::from_u128(1),
            target_id: Some(Uuid::from_u128(2)),
            amount: Some(amount),
            currency: "EUR".to_owned(),
            source_version: Some(version),
            source_balance: Some(source),
            target_version: Some(version),
            target_balance: Some(target),
            reference: None,
            metadata: serde_json::json!({}),
            request_id: None,
            created_at_us: version * 10,
            terms: Value::Null,
            amount_asked: None,
            effect: Value::Null,
        }
    }

    #[test]
    fn entries_add_up_by_version() {
        let rows = [row(8, 5, 2, -15, 15), row(9, 10, 1, -10, 10)];
        let journal = rows.into_iter().map(|row| (row.id, row)).collect();
        let model = Model::of(&journal);
        let wallet = Uuid::from_u128(2);
        assert_eq!(model.balance_at(wallet, 0), Some(0));
        assert_eq!(model.balance_at(wallet, 2), Some(15));
        assert_eq!(model.balance_at(wallet, 3), None);
        assert_eq!(model.available_around(wallet, 20), [10, 15]);
        assert_eq!(model.available_around(wallet, 15), [10]);
    }

    #[test]
    fn ids_are_those_of_the_sql_functions() {
        // What remit_v1.transfer_id('k1') gives.
        let id = transfer_id("k1").to_string();
        assert_eq!(id, "6ab9f1eb-8f7d-8388-b4f9-d586f66e99fd");
    }
}
