//! A gate behind one function of the API: while it is closed, a call has done its work and does not
//! return, so that a test can act between a query and what follows it.

use testbed::poll::{SOON, eventually_true};
use tokio_postgres::Client;

use crate::stack::Stack;

/// A gate of one database.
pub struct Gate {
    session: Client,
    function: String,
}

impl Gate {
    /// An open gate behind `transfers_post`: a held call has not committed.
    pub async fn behind_transfers_post(stack: &Stack) -> Self {
        let takes = [
            "bigint",
            "remit_v1.transfer_request[]",
            "bytea[]",
            "remit_v1.transfer_terms[] default null",
            "boolean default false",
            "text[] default null",
        ];
        Self::behind(stack, "transfers_post", &takes, "remit_v1.transfer_result").await
    }

    /// An open gate behind `wallets_get`: a held call has read.
    pub async fn behind_wallets_get(stack: &Stack) -> Self {
        let takes = ["bigint", "uuid[]", "bytea[]"];
        Self::behind(stack, "wallets_get", &takes, "remit_v1.wallet_result").await
    }

    /// An open gate behind `keys_get`: a held call has looked.
    pub async fn behind_keys_get(stack: &Stack) -> Self {
        let takes = ["bigint[]", "bytea[]"];
        Self::behind(stack, "keys_get", &takes, "remit_v1.caller").await
    }

    async fn behind(stack: &Stack, function: &str, takes: &[&str], result: &str) -> Self {
        let parameters = takes.join(", ");
        let type_of = |parameter: &&str| parameter.split(" default").next().map(str::to_owned);
        let types: Vec<String> = takes.iter().filter_map(type_of).collect();
        let types = types.join(", ");
        let values: Vec<String> = (1..=takes.len()).map(|n| format!("${n}")).collect();
        let values = values.join(", ");
        let session = stack.owner().await;
        session
            .batch_execute(&format!(
                "create sequence remit.{function}_calls;
                 create schema if not exists gated;
                 alter function remit_v1.{function}({types}) set schema gated;
                 create function remit_v1.{function}({parameters})
                     returns setof {result} language plpgsql security definer set lock_timeout = 0
                 as $$
                 begin
                     perform nextval('remit.{function}_calls');
                     return query select * from gated.{function}({values});
                     perform pg_advisory_xact_lock_shared(hashtext('{function}'));
                 end;
                 $$;
                 grant execute on function remit_v1.{function}({types}) to remit_server;"
            ))
            .await
            .expect("the function is there");
        Self {
            session,
            function: function.to_owned(),
        }
    }

    /// Holds calls from now on.
    pub async fn close(&self) {
        self.run("pg_advisory_lock").await;
    }

    /// Lets all calls go on.
    pub async fn open(&self) {
        self.run("pg_advisory_unlock").await;
    }

    /// Waits until a call is held.
    pub async fn wait_for_call(&self) {
        let query = "select exists (
            select from pg_locks l join pg_database d on d.oid = l.database
             where d.datname = current_database() and l.locktype = 'advisory' and not l.granted)";
        eventually_true(SOON, "a call is held at the gate", async || {
            let row = self.session.query_one(query, &[]).await;
            row.expect("the catalog can be read").get(0)
        })
        .await;
    }

    /// How many calls there were.
    pub async fn call_count(&self) -> i64 {
        let query = format!(
            "select case when is_called then last_value else 0 end from remit.{}_calls",
            self.function
        );
        let row = self.session.query_one(&query, &[]).await;
        row.expect("the sequence is there").get(0)
    }

    async fn run(&self, lock_function: &str) {
        let lock = format!("select {lock_function}(hashtext('{}'))", self.function);
        self.session
            .batch_execute(&lock)
            .await
            .expect("an advisory lock can be waited for");
    }
}
