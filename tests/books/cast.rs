//! Who and what takes part in a case. Few, and in a fixed order, so that cases meet and shrink.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

/// Times that a request may give as the end of a hold: one that has been, two in the next years,
/// which are after all that a case lets go by, and one that is further away than a hold may last.
#[expect(clippy::disallowed_methods, reason = "a test is no program")]
pub static ENDS: LazyLock<[String; 4]> = LazyLock::new(|| {
    let year = OffsetDateTime::now_utc().year();
    [2000, year + 2, year + 3, year + 20].map(|year| format!("{year}-01-01T00:00:00+00:00"))
});

/// 2^53 − 1: the largest amount, and the bound of balances on both sides.
pub const AMOUNT_MAX: i64 = 9_007_199_254_740_991;

/// How many users a book has from the start. `user(USERS)` is never one of them, but may be
/// created.
pub const USERS: u8 = 3;

fn id(group: u8, number: u8) -> Uuid {
    Uuid::from_bytes([
        0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, group, number,
    ])
}

/// The id of a user.
pub fn user(number: u8) -> Uuid {
    id(1, number)
}

/// The id of a wallet that a case may create.
pub fn wallet(number: u8) -> Uuid {
    id(2, number)
}

/// The id of a transfer.
pub fn transfer(number: u8) -> Uuid {
    id(3, number)
}

/// The wallet through which money enters and leaves.
pub fn issuance_wallet(currency: &str) -> Uuid {
    named(&format!("issuance wallet of {currency}"))
}

/// The id of the transfer of a wallet's initial balance.
pub fn initial_transfer(wallet: Uuid) -> Uuid {
    named(&format!("initial balance of wallet {wallet}"))
}

/// What becomes of an id that a user's own key gives to a transfer.
pub fn transfer_of_user(user: Uuid, transfer: Uuid) -> Uuid {
    named(&format!("transfer {transfer} of user {user}"))
}

/// The id of a group's leg.
pub fn leg(group: Uuid, place: i32) -> Uuid {
    named(&format!("leg {place} of group {group}"))
}

/// The id of the row that says that a hold has expired.
pub fn expiry(hold: Uuid) -> Uuid {
    named(&format!("expiry of hold {hold}"))
}

/// The id that a group is given.
pub fn group(number: u8) -> Uuid {
    id(5, number)
}

/// The UUIDv8 of the SHA-256 of a text, after a character with which no idempotency key begins.
fn named(text: &str) -> Uuid {
    let digest = Sha256::digest(format!("\u{1}{text}"));
    let bytes: [u8; 16] = digest[..16].try_into().expect("a digest has 32 bytes");
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// An API key that a call may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Admin,
    Service,
    User0,
    User1,
    Reader,
    Expired,
    /// Of another ledger.
    Foreign,
    /// Nobody has made it.
    Unknown,
    /// No key at all, though something is passed.
    Empty,
}

pub const KEYS: [Key; 9] = [
    Key::Admin,
    Key::Service,
    Key::User0,
    Key::User1,
    Key::Reader,
    Key::Expired,
    Key::Foreign,
    Key::Unknown,
    Key::Empty,
];

impl Key {
    /// Whether the ledger has it.
    pub fn has_row(self) -> bool {
        !matches!(self, Self::Foreign | Self::Unknown | Self::Empty)
    }

    /// Its id, where it has a row.
    pub fn id(self) -> Uuid {
        id(4, self as u8)
    }

    /// What a caller passes, in hexadecimal.
    pub fn sha256(self) -> String {
        if self == Self::Empty {
            return String::new();
        }
        let digest = Sha256::digest(format!("{self:?}").as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Its scope and its user; none for a key that is no good from the start.
    pub fn scope(self) -> Option<(&'static str, Option<Uuid>)> {
        match self {
            Self::Admin => Some(("admin", None)),
            Self::Service => Some(("service", None)),
            Self::User0 => Some(("user", Some(user(0)))),
            Self::User1 => Some(("user", Some(user(1)))),
            Self::Reader => Some(("reader", None)),
            Self::Expired | Self::Foreign | Self::Unknown | Self::Empty => None,
        }
    }
}
