//! Who may ask for what: one table from route to permission, one from scope to permissions.
//!
//! The SQL functions decide; they are given the caller's key. This gate is coarser and comes before them,
//! for answers that never reach SQL: what Redis remembers of a key or of a wallet.

use crate::http::problem::{Problem, forbidden};
use crate::http::route::Route;
use crate::types::{Caller, KeyScope};

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// See users, wallets, transfers; a key that is bound to a user sees his alone.
    Read,
    /// Make transfers; a key that is bound to a user spends from his wallets alone.
    Spend,
    /// Make users and wallets.
    Serve,
    /// Keys, ledgers, freezes and limits.
    Administer,
    /// How the service itself is doing.
    Observe,
}

impl Permission {
    /// What a route asks of its caller. None: it is open to all.
    pub fn of_route(route: &Route) -> Option<Self> {
        match route {
            Route::Healthz | Route::Readyz | Route::Openapi | Route::Docs(_) => None,
            Route::UserGet(_)
            | Route::WalletList(_)
            | Route::WalletGet(_)
            | Route::WalletLimitsGet(_)
            | Route::EntryList(_)
            | Route::TransferGet(_)
            | Route::LedgerGet(_) => Some(Self::Read),
            Route::TransferCreate => Some(Self::Spend),
            Route::UserCreate | Route::WalletCreate => Some(Self::Serve),
            Route::KeyCreate
            | Route::KeyList
            | Route::KeyRevoke(_)
            | Route::LedgerCreate
            | Route::WalletFreeze(_)
            | Route::WalletUnfreeze(_)
            | Route::WalletLimitsSet(_) => Some(Self::Administer),
            Route::Metrics => Some(Self::Observe),
        }
    }
}

impl KeyScope {
    /// Whether a key of this scope may ask for it at all.
    pub fn allows(self, permission: Permission) -> bool {
        match permission {
            Permission::Read => true,
            Permission::Spend => matches!(self, Self::User | Self::Service | Self::Admin),
            Permission::Serve => matches!(self, Self::Service | Self::Admin),
            Permission::Administer => self == Self::Admin,
            Permission::Observe => self != Self::User,
        }
    }
}

/// Lets a caller through to a route, or not.
///
/// # Errors
/// 403.
pub fn admit(caller: &Caller, route: &Route) -> Result<(), Problem> {
    let is_allowed =
        Permission::of_route(route).is_none_or(|permission| caller.scope.allows(permission));
    is_allowed.then_some(()).ok_or_else(forbidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_has_its_permissions() {
        let all = [
            Permission::Read,
            Permission::Spend,
            Permission::Serve,
            Permission::Administer,
            Permission::Observe,
        ];
        for (scope, allowed) in [
            (KeyScope::User, [true, true, false, false, false]),
            (KeyScope::Reader, [true, false, false, false, true]),
            (KeyScope::Service, [true, true, true, false, true]),
            (KeyScope::Admin, [true; 5]),
        ] {
            assert_eq!(all.map(|permission| scope.allows(permission)), allowed);
        }
    }
}
