//! Four sessions post whatever there is, all at once, on a few wallets; a checker of its own then
//! follows each wallet through the journal, version by version.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::stack::Stack;
use crate::verbs_checker::Books;

const SESSIONS: u64 = 4;
const WALLETS: usize = 5;
const STORM: Duration = Duration::from_secs(4);
const POST: &str = "
    select to_jsonb(r) from remit_v1.transfers_post(1,
        array(select r from jsonb_populate_recordset(null::remit_v1.transfer_request, $1) r), null,
        array(select jsonb_populate_record(null::remit_v1.transfer_terms, t)
                from jsonb_array_elements($2::jsonb) with ordinality as t (t, place) order by place),
        $3) r";

/// What was posted, for all sessions to find.
#[derive(Default)]
struct Made {
    holds: Vec<Uuid>,
    transfers: Vec<Uuid>,
}

/// One of the sessions.
struct Session {
    client: Client,
    random: StdRng,
    wallets: [Uuid; WALLETS],
    made: Arc<Mutex<Made>>,
}

impl Session {
    fn wallet(&mut self) -> Uuid {
        self.wallets[self.random.random_range(0..WALLETS)]
    }

    /// One of the last that were made.
    fn subject(&mut self, of: impl Fn(&Made) -> &Vec<Uuid>) -> Uuid {
        let made = self.made.lock().expect("no thread panics with it");
        let ids = of(&made);
        let recent = ids.len().saturating_sub(30);
        match ids.len() {
            0 => Uuid::new_v4(),
            length => ids[self.random.random_range(recent..length)],
        }
    }

    fn amount(&mut self, most: i64) -> Option<i64> {
        let is_named = self.random.random_bool(0.7);
        is_named.then(|| self.random.random_range(1..=most))
    }

    /// A request and its terms.
    fn item(&mut self) -> (Value, Value) {
        let (source, target) = (self.wallet(), self.wallet());
        let mut request = json!({"id": Uuid::new_v4(), "source_id": source, "target_id": target, "amount": self.random.random_range(1..200)});
        let mut terms = json!({});
        let kind = self.random.random_range(0..12);
        if kind >= 6 {
            request["source_id"] = Value::Null;
            request["target_id"] = Value::Null;
            request["amount"] = json!(self.amount(60));
        }
        match kind {
            0..4 => {
                if self.random.random_bool(0.2) {
                    terms["at_most"] = json!(true);
                } else if self.random.random_bool(0.3) {
                    terms["source_balance_min"] = json!(self.random.random_range(0..1_000));
                }
            }
            4..6 => {
                terms["kind"] = json!("hold");
                request["target_id"] = json!(Some(target).filter(|_| self.random.random_bool(0.5)));
                let seconds = [None, Some(1), Some(2)][self.random.random_range(0..3)];
                terms["expires_in"] = json!(seconds);
            }
            6..9 => {
                terms = json!({"kind": "capture", "subject_id": self.subject(|made| &made.holds)});
                request["target_id"] = json!(target);
                terms["is_final"] = json!(self.random.random_bool(0.3));
                terms["may_exceed"] = json!(self.random.random_bool(0.3));
            }
            9 => {
                let hold = self.subject(|made| &made.holds);
                let is_release = self.random.random_bool(0.5);
                terms = json!({"kind": if is_release { "release" } else { "adjustment" }, "subject_id": hold});
                request["amount"] = json!((!is_release).then_some(self.random.random_range(1..90)));
            }
            _ => {
                let original = self.subject(|made| &made.transfers);
                let at_most = self.random.random_bool(0.5);
                terms = json!({"kind": "reversal", "subject_id": original, "at_most": at_most});
            }
        }
        (request, terms)
    }

    /// Posts some requests in one call, the last ones perhaps as a group. Gives what was answered.
    async fn post(&mut self) -> Vec<Value> {
        let count = self.random.random_range(1..9);
        let mut items: Vec<_> = (0..count).map(|_| self.item()).collect();
        if count >= 2 && self.random.random_bool(0.4) {
            let first = self.random.random_range(0..count - 1);
            let (group, size) = (Uuid::new_v4(), count - first);
            for (place, (_, terms)) in items[first..].iter_mut().enumerate() {
                terms["group_id"] = json!(group);
                terms["group_place"] = json!(place + 1);
                terms["group_size"] = json!(size);
            }
        }
        let (requests, terms): (Vec<_>, Vec<_>) = items.into_iter().unzip();
        let is_dry_run = self.random.random_bool(0.05);
        let (requests, terms) = (Value::from(requests), Value::from(terms));
        let parameters: [&(dyn ToSql + Sync); 3] = [&requests, &terms, &is_dry_run];
        let rows = self.client.query(POST, &parameters).await;
        let rows = rows.expect("every outcome is data");
        let rows: Vec<Value> = rows.iter().map(|row| row.get(0)).collect();
        if is_dry_run {
            return Vec::new();
        }
        let mut made = self.made.lock().expect("no thread panics with it");
        for row in rows.iter().filter(|row| row["outcome"] == "posted") {
            let id: Option<Uuid> = row["id"].as_str().and_then(|id| id.parse().ok());
            match row["terms"]["kind"].as_str() {
                Some("hold") => made.holds.extend(id),
                None | Some("capture") => made.transfers.extend(id),
                _ => {}
            }
        }
        drop(made);
        rows
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_mixed_kinds_in_four_sessions_is_right_at_every_version() {
    let stack = Stack::start().await;
    let mut wallets = [Uuid::nil(); WALLETS];
    for wallet in &mut wallets {
        *wallet = stack.http.wallet(1_000).await;
    }
    let seed: u64 = rand::random();
    let made = Arc::new(Mutex::new(Made::default()));
    let mut sessions = Vec::new();
    for number in 0..SESSIONS {
        let client = stack.owner().await;
        let reason = client.batch_execute("set remit.reason = 'a test'");
        reason.await.expect("a setting");
        let mut session = Session {
            client,
            random: StdRng::seed_from_u64(seed + number),
            wallets,
            made: Arc::clone(&made),
        };
        sessions.push(tokio::spawn(async move {
            let (began, mut heard) = (Instant::now(), Vec::new());
            while began.elapsed() < STORM {
                heard.extend(session.post().await);
            }
            heard
        }));
    }
    let mut heard = Vec::new();
    for session in sessions {
        heard.extend(session.await.expect("no panic"));
    }

    let books = Books::read(&stack.owner().await).await;
    let kinds = books.check(&wallets);
    books.check_answers(&heard);
    for kind in [
        "transfer",
        "hold",
        "capture",
        "adjustment",
        "release",
        "expiry",
        "reversal",
    ] {
        assert!(kinds.contains(kind), "seed {seed}: no {kind} in the storm");
    }
    stack.verify().await;
}
