//! The relay's lead belongs to a session of a worker's login, whatever other roles lock.

use remit_worker::contract::{Session, relay_is_active, relay_lead};
use testbed::poll::{SOON, eventually_true};

use crate::relay::relay;
use crate::stand::Stand;

/// The number of the advisory lock that the last leader took.
async fn number(stand: &Stand) -> i64 {
    let query = "select lock_number from remit.relay";
    stand.dba.query_one(query, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn no_other_role_takes_the_lead_or_keeps_it_from_a_worker() {
    let stand = Stand::new().await;
    let relay = relay(&stand);
    // As where no superuser has taken advisory locks from them.
    let allow = "do $$ declare f regprocedure; begin
                     for f in select oid from pg_proc where proname ~ '^pg_(try_)?advisory' loop
                         execute format('grant execute on function %s to public', f);
                     end loop; end $$";
    stand.dba.batch_execute(allow).await.unwrap();
    for role in ["remit_server", "remit_operator", "remit_auditor"] {
        let login = format!("alter role {role} password 'test'");
        stand.dba.batch_execute(&login).await.unwrap();
        let other = stand.database.connect_as(role).await;
        let take = format!("select pg_advisory_lock({})", number(&stand).await);
        other.batch_execute(&take).await.unwrap();
        let old = "select pg_advisory_lock(hashtextextended('remit relay', 0))";
        other.batch_execute(old).await.unwrap();
        let session = Session::connect_relay(&relay.postgres).await.unwrap();
        assert!(!relay_is_active(&session).await.unwrap(), "{role}");
        assert!(relay_lead(&session).await.unwrap(), "{role}");
        let standby = Session::connect_relay(&relay.postgres).await.unwrap();
        assert!(
            !relay_lead(&standby).await.unwrap(),
            "a second one stands by"
        );
        assert!(relay_is_active(&standby).await.unwrap(), "{role}");

        // It waits for the number that it sees, and gets it when the leader ends.
        let waits = stand.database.connect_as(role).await;
        let take = format!("select pg_advisory_lock({})", number(&stand).await);
        let waiting = tokio::spawn(async move { (waits.batch_execute(&take).await, waits) });
        let query = "select from pg_locks where locktype = 'advisory' and not granted";
        eventually_true(SOON, "it waits", async || {
            !stand.dba.query(query, &[]).await.unwrap().is_empty()
        })
        .await;
        drop(session);
        let (taken, _waits) = waiting.await.unwrap();
        taken.unwrap();
        assert!(!relay_is_active(&standby).await.unwrap(), "{role}");
        assert!(relay_lead(&standby).await.unwrap(), "{role}");
    }
}

#[tokio::test]
async fn the_worker_does_nothing_as_a_superuser() {
    let stand = Stand::new().await;
    let worker = stand.operator().start(&[]);
    for part in ["relay", "notifier"] {
        worker.await_interrupted(part, 1).await;
    }
    let said = worker.said("interrupted");
    assert!(said.iter().all(|line| {
        let cause = line["error"].as_str().unwrap();
        cause.contains("is a superuser") && cause.contains("remit_worker")
    }));
    assert!(worker.said("relay leads").is_empty());
}
