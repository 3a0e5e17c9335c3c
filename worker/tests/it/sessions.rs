//! What the worker's sessions must be, whatever a role, a database or a pooler would have them be.

use remit::base::tls::Trust;
use remit::sql::pools;
use remit_worker::contract::Session;
use testbed::pooler::{IGNORED, Pooler};

use crate::stand::Stand;

const PINNED: [(&str, &str, &str); 4] = [
    ("synchronous_commit", "off", "on"),
    (
        "default_transaction_isolation",
        "serializable",
        "read committed",
    ),
    ("default_transaction_read_only", "on", "off"),
    ("timezone", "Asia/Tokyo", "UTC"),
];

#[tokio::test]
async fn a_role_s_defaults_change_no_session_of_the_worker() {
    let stand = Stand::new().await;
    let name = &stand.database.name;
    for (setting, other, _) in PINNED {
        let set = format!("alter role remit_worker in database {name} set {setting} = '{other}'");
        stand.dba.batch_execute(&set).await.unwrap();
    }
    let url = stand.database.url("remit_worker");
    let config = pools::config(&url, "test", &Trust::default()).unwrap();
    let session = Session::connect(&config).await.unwrap();
    for (setting, _, value) in PINNED {
        let row = session.query_one(&format!("show {setting}"), &[]).await;
        assert_eq!(row.unwrap().get::<_, &str>(0), value, "{setting}");
    }
    // Read only, it could settle and record nothing.
    let _worker = stand.worker().start(&[]);
    stand.post(1).await;
    stand.await_recorded(1).await;
}

#[tokio::test]
async fn a_relay_takes_no_lead_in_a_session_that_a_pooler_lends() {
    let stand = Stand::new().await;
    for more in ["", IGNORED] {
        let pooler = Pooler::start(&stand.database, "transaction", more).await;
        let url = pooler.url(&stand.database, &stand.database.url("remit_worker"));
        let worker = stand.worker().with("DATABASE_URL", url).start(&["--relay"]);
        worker.await_interrupted("relay", 2).await;
        let said = worker.said("interrupted");
        let cause = said[0]["error"].as_str().unwrap();
        let is_named = cause.contains("unsupported startup parameter") || cause.contains("pooler");
        assert!(is_named, "{cause}");
        assert!(worker.said("relay leads").is_empty());
    }
}
