//! Two ledgers with users, wallets and keys of every kind, for tests of who sees and does what.

use serde_json::json;
use testbed::http::Http;
use uuid::Uuid;

use crate::stack::Stack;

/// Two ledgers, the first with two users, and clients with keys of all kinds.
pub struct World {
    pub stack: Stack,
    pub user: Uuid,
    pub wallet: Uuid,
    pub other_wallet: Uuid,
    pub transfer: String,
    pub group: String,
    pub invalid: Vec<Http>,
    pub valid: Vec<Http>,
}

impl World {
    pub async fn start() -> Self {
        let stack = Stack::start().await;
        let admin = stack.http.clone();
        let wallet = admin.wallet(1_000).await;
        let user = admin.get(&format!("/wallets/{wallet}")).await.id("user_id");
        let body = json!({"user_id": user, "currency": "USD"});
        let other_wallet = admin.post("/wallets", &body).await.id("id");
        let transfer = Uuid::new_v4().to_string();
        let posted = admin
            .transfer_with_key(&transfer, wallet, other_wallet, 1)
            .await;
        assert_eq!(posted.status, 201, "{posted:?}");
        let group = Uuid::new_v4().to_string();
        let leg = json!({"source_id": wallet, "target_id": other_wallet, "amount": 1});
        let body = json!({"legs": [leg, leg]});
        let posted = admin.post_with_key("/groups", &group, &body).await;
        assert_eq!(posted.status, 201, "{posted:?}");
        let another_user = admin.user().await;
        let ledger = admin.post("/ledgers", &json!({"name": "another"})).await;
        let ledger_key = ledger.json()["key"]["key"].as_str().map(str::to_owned);
        let valid = vec![
            admin.scoped("reader", None).await,
            admin.scoped("user", Some(user)).await,
            admin.scoped("user", Some(another_user)).await,
            admin.scoped("service", None).await,
            admin.clone(),
            admin.with_key(&ledger_key.expect("a ledger comes with a key")),
        ];
        let (expired, revoked) = (
            admin.scoped("admin", None).await,
            admin.scoped("admin", None).await,
        );
        let ended = "
            update remit.keys k set expires_at = k.created_at
             where k.id = (select id from remit.keys where ledger_id = 1 order by created_at desc offset 1 limit 1);
            update remit.keys k set revoked_at = clock_timestamp()
             where k.id = (select id from remit.keys where ledger_id = 1 order by created_at desc limit 1);
            -- So that the log tells it too.
            select remit.event_record(1, 'key.created', k.id, remit.state_of_key(k), clock_timestamp())
              from remit.keys k where k.expires_at = k.created_at;
            select remit.event_record(1, 'key.revoked', k.id, remit.state_of_revocation(k), clock_timestamp())
              from remit.keys k where k.revoked_at is not null and k.ledger_id = 1";
        let ended = stack.owner().await.batch_execute(ended).await;
        ended.expect("the owner may do anything");
        let invalid = vec![
            admin.without_key(),
            admin.with_key("remit_1_short"),
            admin.with_key(&format!("remit_1_{}", "7".repeat(64))),
            expired,
            revoked,
        ];
        Self {
            stack,
            user,
            wallet,
            other_wallet,
            transfer,
            group,
            invalid,
            valid,
        }
    }
}
