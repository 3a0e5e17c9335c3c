//! The secrets of webhooks, which no table has: each is derived from the master secret, and signs
//! as Standard Webhooks 1.0 has it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// What stands before a secret of the standard's.
const SECRET_PREFIX: &str = "whsec_";
/// What stands before a signature by HMAC-SHA256.
const SIGNATURE_PREFIX: &str = "v1,";
/// As many as the digest that is made with it.
const MASTER_BYTES_MIN: usize = 32;
const MASTER_BYTES_MAX: usize = 1_024;

/// What the secrets of all webhooks are derived from. Server and worker have the same.
#[derive(Clone)]
pub struct MasterSecret(String);

impl MasterSecret {
    /// Takes the text of a setting.
    ///
    /// # Errors
    /// It is too short to be a secret, or long.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if (MASTER_BYTES_MIN..=MASTER_BYTES_MAX).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(
                "must be 32 to 1024 characters that nobody can guess, such as those of `openssl rand -hex 32`",
            )
        }
    }

    /// The secret of a webhook's generation.
    pub fn secret(&self, ledger_id: i64, webhook_id: Uuid, generation: i32) -> WebhookSecret {
        let name = format!("{ledger_id}:{webhook_id}:{generation}");
        WebhookSecret(hmac(self.0.as_bytes(), &[name.as_bytes()]))
    }
}

impl fmt::Debug for MasterSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterSecret(..)")
    }
}

/// What signs the messages to a webhook.
pub struct WebhookSecret([u8; 32]);

impl WebhookSecret {
    /// As a receiver's library takes it.
    pub fn text(&self) -> String {
        format!("{SECRET_PREFIX}{}", STANDARD.encode(self.0))
    }

    /// The signature of a message that is sent at a moment, in seconds since 1970.
    pub fn sign(&self, message_id: &str, sent_at: i64, body: &[u8]) -> String {
        let head = format!("{message_id}.{sent_at}.");
        let signature = hmac(&self.0, &[head.as_bytes(), body]);
        format!("{SIGNATURE_PREFIX}{}", STANDARD.encode(signature))
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("a key of HMAC has any length");
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASTER: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn each_ledger_webhook_and_generation_has_a_secret_of_its_own() {
        let master = MasterSecret::parse(MASTER).expect("it is long enough");
        let id = |number| Uuid::from_u128(number);
        let secrets = [
            master.secret(1, id(1), 1),
            master.secret(2, id(1), 1),
            master.secret(1, id(2), 1),
            master.secret(1, id(1), 2),
        ];
        let texts: std::collections::BTreeSet<_> =
            secrets.iter().map(WebhookSecret::text).collect();
        assert_eq!(texts.len(), secrets.len());
        assert_eq!(master.secret(1, id(1), 1).text(), secrets[0].text());
    }

    /// Computed with openssl: a secret that changed would end every subscription.
    #[test]
    fn a_secret_is_what_it_was() {
        let master = MasterSecret::parse(MASTER).expect("it is long enough");
        let secret = master.secret(1, Uuid::from_u128(7), 3);
        assert_eq!(
            secret.text(),
            "whsec_xVVLs1WRnzYT32daO5vc8Wr75/mYqKFKHUgagTEZ1N4="
        );
        assert_eq!(
            secret.sign("msg_1", 1_700_000_000, b"{}"),
            "v1,LLOAqyQ9X1HitDL9CMB/vFF1DYOPrB+nPOiSC5tG+cc="
        );
    }

    #[test]
    fn a_master_secret_is_long_and_never_shown() {
        for text in ["", "short", &"x".repeat(31), &"x".repeat(1_025)] {
            assert!(MasterSecret::parse(text).is_err(), "{text}");
        }
        let master = MasterSecret::parse(MASTER).expect("it is long enough");
        assert_eq!(format!("{master:?}"), "MasterSecret(..)");
    }
}
