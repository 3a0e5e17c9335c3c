//! From where a session reads the outbox.

use testbed::poll::{SOON, eventually_true};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::relay::{POST_ONE, leading, relay};
use crate::restore::drain_all;
use crate::stand::{Stand, wallet};

/// A Remit whose outbox is empty, and a transfer that will add to it once it is committed.
async fn empty_for_now() -> (Stand, Client) {
    let stand = Stand::new().await;
    drain_all(&mut leading(&relay(&stand)).await).await;
    let open = open_transfer(&stand, stand.wallets).await;
    (stand, open)
}

/// A session that has posted and has not committed.
async fn open_transfer(stand: &Stand, [source, target]: [Uuid; 2]) -> Client {
    let session = stand.database.connect().await;
    session.batch_execute("begin").await.unwrap();
    let row = session.query_one(POST_ONE, &[&source, &target]).await;
    assert!(row.unwrap().get::<_, bool>(0), "it is posted");
    session
}

/// How many events a session reads, and its floor afterwards.
async fn read(session: &Client) -> (i64, i64) {
    let read = "select count(*) from remit_worker_v1.outbox_read(500)";
    let events = session.query_one(read, &[]).await.unwrap().get(0);
    let floor = "select (current_setting('remit.outbox_known')::bigint[])[1]";
    (events, session.query_one(floor, &[]).await.unwrap().get(0))
}

/// Waits until a session that reads so many events has a floor.
async fn await_floor(session: &Client, events: i64) {
    eventually_true(SOON, "the floor rises", async || {
        let (read, floor) = read(session).await;
        assert_eq!(read, events);
        floor > 0
    })
    .await;
}

#[tokio::test]
async fn a_session_that_finds_nothing_reads_from_behind_it_once_all_who_may_add_to_it_have_ended() {
    let (stand, open) = empty_for_now().await;
    let session = stand.database.connect().await;
    for _ in 0..3 {
        assert_eq!(read(&session).await, (0, 0));
    }
    open.batch_execute("rollback").await.unwrap();
    await_floor(&session, 0).await;
    stand.post(1).await;
    assert_eq!(read(&session).await.0, 1);
}

#[tokio::test]
async fn a_session_that_finds_nothing_does_not_pass_over_what_is_not_committed_yet() {
    let (stand, late) = empty_for_now().await;
    let session = stand.database.connect().await;
    assert_eq!(read(&session).await, (0, 0));
    // Of a number behind that of the late one.
    let others = [wallet(&stand.dba).await, wallet(&stand.dba).await];
    let gone = open_transfer(&stand, others).await;
    gone.batch_execute("rollback").await.unwrap();
    assert_eq!(read(&session).await, (2, 0), "the two initial balances");
    late.batch_execute("commit").await.unwrap();
    await_floor(&session, 3).await;
}
