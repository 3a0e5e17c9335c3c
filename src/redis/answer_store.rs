//! What was answered to idempotency keys, for 24 h. It saves a question to PostgreSQL, and answers
//! while that is away. PostgreSQL decides, whatever is or is not found here.
//!
//! An answer of a transfer is stored when it may be told: who finds it tells it without a write to
//! the wallet cache.
//!
//! What is found is told only if it repeats what the request asks for: Redis may hold anything.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::redis::connection::Redis;
use crate::redis::knowledge::Knowledge;
use crate::types::{
    Caller, TransferOutcome, TransferRequest, TransferResult, UserRequest, UserResult,
    WalletRequest, WalletResult, WalletStatus, user_transfer_id,
};

const ANSWER_TTL_S: u64 = 24 * 3_600;
const FINGERPRINT_BYTES: usize = 32;

/// What is answered to an idempotency key.
pub trait Answered: Serialize + DeserializeOwned {
    /// The word for its kind, which keeps the keys of kinds apart.
    const KIND: &'static str;

    type Request;

    /// Whether it may be the stored answer to this request, which has this id for PostgreSQL.
    fn answers(&self, id: Uuid, request: &Self::Request) -> bool;

    /// Whether PostgreSQL knew it from before.
    fn is_replay(&self) -> bool;
}

impl Answered for UserResult {
    const KIND: &'static str = "user";

    type Request = UserRequest;

    fn answers(&self, id: Uuid, request: &UserRequest) -> bool {
        self.id == id
            && self.name == request.name
            && self.email == request.email
            && self.reference == request.reference
            && is_same_metadata(&self.metadata, request.metadata.as_ref())
    }

    fn is_replay(&self) -> bool {
        self.replayed
    }
}

impl Answered for WalletResult {
    const KIND: &'static str = "wallet";

    type Request = WalletRequest;

    fn answers(&self, id: Uuid, request: &WalletRequest) -> bool {
        self.id == id
            && self.is_possible()
            && self.user_id == Some(request.user_id)
            && self.currency == request.currency
            && self.floor == request.floor
            && self.reference == request.reference
            && is_same_metadata(&self.metadata, request.metadata.as_ref())
            // As it was made: with its initial balance, which is its first entry.
            && self.balance == request.initial_balance
            && self.version == i64::from(request.initial_balance > 0)
            && self.held == 0
            && (self.status, self.status_version) == (WalletStatus::Active, 0)
    }

    fn is_replay(&self) -> bool {
        self.replayed
    }
}

impl Answered for TransferResult {
    const KIND: &'static str = "transfer";

    type Request = TransferRequest;

    fn answers(&self, id: Uuid, request: &TransferRequest) -> bool {
        let is_posted = self.outcome == TransferOutcome::Posted;
        self.id == Some(id)
            && self.outcome.is_stored()
            && self.created_at.is_some()
            && self.terms.is_none()
            && self.source_id == request.source_id
            && self.target_id == request.target_id
            && self.amount == request.amount
            // Left out, it is the source's.
            && (request.currency.is_none() || self.currency == request.currency)
            && self.reference == request.reference
            && is_same_metadata(&self.metadata, request.metadata.as_ref())
            // Who may spend from the source sees it.
            && self.source_version.is_some() == is_posted
            && self.source_balance.is_some() == is_posted
    }

    fn is_replay(&self) -> bool {
        self.replayed
    }
}

/// Without metadata there is an empty object.
fn is_same_metadata(stored: &Value, requested: Option<&Value>) -> bool {
    requested.map_or_else(|| *stored == json!({}), |requested| stored == requested)
}

/// Where the answer to a request is, and what it must be the answer to.
#[derive(Debug, Clone)]
pub struct Place {
    /// The end of its key in Redis.
    name: String,
    id: Uuid,
    fingerprint: [u8; FINGERPRINT_BYTES],
}

impl Place {
    /// Of a caller's request with this id and content. The keys of a caller that is bound to a user
    /// are that user's, so that nobody can take, guess or look at those of others.
    pub fn new<A: Answered>(caller: &Caller, id: Uuid, content: &Value) -> Self {
        let (ledger_id, kind) = (caller.ledger_id, A::KIND);
        let name = match caller.user_id {
            None => format!("{ledger_id}:{kind}:{id}"),
            Some(user_id) => format!("{ledger_id}:{user_id}:{kind}:{id}"),
        };
        let content = format!("{name} {content}");
        Self {
            name,
            id: caller
                .user_id
                .map_or(id, |user_id| user_transfer_id(user_id, id)),
            fingerprint: Sha256::digest(content.as_bytes()).into(),
        }
    }
}

/// The answers in Redis.
pub struct AnswerStore {
    redis: Arc<Redis>,
    knowledge: Arc<Knowledge>,
}

