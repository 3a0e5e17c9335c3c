//! Ids as text: each in its one spelling.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::base::number::parse_number;

/// A UUID in its hyphenated form only: one id, one spelling but for the case of its letters.
pub fn parse_uuid(text: &str) -> Option<Uuid> {
    let is_hyphenated = text.len() == uuid::fmt::Hyphenated::LENGTH;
    is_hyphenated.then(|| Uuid::try_parse(text).ok()).flatten()
}

/// A ledger's id: a positive integer in its one spelling.
pub fn parse_ledger_id(text: &str) -> Option<i64> {
    parse_number(text).filter(|id| *id > 0)
}

/// The id of the transfer that a key of the scope `user` makes with an id.
///
/// `remit.user_transfer_id` is the same in SQL.
pub fn user_transfer_id(user_id: Uuid, transfer_id: Uuid) -> Uuid {
    uuid_v8(format!("\u{1}transfer {transfer_id} of user {user_id}").as_bytes())
}

/// The UUIDv8 of a text's SHA-256 (RFC 9562, section 5.8): `remit.uuid_v8` is the same in SQL.
pub fn uuid_v8(text: &[u8]) -> Uuid {
    let digest = Sha256::digest(text);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
