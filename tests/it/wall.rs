//! The wall around the database, as an attacker meets it who has the server's login: what
//! tests/sql/wall.sql cannot show, as it needs a session of its own.

use remit::sql::migrate;
use testbed::postgres::Database;
use tokio_postgres::error::SqlState;

#[tokio::test]
async fn the_servers_login_becomes_nobody_else() {
    let database = Database::create_empty().await;
    let migrated = migrate::run(
        &database.owner.clone().into(),
        &migrate::Passwords::default(),
        |_| {},
    )
    .await;
    assert!(migrated.is_ok(), "{:?}", migrated.err());
    let server = database.connect_as("remit_server").await;
    let owner = database.connect().await;
    let pid: i32 = owner
        .query_one("select pg_backend_pid()", &[])
        .await
        .expect("a session has a process")
        .get(0);
    for statement in [
        "set session authorization remit_operator".to_owned(),
        "set role remit_worker".to_owned(),
        "alter system set fsync = off".to_owned(),
        "create database mine".to_owned(),
        "create temporary table mine (x integer)".to_owned(),
        format!("select pg_terminate_backend({pid})"),
        "select remit_v1.ledger_get(1)".to_owned(),
        "select from remit.wallets".to_owned(),
    ] {
        let refusal = server.batch_execute(&statement).await;
        let error = refusal.expect_err(&statement);
        let state = error.code().expect("the database answers").clone();
        let unauthenticated = SqlState::from_code("WL016");
        assert!(
            state == SqlState::INSUFFICIENT_PRIVILEGE || state == unauthenticated,
            "{statement}: {state:?}"
        );
    }
    owner.batch_execute("").await.expect("it was not ended");
}
