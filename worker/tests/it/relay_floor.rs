//! From where a relay reads the outbox.

use remit_worker::drain::{Drain, Drained};
use testbed::poll::{SOON, eventually_true};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::relay::{leading, relay};
use crate::stand::Stand;

/// A Remit whose outbox is empty, a relay that knows nothing yet, and a transfer that will add an
/// event once it is committed.
async fn empty_for_now() -> (Stand, Drain, Client) {
    let stand = Stand::new().await;
    let open = open_transfer(&stand, stand.wallets).await;
    let drain = leading(&relay(&stand)).await;
    (stand, drain, open)
}

/// A session that has posted and has not committed.
async fn open_transfer(stand: &Stand, sides: [Uuid; 2]) -> Client {
    let session = stand.connect_server().await;
    session.batch_execute("begin").await.unwrap();
    assert!(stand.post_one(&session, sides).await, "it is posted");
    session
}

/// What a step finds, and the floor afterwards.
async fn step(drain: &mut Drain) -> (Drained, i64) {
    let drained = drain.drain_once().await.unwrap();
    (drained, drain.intake.floor.id())
}

/// Waits until an idle relay has a floor above an id.
async fn await_floor(drain: &mut Drain, id: i64) {
    eventually_true(SOON, "the floor rises", async || {
        let (drained, floor_id) = step(drain).await;
        assert_eq!(drained, Drained::Empty);
        floor_id > id
    })
    .await;
}

async fn last_id(stand: &Stand) -> i64 {
    let last = "select max(id) from remit.outbox";
    stand.dba.query_one(last, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn an_idle_relay_reads_from_behind_what_has_left_once_all_who_may_add_to_it_have_ended() {
    let (stand, mut drain, open) = empty_for_now().await;
    for _ in 0..3 {
        assert_eq!(step(&mut drain).await, (Drained::Empty, 0));
    }
    open.batch_execute("rollback").await.unwrap();
    await_floor(&mut drain, 0).await;
    stand.post(1).await;
    let last_id = last_id(&stand).await;
    assert_eq!(drain.drain_once().await.unwrap(), Drained::Events(1));
    await_floor(&mut drain, last_id).await;
}

#[tokio::test]
async fn a_relay_that_finds_nothing_does_not_pass_over_what_is_not_committed_yet() {
    let (stand, mut drain, late) = empty_for_now().await;
    assert_eq!(step(&mut drain).await, (Drained::Empty, 0));
    // Of a number behind that of the late one.
    let others = stand.others().await;
    let gone = open_transfer(&stand, others).await;
    gone.batch_execute("rollback").await.unwrap();
    for _ in 0..3 {
        assert_eq!(step(&mut drain).await, (Drained::Empty, 0));
    }
    late.batch_execute("commit").await.unwrap();
    let last_id = last_id(&stand).await;
    assert_eq!(drain.drain_once().await.unwrap(), Drained::Events(1));
    await_floor(&mut drain, last_id).await;
}
