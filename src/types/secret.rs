//! What tells one caller from another. `Debug` shows none of it, and so no log and no error does.

use std::error::Error;
use std::fmt;

use bytes::BytesMut;
use postgres_types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use serde::Serializer;
use sha2::{Digest, Sha256};

const DIGEST_BYTES: usize = 32;

/// The SHA-256 of an API key's text, by which PostgreSQL knows it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ApiKeyDigest([u8; DIGEST_BYTES]);

impl ApiKeyDigest {
    /// The digest of a key's text.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

/// An API key as it is looked up. Its text is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiKey {
    pub ledger_id: i64,
    pub digest: ApiKeyDigest,
}

impl fmt::Debug for ApiKeyDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiKeyDigest(..)")
    }
}

impl ToSql for ApiKeyDigest {
    fn to_sql(
        &self,
        sql: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        (&self.0[..]).to_sql(sql, out)
    }

    fn accepts(sql: &Type) -> bool {
        <&[u8] as ToSql>::accepts(sql)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for ApiKeyDigest {
    fn from_sql(sql: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let bytes = <&[u8] as FromSql>::from_sql(sql, raw)?;
        Ok(Self(bytes.try_into()?))
    }

    fn accepts(sql: &Type) -> bool {
        <&[u8] as FromSql>::accepts(sql)
    }
}

/// The text of a new API key, on its way to the client that asked for it.
#[derive(Clone, FromSql)]
#[postgres(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The same, into the one answer that has it.
    pub(super) fn reveal_to<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_key_nor_its_digest_is_shown() {
        assert_eq!(format!("{:?}", ApiKeyDigest::of("a")), "ApiKeyDigest(..)");
        assert_eq!(format!("{:?}", Secret("a".to_owned())), "Secret(..)");
    }
}
