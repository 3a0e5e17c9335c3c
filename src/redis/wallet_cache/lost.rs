//! The writes that Redis did not take.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{WALLET_TTL_MS, WalletChange, WalletRef};

/// How many wallets with lost writes are remembered. Beyond it the cache is not read for `WALLET_TTL_MS`.
const LOST_WALLETS_MAX: usize = 100_000;
/// What was read past Redis is remembered while it is fewer: reads alone must not fill the memory.
const SEEN_WALLETS_MAX: usize = LOST_WALLETS_MAX / 2;
/// How many lost writes are repaired in one call.
const REPAIR_BATCH_MAX: usize = 500;

/// What is to be written once Redis is back. Until then these wallets must not be read from it.
#[derive(Default)]
pub(super) struct LostWrites(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    changes: HashMap<WalletRef, WalletChange>,
    /// Set when there were too many to remember.
    no_reads_until: Option<Instant>,
}

impl LostWrites {
    /// Whether what Redis has of a wallet may be older than what was written.
    pub(super) fn concern(&self, wallet: &WalletRef) -> bool {
        let memory = self.memory();
        let is_closed = memory
            .no_reads_until
            .is_some_and(|end| Instant::now() < end);
        is_closed || memory.changes.contains_key(wallet)
    }

    pub(super) fn remember(&self, changes: HashMap<WalletRef, WalletChange>) {
        let mut memory = self.memory();
        for (wallet, change) in changes {
            memory.changes.entry(wallet).or_default().merge(change);
        }
        if memory.changes.len() > LOST_WALLETS_MAX {
            memory.changes.clear();
            memory.no_reads_until = Some(Instant::now() + Duration::from_millis(WALLET_TTL_MS));
        }
    }

    /// Remembers what somebody has seen, so that Redis shows him nothing older once it is back.
    pub(super) fn remember_seen(&self, wallet: WalletRef, seen: WalletChange) {
        let mut memory = self.memory();
        if memory.changes.len() < SEEN_WALLETS_MAX {
            memory.changes.entry(wallet).or_default().merge(seen);
        }
    }

    /// The same while a write to the wallet is to be repaired anyway: otherwise readers would prolong each other's way
    /// past Redis. Gives back what was seen if the repair is over.
    pub(super) fn update_seen(
        &self,
        wallet: &WalletRef,
        seen: WalletChange,
    ) -> Option<WalletChange> {
        match self.memory().changes.get_mut(wallet) {
            Some(change) => {
                change.merge(seen);
                None
            }
            None => Some(seen),
        }
    }

    /// Some of them, if there are any.
    pub(super) fn batch(&self) -> Option<Vec<(WalletRef, WalletChange)>> {
        let memory = self.memory();
        let batch: Vec<_> = memory
            .changes
            .iter()
            .take(REPAIR_BATCH_MAX)
            .map(|(wallet, change)| (*wallet, change.clone()))
            .collect();
        (!batch.is_empty()).then_some(batch)
    }

    /// Drops what was repaired, unless more was lost meanwhile.
    pub(super) fn forget(&self, repaired: &[(WalletRef, WalletChange)]) {
        let mut memory = self.memory();
        for (wallet, change) in repaired {
            if memory.changes.get(wallet) == Some(change) {
                memory.changes.remove(wallet);
            }
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn lost(wallet: u128, version: i64) -> HashMap<WalletRef, WalletChange> {
        let change = WalletChange {
            entry: Some((version, 100)),
            ..WalletChange::default()
        };
        HashMap::from([((1, Uuid::from_u128(wallet)), change)])
    }

    #[test]
    fn what_is_lost_again_during_a_repair_stays() {
        let writes = LostWrites::default();
        writes.remember(lost(7, 1));
        let batch = writes.batch().expect("one write was lost");
        writes.remember(lost(7, 2));
        writes.forget(&batch);
        assert!(writes.concern(&(1, Uuid::from_u128(7))));
        writes.forget(&writes.batch().expect("the newer one stayed"));
        assert!(!writes.concern(&(1, Uuid::from_u128(7))));
    }

    #[test]
    fn what_was_seen_is_repaired_like_a_write() {
        let writes = LostWrites::default();
        let (wallet, seen) = lost(7, 3).into_iter().next().expect("there is one");
        assert_eq!(
            writes.update_seen(&wallet, seen.clone()),
            Some(seen.clone())
        );
        assert!(!writes.concern(&wallet));
        writes.remember_seen(wallet, seen);
        let (_, newer) = lost(7, 4).into_iter().next().expect("there is one");
        assert_eq!(writes.update_seen(&wallet, newer.clone()), None);
        assert_eq!(writes.batch(), Some(vec![(wallet, newer)]));
    }

    #[test]
    fn reads_do_not_close_the_cache() {
        let writes = LostWrites::default();
        for number in 0..=LOST_WALLETS_MAX as u128 {
            let (wallet, seen) = lost(number, 1).into_iter().next().expect("there is one");
            writes.remember_seen(wallet, seen);
        }
        assert!(!writes.concern(&(1, Uuid::from_u128(u128::MAX))));
    }

    #[test]
    fn too_many_lost_writes_close_the_cache() {
        let writes = LostWrites::default();
        for wallet in 0..=LOST_WALLETS_MAX as u128 {
            writes.remember(lost(wallet, 1));
        }
        assert!(writes.concern(&(1, Uuid::from_u128(u128::MAX))));
    }
}
