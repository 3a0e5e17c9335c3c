//! From where a session reads the outbox.

use tokio_postgres::Client;

use crate::relay::{POST_ONE, leading, relay};
use crate::restore::drain_all;
use crate::stand::{Stand, wallet};
use crate::support::poll::{SOON, eventually_true};

/// How many events a session reads, and its floor afterwards.
async fn read(session: &Client) -> (i64, i64) {
    let read = "select count(*) from remit_worker_v1.outbox_read(500)";
    let events = session.query_one(read, &[]).await.unwrap().get(0);
    let floor = "select (current_setting('remit.outbox_known')::bigint[])[1]";
    (events, session.query_one(floor, &[]).await.unwrap().get(0))
}

#[tokio::test]
async fn a_session_that_finds_nothing_reads_from_behind_it_once_all_who_may_add_to_it_have_ended() {
    let stand = Stand::new().await;
    stand.post(3).await;
    drain_all(&mut leading(&relay(&stand)).await).await;
    let [source, target] = [wallet(&stand.dba).await, wallet(&stand.dba).await];
    drain_all(&mut leading(&relay(&stand)).await).await;
    let mut other = stand.database.connect().await;
    let open = other.transaction().await.unwrap();
    open.query_one(POST_ONE, &[&source, &target]).await.unwrap();

    let session = stand.database.connect().await;
    for _ in 0..3 {
        assert_eq!(read(&session).await, (0, 0));
    }
    open.rollback().await.unwrap();
    eventually_true(SOON, "the floor rises", async || {
        let (events, floor) = read(&session).await;
        assert_eq!(events, 0);
        floor > 0
    })
    .await;
    stand.post(1).await;
    assert_eq!(read(&session).await.0, 1);
}

#[tokio::test]
async fn a_session_that_finds_nothing_does_not_pass_over_what_is_not_committed_yet() {
    let stand = Stand::new().await;
    let [source, target] = [wallet(&stand.dba).await, wallet(&stand.dba).await];
    drain_all(&mut leading(&relay(&stand)).await).await;
    let mut other = stand.database.connect().await;
    let late = other.transaction().await.unwrap();
    late.query_one(POST_ONE, &[&source, &target]).await.unwrap();

    let session = stand.database.connect().await;
    assert_eq!(read(&session).await, (0, 0));
    // Of a number behind that of the late one.
    let mut third = stand.database.connect().await;
    let [source, target] = [wallet(&stand.dba).await, wallet(&stand.dba).await];
    let gone = third.transaction().await.unwrap();
    gone.query_one(POST_ONE, &[&source, &target]).await.unwrap();
    gone.rollback().await.unwrap();
    let (events, floor) = read(&session).await;
    assert_eq!((events, floor), (2, 0), "the two initial balances");
    late.commit().await.unwrap();
    eventually_true(SOON, "the floor rises to the late one", async || {
        let (events, floor) = read(&session).await;
        assert_eq!(events, 3);
        floor > 0
    })
    .await;
}
