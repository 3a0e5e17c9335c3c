//! The idempotency hint in Redis: which requests are in progress, and answers that were given.
//!
//! It only saves work. PostgreSQL decides, whatever is or is not found here.

use std::sync::{Arc, LazyLock};

use futures_util::future::join_all;
use hyper::body::Bytes;
use redis::Script;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::contract::Caller;
use crate::redis::Redis;

const ANSWER_TTL_S: u64 = 24 * 3_600;
/// As long as a request may take, `server::REQUEST_MS_MAX`: the twin of a request that died is served then.
const PENDING_TTL_S: u64 = 10;
/// Hardly any request takes longer, and no client comes back sooner: it is what `Retry-After` says.
const PENDING_MS_USUAL: u64 = 1_000;
const PENDING: &[u8] = b"pending:";
const FINGERPRINT_BYTES: usize = 32;
const STATUS_BYTES: usize = 3;

/// Removes a marker, unless someone else's is there by now.
static RELEASE: LazyLock<Script> = LazyLock::new(|| {
    Script::new("if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end")
});

/// What a request does, apart from its key.
pub type Fingerprint = [u8; FINGERPRINT_BYTES];

/// The fingerprint of a request's content.
pub fn fingerprint(content: &serde_json::Value) -> Fingerprint {
    Sha256::digest(content.to_string().as_bytes()).into()
}

/// A status and a body that were or will be given, again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    pub status: u16,
    pub body: Bytes,
}

/// What a key names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    User,
    Wallet,
    Transfer,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Wallet => "wallet",
            Self::Transfer => "transfer",
        }
    }
}

/// What Redis knows of a key.
#[derive(Debug)]
pub enum Hint {
    /// Nothing, or nothing that helps: ask PostgreSQL. The marker, if there is one, is ours.
    Ask(Option<Marker>),
    /// A twin is in progress.
    InProgress,
    /// A twin takes long, or has ended and left its marker: its server died, or Redis took it late.
    Overdue,
    /// The same request was answered.
    Answered(StoredAnswer),
}

/// A marker that keeps twins out while a request is in progress.
#[derive(Debug, Clone)]
pub struct Marker {
    key: String,
    value: Vec<u8>,
    fingerprint: Fingerprint,
}

/// The answers in Redis.
pub struct AnswerStore {
    redis: Arc<Redis>,
}

impl AnswerStore {
    /// Answers in this Redis.
    pub fn new(redis: Arc<Redis>) -> Self {
        Self { redis }
    }

    /// Looks a caller's key up, and marks it as in progress if it is new.
    pub async fn begin(
        &self,
        caller: &Caller,
        kind: Kind,
        id: Uuid,
        fingerprint: Fingerprint,
    ) -> Hint {
        let key = redis_key(caller.ledger_id, caller.user_id, kind, id);
        let value = [PENDING, &now_ms().to_be_bytes(), Uuid::new_v4().as_bytes()].concat();
        let mut command = redis::cmd("SET");
        command
            .arg(&key)
            .arg(&value)
            .arg("NX")
            .arg("GET")
            .arg("EX")
            .arg(PENDING_TTL_S);
        match self.redis.command::<Option<Vec<u8>>>(&command).await {
            Err(_) => Hint::Ask(None),
            Ok(None) => Hint::Ask(Some(Marker {
                key,
                value,
                fingerprint,
            })),
            Ok(Some(found)) if is_overdue(&found) => Hint::Overdue,
            Ok(Some(found)) if found.starts_with(PENDING) => Hint::InProgress,
            Ok(Some(found)) => decode(found, &fingerprint).map_or(Hint::Ask(None), Hint::Answered),
        }
    }

    /// Stores answers in place of their markers: one round trip.
    pub async fn finish(&self, answers: impl IntoIterator<Item = (Marker, StoredAnswer)>) {
        let mut pipeline = redis::pipe();
        let mut is_empty = true;
        for (marker, answer) in answers {
            is_empty = false;
            pipeline
                .cmd("SET")
                .arg(&marker.key)
                .arg(encode(&marker.fingerprint, &answer))
                .arg("EX")
                .arg(ANSWER_TTL_S)
                .ignore();
        }
        if !is_empty {
            // A lost write costs a question to PostgreSQL.
            let _ = self.redis.pipeline::<()>(&pipeline).await;
        }
    }

    /// Lets twins in again after answers that are not stored.
    pub async fn release(&self, markers: impl IntoIterator<Item = Marker>) {
        let releases = markers.into_iter().map(|marker| async move {
            // A lost release ends with the marker's time to live.
            let _ = self
                .redis
                .script::<()>(RELEASE.key(marker.key).arg(marker.value))
                .await;
        });
        join_all(releases).await;
    }
}

/// What Redis calls an idempotency key. Whoever is bound to a user has keys of that user's, so that nobody can
/// take, guess or look at those of others.
fn redis_key(ledger_id: i64, user_id: Option<Uuid>, kind: Kind, id: Uuid) -> String {
    let kind = kind.name();
    match user_id {
        None => format!("remit:key:{ledger_id}:{kind}:{id}"),
        Some(user_id) => format!("remit:key:{ledger_id}:{user_id}:{kind}:{id}"),
    }
}

/// Milliseconds since 1970. Clocks of different machines need only agree roughly: what is overdue is
/// looked up, no more.
fn now_ms() -> u64 {
    let ms = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
    u64::try_from(ms).unwrap_or(0)
}

fn is_overdue(found: &[u8]) -> bool {
    let since = found.strip_prefix(PENDING).and_then(<[u8]>::first_chunk);
    since.is_some_and(|since| now_ms() > u64::from_be_bytes(*since) + PENDING_MS_USUAL)
}

fn encode(fingerprint: &Fingerprint, answer: &StoredAnswer) -> Vec<u8> {
    [
        &fingerprint[..],
        format!("{:03}", answer.status).as_bytes(),
        &answer.body,
    ]
    .concat()
}

/// The answer, if it was given to the same content. Any other content is PostgreSQL's to judge.
fn decode(found: Vec<u8>, fingerprint: &Fingerprint) -> Option<StoredAnswer> {
    #[cfg(feature = "planted")]
    let fingerprint = match found.first_chunk() {
        Some(any) if crate::environment::is_planted("answer_any_content") => any,
        _ => fingerprint,
    };
    let rest = found.strip_prefix(&fingerprint[..])?;
    let (status, body) = rest.split_at_checked(STATUS_BYTES)?;
    Some(StoredAnswer {
        status: std::str::from_utf8(status).ok()?.parse().ok()?,
        body: Bytes::copy_from_slice(body),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ledgers_and_users_share_no_keys() {
        let ids = [1, 2].map(Uuid::from_u128);
        let mut keys = std::collections::HashSet::new();
        for ledger_id in [1, 2] {
            for user_id in [None, Some(ids[0]), Some(ids[1])] {
                keys.insert(redis_key(ledger_id, user_id, Kind::Transfer, ids[0]));
            }
        }
        assert_eq!(keys.len(), 6);
    }

    #[test]
    fn an_answer_is_found_by_its_own_content_only() {
        let (own, other) = (fingerprint(&json!({"a": 1})), fingerprint(&json!({"a": 2})));
        let answer = StoredAnswer {
            status: 201,
            body: Bytes::from_static(b"{}"),
        };
        let stored = encode(&own, &answer);
        assert_eq!(decode(stored.clone(), &own), Some(answer));
        assert_eq!(decode(stored, &other), None);
        assert_eq!(decode(own.to_vec(), &own), None);
    }
}