impl AnswerStore {
    /// Answers in this Redis, of the database that was heard of.
    pub fn new(redis: Arc<Redis>, knowledge: Arc<Knowledge>) -> Self {
        Self { redis, knowledge }
    }

    /// The answer at the place of a request, if it was given to the same content. Any other content
    /// is PostgreSQL's to judge.
    pub async fn find<A: Answered>(&self, place: &Place, request: &A::Request) -> Option<A> {
        let mut get = redis::cmd("GET");
        get.arg(self.key(place)?);
        let found: Option<Vec<u8>> = self.redis.any().command(&get).await.ok()?;
        decode(&found?, place, request)
    }

    /// Stores answers, beside all that follows: a lost one costs a question to PostgreSQL.
    pub fn store<'a, A: Answered + 'a>(
        &self,
        answers: impl IntoIterator<Item = (&'a Place, &'a A)>,
    ) {
        let mut pipeline = redis::pipe();
        let mut is_empty = true;
        for (place, answer) in answers {
            let Some(key) = self.key(place) else { return };
            let mut set = redis::cmd("SET");
            set.arg(key).arg(encode(answer, place));
            set.arg("EX").arg(ANSWER_TTL_S);
            pipeline.add_command(set).ignore();
            is_empty = false;
        }
        if !is_empty {
            let redis = Arc::clone(&self.redis);
            tokio::spawn(async move {
                let _ = redis.any().pipeline::<()>(&pipeline).await;
            });
        }
    }

    /// None: no database was heard of yet.
    fn key(&self, place: &Place) -> Option<String> {
        let known = self.knowledge.last()?;
        Some(format!("remit:{}:key:{}", known.place, place.name))
    }
}

fn encode<A: Answered>(answer: &A, place: &Place) -> Vec<u8> {
    let mut encoded = place.fingerprint.to_vec();
    serde_json::to_writer(&mut encoded, answer).expect("mirrors are strings, numbers and maps");
    encoded
}

fn decode<A: Answered>(found: &[u8], place: &Place, request: &A::Request) -> Option<A> {
    let json = found.strip_prefix(&place.fingerprint[..])?;
    let answer: A = serde_json::from_slice(json).ok()?;
    answer.answers(place.id, request).then_some(answer)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;
    use time::OffsetDateTime;

    use super::*;
    use crate::types::{ApiKeyDigest, KeyScope};

    fn caller(ledger_id: i64, user_id: Option<Uuid>) -> Caller {
        Caller {
            ledger_id,
            key_sha256: ApiKeyDigest::of(""),
            key_id: Uuid::nil(),
            scope: KeyScope::Service,
            user_id,
            expires_at: None,
        }
    }

    fn user(id: Uuid) -> UserResult {
        UserResult {
            id,
            name: "Ada".to_owned(),
            email: None,
            reference: None,
            metadata: json!({"a": "b"}),
            created_at: OffsetDateTime::UNIX_EPOCH,
            replayed: false,
        }
    }

    fn request() -> UserRequest {
        UserRequest {
            id: None,
            name: "Ada".to_owned(),
            email: None,
            reference: None,
            metadata: Some(json!({"a": "b"})),
        }
    }

    #[test]
    fn ledgers_and_users_share_no_keys() {
        let ids = [1, 2].map(Uuid::from_u128);
        let mut keys = HashSet::new();
        for ledger_id in [1, 2] {
            for user_id in [None, Some(ids[0]), Some(ids[1])] {
                let caller = caller(ledger_id, user_id);
                keys.insert(Place::new::<TransferResult>(&caller, ids[0], &json!([])).name);
            }
        }
        assert_eq!(keys.len(), 6);
    }

    #[test]
    fn an_answer_is_found_by_its_own_content_only() {
        let ids = [1, 2].map(Uuid::from_u128);
        let place = |id, content| Place::new::<UserResult>(&caller(1, None), id, &content);
        let own = place(ids[0], json!({"a": 1}));
        let stored = encode(&user(ids[0]), &own);
        assert_eq!(decode(&stored, &own, &request()), Some(user(ids[0])));
        for other in [
            place(ids[0], json!({"a": 2})),
            place(ids[1], json!({"a": 1})),
        ] {
            assert_eq!(decode::<UserResult>(&stored, &other, &request()), None);
        }
    }

    #[test]
    fn what_is_no_answer_to_the_request_is_a_miss() {
        let ids = [1, 2].map(Uuid::from_u128);
        let place = Place::new::<UserResult>(&caller(1, None), ids[0], &json!([]));
        let foreign = encode(&user(ids[1]), &place);
        let decode = |stored: &[u8]| decode::<UserResult>(stored, &place, &request());
        assert_eq!(decode(&foreign), None);
        let stored = encode(&user(ids[0]), &place);
        for end in 0..stored.len() {
            assert_eq!(decode(&stored[..end]), None, "{end}");
        }
        assert!(decode(&stored).is_some());
    }
}
