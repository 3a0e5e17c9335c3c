//! What a writer knows of a wallet: a part of it, with the version that tells whether it is news.

use time::OffsetDateTime;

use super::microseconds;
use crate::types::WalletResult;

/// What an entry left in a wallet. Amounts are minor units.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryChange {
    pub version: i64,
    pub balance: i64,
    pub held: i64,
    /// When the first hold ends, if one does.
    pub held_until: Option<OffsetDateTime>,
}

impl EntryChange {
    /// By what it is newer: its version; at one version, how much later the first hold ends.
    fn age(&self) -> (i64, bool, Option<OffsetDateTime>) {
        (self.version, self.held_until.is_none(), self.held_until)
    }
}

/// What a change did to a wallet: its newest entry, its newest status, or both.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WalletChange {
    pub entry: Option<EntryChange>,
    /// Version and name of a status.
    pub status: Option<(i64, String)>,
    /// Microseconds since 1970.
    pub updated_at_us: i64,
}

impl WalletChange {
    /// An entry of the journal: what the wallet has after it.
    pub fn entry(entry: EntryChange, created_at: OffsetDateTime) -> Self {
        Self {
            entry: Some(entry),
            status: None,
            updated_at_us: microseconds(created_at),
        }
    }

    /// A change of status.
    pub fn status(version: i64, status: String, updated_at: OffsetDateTime) -> Self {
        Self {
            entry: None,
            status: Some((version, status)),
            updated_at_us: microseconds(updated_at),
        }
    }

    /// All that can change of a wallet.
    pub(super) fn of(found: &WalletResult) -> Self {
        Self {
            entry: Some(EntryChange {
                version: found.version,
                balance: found.balance,
                held: found.held,
                held_until: found.held_until,
            }),
            status: Some((found.status_version, <&str>::from(found.status).to_owned())),
            updated_at_us: microseconds(found.updated_at),
        }
    }

    /// Takes over what is newer in another change of the same wallet.
    pub(super) fn merge(&mut self, other: Self) {
        let age = |change: &Self| change.entry.as_ref().map(EntryChange::age);
        if age(&other) > age(self) {
            self.entry = other.entry;
        }
        if other.status.as_ref().map(|status| status.0)
            > self.status.as_ref().map(|status| status.0)
        {
            self.status = other.status;
        }
        self.updated_at_us = self.updated_at_us.max(other.updated_at_us);
    }
}
