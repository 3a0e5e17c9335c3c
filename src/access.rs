//! Who may ask for what: one table from route to permission, one from scope to permissions.
//!
//! The SQL functions decide; they are given the caller's key. This gate is coarser and comes before them,
//! for answers that never reach SQL: what Redis remembers of a key or of a wallet.

use uuid::Uuid;

use crate::contract::{Caller, KeyScope};
use crate::problem::{Problem, forbidden};
use crate::route::Route;

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
    /// Every scope, from the narrowest.
    pub const ALL: [Self; 4] = [Self::User, Self::Reader, Self::Service, Self::Admin];

    /// The word for it in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Reader => "reader",
            Self::Service => "service",
            Self::Admin => "admin",
        }
    }

    /// The scope of a word.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

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

impl Caller {
    /// Whether the things of this user are there for the caller. The issuance wallets are nobody's.
    pub fn sees(&self, user_id: Option<Uuid>) -> bool {
        self.scope != KeyScope::User || (user_id.is_some() && user_id == self.user_id)
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
    use crate::contract::KeyDigest;

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
            assert_eq!(KeyScope::of_name(scope.name()), Some(scope));
        }
    }

    #[test]
    fn a_key_bound_to_a_user_sees_his_things_alone() {
        let user = Uuid::from_u128(1);
        let mut caller = Caller {
            ledger_id: 1,
            key_sha256: KeyDigest::of(""),
            key_id: Uuid::nil(),
            scope: KeyScope::User,
            user_id: Some(user),
            expires_at: None,
        };
        let users = [Some(user), Some(Uuid::from_u128(2)), None];
        assert_eq!(users.map(|id| caller.sees(id)), [true, false, false]);
        // It cannot be, and would not see more.
        caller.user_id = None;
        assert_eq!(users.map(|id| caller.sees(id)), [false; 3]);
        caller.scope = KeyScope::Reader;
        assert_eq!(users.map(|id| caller.sees(id)), [true; 3]);
    }
}
