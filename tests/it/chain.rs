//! The chain over the journal, where sessions meet: late commits, relays that die, two that settle
//! at once.

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
const EVENT: &str = "select id from remit.outbox where subject_id = $1";
const SETTLE: &str = "select remit_worker_v1.outbox_settle(1, $1)";
/// What waits of what this session can see.
const SETTLE_ALL: &str =
    "select remit_worker_v1.outbox_settle(1, array(select id from remit.outbox order by id))";
const CHAINED: &str = "
    select c.id from remit.chain_blocks b, unnest(b.transfer_ids) with ordinality as c (id, place)
     where b.ledger_id = 1 order by b.block, c.place";
const WAITING: &str = "
    select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";

/// A database with wallets whose initial balances are chained.
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
        assert_eq!(settle_all(&owner).await, 4);
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

    async fn event(&self, transfer_id: Uuid) -> i64 {
        let row = self.owner.query_one(EVENT, &[&transfer_id]).await;
        row.expect("it waits in the outbox").get(0)
    }

    /// What is chained besides the initial balances, in order.
    async fn chained(&self) -> Vec<Uuid> {
        let rows = self.owner.query(CHAINED, &[]).await.expect("the chain");
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

async fn settle_all(session: &Client) -> i32 {
    let row = session.query_one(SETTLE_ALL, &[]).await;
    row.expect("the events are there").get(0)
}

#[tokio::test]
async fn a_late_commit_is_chained_when_it_comes() {
    let books = Books::new().await;
    let slow = books.database.connect().await;
    run(&slow, "begin").await;
    let late = books.post(&slow, 0, 1).await;
    let early = books.post(&books.owner, 2, 3).await;
    let early_event = books.event(early).await;
    assert_eq!(settle_all(&books.owner).await, 1);
    books.assert_right().await;
    run(&slow, "commit").await;
    // Its event has the lower id: who reads on from the last one would have skipped it.
    assert!(books.event(late).await < early_event);
    books.assert_right().await;
    assert_eq!(settle_all(&books.owner).await, 1);
    assert_eq!(books.chained().await, [early, late]);
    books.assert_right().await;
}

#[tokio::test]
async fn a_relay_that_dies_while_it_settles_has_chained_nothing() {
    let books = Books::new().await;
    let transfer = books.post(&books.owner, 0, 1).await;
    let relay = books.database.connect().await;
    run(&relay, "begin").await;
    assert_eq!(settle_all(&relay).await, 1);
    drop(relay);
    // Waits until the session that died has let go of the ledger.
    assert_eq!(settle_all(&books.owner).await, 1);
    assert_eq!(books.chained().await, [transfer]);
    books.assert_right().await;
}

#[tokio::test]
async fn two_that_settle_at_once_append_one_after_the_other() {
    let books = Books::new().await;
    let first = books.post(&books.owner, 0, 1).await;
    let second = books.post(&books.owner, 2, 3).await;
    let events = [books.event(first).await, books.event(second).await];
    let one = books.database.connect().await;
    run(&one, "begin").await;
    let settled = one.query_one(SETTLE, &[&vec![events[1]]]).await;
    assert_eq!(settled.expect("it is there").get::<_, i32>(0), 1);
    let other = books.database.connect().await;
    // Another event: what they share is the end of the chain alone.
    let late = tokio::spawn(async move { other.query_one(SETTLE, &[&vec![events[0]]]).await });
    eventually_true(SOON, "the other waits", async || {
        let row = books.owner.query_one(WAITING, &[]).await;
        row.expect("activity").get::<_, i64>(0) == 1
    })
    .await;
    run(&one, "commit").await;
    let settled = late.await.expect("no panic").expect("it had to wait only");
    assert_eq!(settled.get::<_, i32>(0), 1);
    assert_eq!(books.chained().await, [second, first]);
    let again = books.owner.query_one(SETTLE, &[&events.to_vec()]).await;
    assert_eq!(again.expect("nothing is left").get::<_, i32>(0), 0);
    books.assert_right().await;
}
