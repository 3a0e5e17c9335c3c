//! The log, where sessions meet: late commits, relays that die, two that append at once.

use testbed::poll::{SOON, eventually_true};
use testbed::postgres::Database;
use tokio_postgres::Client;
use uuid::Uuid;

const USER: &str = "select (remit_v1.user_create(1, row(null, 'Ada', null, null, null)::remit_v1.user_request)).id";
const WALLET: &str = "
    select (remit_v1.wallet_create(1, row(null, $1::uuid, 'USD', 100, 0, null, null, null)::remit_v1.wallet_request)).id";
const TRANSFER: &str = "
    select t.outcome = 'posted' from remit_v1.transfers_post(1, array[
        row($1::uuid, $2::uuid, $3::uuid, 1, null, null, null, null)::remit_v1.transfer_request]) t";
const NUMBER: &str = "select id from remit.outbox where $1 = any (subject_ids)";
/// What waits of what this session can see. What is not of the journal does not count.
const APPEND: &str = "select count(*) from remit_worker_v1.outbox_append(1000) e where e.transfer is distinct from null";
const LOGGED: &str = "
    select e.subject_id from remit.log_slice(1, 0, remit.log_position(1)) e
     where e.transfer is distinct from null order by e.position";
const WAITING: &str = "
    select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";

/// A database with wallets whose initial balances are in the log.
struct Books {
    database: Database,
    owner: Client,
    wallets: Vec<Uuid>,
}

impl Books {
    async fn new() -> Self {
        let database = Database::create().await;
        let owner = database.connect().await;
        let user: Uuid = owner.query_one(USER, &[]).await.expect("a user").get(0);
        let mut wallets = Vec::new();
        for _ in 0..4 {
            let row = owner.query_one(WALLET, &[&user]).await;
            wallets.push(row.expect("a wallet").get(0));
        }
        assert_eq!(append(&owner).await, 4);
        Self {
            database,
            owner,
            wallets,
        }
    }

    /// A transfer between two wallets, on this session.
    async fn post(&self, session: &Client, source: usize, target: usize) -> Uuid {
        let id = Uuid::new_v4();
        let (source, target) = (self.wallets[source], self.wallets[target]);
        let row = session.query_one(TRANSFER, &[&id, &source, &target]).await;
        assert!(row.expect("the call is good").get::<_, bool>(0));
        id
    }

    async fn number(&self, transfer_id: Uuid) -> i64 {
        let row = self.owner.query_one(NUMBER, &[&transfer_id]).await;
        row.expect("it waits in the outbox").get(0)
    }

    /// What is in the log besides the initial balances, in order.
    async fn logged(&self) -> Vec<Uuid> {
        let rows = self.owner.query(LOGGED, &[]).await.expect("the log");
        rows.iter().skip(4).map(|row| row.get(0)).collect()
    }

    async fn assert_right(&self) {
        let violations = "select v::text from remit_ops_v1.verify() v";
        let rows = self.owner.query(violations, &[]).await.expect("verify");
        let violations: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert!(violations.is_empty(), "{violations:?}");
    }
}

async fn run(session: &Client, statement: &str) {
    let done = session.batch_execute(statement).await;
    done.expect("the owner may do this");
}

async fn append(session: &Client) -> i64 {
    let row = session.query_one(APPEND, &[]).await;
    row.expect("the events are there").get(0)
}

#[tokio::test]
async fn a_late_commit_is_in_the_log_when_it_comes() {
    let books = Books::new().await;
    let slow = books.database.connect().await;
    run(&slow, "begin").await;
    let late = books.post(&slow, 0, 1).await;
    let early = books.post(&books.owner, 2, 3).await;
    let early_event = books.number(early).await;
    assert_eq!(append(&books.owner).await, 1);
    books.assert_right().await;
    run(&slow, "commit").await;
    // Its event has the lower id: who reads on from the last one would have skipped it.
    assert!(books.number(late).await < early_event);
    books.assert_right().await;
    assert_eq!(append(&books.owner).await, 1);
    assert_eq!(books.logged().await, [early, late]);
    books.assert_right().await;
}

#[tokio::test]
async fn a_relay_that_dies_while_it_appends_has_appended_nothing() {
    let books = Books::new().await;
    let transfer = books.post(&books.owner, 0, 1).await;
    let relay = books.database.connect().await;
    run(&relay, "begin").await;
    assert_eq!(append(&relay).await, 1);
    drop(relay);
    // Waits until the session that died has let go of the ledger.
    assert_eq!(append(&books.owner).await, 1);
    assert_eq!(books.logged().await, [transfer]);
    books.assert_right().await;
}

#[tokio::test]
async fn two_that_append_at_once_append_one_after_the_other() {
    let books = Books::new().await;
    let first = books.post(&books.owner, 0, 1).await;
    let one = books.database.connect().await;
    run(&one, "begin").await;
    assert_eq!(append(&one).await, 1);
    let second = books.post(&books.owner, 2, 3).await;
    let other = books.database.connect().await;
    let late = tokio::spawn(async move { append(&other).await });
    eventually_true(SOON, "the other waits", async || {
        let row = books.owner.query_one(WAITING, &[]).await;
        row.expect("activity").get::<_, i64>(0) == 1
    })
    .await;
    run(&one, "commit").await;
    assert_eq!(late.await.expect("it had to wait only"), 1);
    assert_eq!(books.logged().await, [first, second]);
    assert_eq!(append(&books.owner).await, 0);
    books.assert_right().await;
}
