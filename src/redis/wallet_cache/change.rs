//! What a writer knows of a wallet: a part of it, with the version that tells whether it is news.

use time::OffsetDateTime;

use super::microseconds;
use crate::types::WalletResult;

/// What a change did to a wallet: its newest entry, its newest status, or both.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WalletChange {
    /// Version and balance (minor units) after an entry.
    pub entry: Option<(i64, i64)>,
    /// Version and name of a status.
    pub status: Option<(i64, String)>,
    /// Microseconds since 1970.
    pub updated_at_us: i64,
}

impl WalletChange {
    /// An entry of the journal: the wallet's version and balance after it.
    pub fn entry(version: i64, balance: i64, created_at: OffsetDateTime) -> Self {
        Self {
            entry: Some((version, balance)),
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
            entry: Some((found.version, found.balance)),
            status: Some((found.status_version, <&str>::from(found.status).to_owned())),
            updated_at_us: microseconds(found.updated_at),
        }
    }

    /// Takes over what is newer in another change of the same wallet.
    pub(super) fn merge(&mut self, other: Self) {
        if other.entry.map(|entry| entry.0) > self.entry.map(|entry| entry.0) {
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
