//! What most tests need: a server process with a database and a Redis of its own.

use std::path::{Path, PathBuf};

use remit::http::idempotency_key::IdempotencyKey;
use serde_json::Value;
use testbed::cache;
use testbed::http::Http;
use testbed::poll::{SOON, eventually, eventually_true};
use testbed::postgres::Database;
use testbed::program::{lines, new_log};
use testbed::redis::RedisServer;
use testbed::server::Server;
use tokio_postgres::Client;
use uuid::Uuid;

/// A server and what it works with. Dropped in this order.
pub struct Stack {
    pub server: Server,
    pub http: Http,
    pub database: Database,
    pub redis: RedisServer,
    pub log: PathBuf,
}

impl Stack {
    /// All parts, running.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with more variables, or others.
    pub async fn start_with(variables: &[(&'static str, String)]) -> Self {
        let (database, redis) = (
            Database::create().await,
            RedisServer::start("remit-server").await,
        );
        cache::open(&database.connect().await, &redis).await;
        let log = serve_log();
        let server = Self::server(&database, &redis, variables, &log).await;
        Self {
            http: server.http.clone(),
            server,
            database,
            redis,
            log,
        }
    }

    /// A server that never meets a Redis.
    pub async fn start_without_redis() -> Self {
        let nobody = "redis://:none@127.0.0.1:1/0".to_owned();
        Self::start_with(&[("REDIS_URL", nobody)]).await
    }

    /// Another server process on the same database and Redis.
    pub async fn second_server(&self) -> Server {
        Self::server(&self.database, &self.redis, &[], &self.log).await
    }

    /// The same with more variables, or others.
    pub async fn second_server_with(&self, variables: &[(&'static str, String)]) -> Server {
        Self::server(&self.database, &self.redis, variables, &self.log).await
    }

    /// Kills the server and starts another in its place, with these variables more or others.
    pub async fn restart_with(&mut self, variables: &[(&'static str, String)]) {
        self.server.kill();
        self.server = Self::server(&self.database, &self.redis, variables, &self.log).await;
        self.http = self.server.http.clone();
    }

    async fn server(
        database: &Database,
        redis: &RedisServer,
        variables: &[(&'static str, String)],
        log: &Path,
    ) -> Server {
        let mut all = vec![
            ("DATABASE_URL", database.url("remit_server")),
            ("REDIS_URL", redis.url()),
            ("REMIT_LOG", "debug".to_owned()),
        ];
        all.extend_from_slice(variables);
        Server::start(env!("CARGO_BIN_EXE_remit"), &all, log).await
    }

    /// A session of the database's owner.
    pub async fn owner(&self) -> Client {
        self.database.connect().await
    }

    /// Locks a wallet in a session of its own, as a DBA's open transaction does.
    pub async fn hold(&self, wallet_id: Uuid) -> Held {
        let session = self.owner().await;
        session.batch_execute("begin").await.expect("a transaction");
        let lock = "select from remit.wallets where id = $1 for update";
        let locked = session.execute(lock, &[&wallet_id]).await;
        assert_eq!(locked.expect("the wallet is free"), 1);
        Held { session }
    }

    /// Freezes a wallet or lets it go, as an operator does in psql.
    pub async fn operate(&self, function: &str, wallet_id: Uuid) {
        let session = self.operator().await;
        let call = format!("select from remit_ops_v1.{function}(1, $1, 'a test')");
        let done = session.execute(&call, &[&wallet_id]).await;
        done.expect("an operator may do this");
    }

    /// A session with an operator's rights.
    pub async fn operator(&self) -> Client {
        let session = self.owner().await;
        let role = session.batch_execute("set role remit_operator").await;
        role.expect("the owner may play any part");
        session
    }

    /// Where Redis has the answer to the idempotency key of a transfer.
    pub async fn answer_place(&self, key: &str) -> String {
        let id = IdempotencyKey::of_path(key).expect("a good key").id();
        let place = cache::place(&self.owner().await).await;
        format!("{place}:key:1:transfer:{id}")
    }

    /// The key of a wallet of ledger 1 in the cache.
    pub async fn wallet_place(&self, wallet_id: Uuid) -> String {
        cache::wallet_key(&self.owner().await, 1, wallet_id).await
    }

    /// Asserts that the books are right, by the database's own verifier.
    pub async fn verify(&self) {
        let rows = self
            .owner()
            .await
            .query("select v::text from remit_ops_v1.verify() v", &[])
            .await;
        let violations: Vec<String> = rows
            .expect("verify answers")
            .iter()
            .map(|row| row.get(0))
            .collect();
        assert!(violations.is_empty(), "{violations:?}");
    }

    /// Waits until so many transfers wait for wallets that another session holds: the server tries
    /// them again and again, all in one call.
    pub async fn wait_for_waiting(&self, transfers: u32) {
        let mut last = self.calls().await;
        eventually_true(SOON, "the transfers wait", async || {
            let now = self.calls().await;
            let (calls, requests) = (now.0 - last.0, now.1 - last.1);
            last = now;
            calls > 0.0 && requests >= calls * f64::from(transfers)
        })
        .await;
    }

    /// How many calls of `transfers_post` there were, and how many requests they had.
    async fn calls(&self) -> (f64, f64) {
        let name = "remit_transfers_call_requests";
        let count = self.http.metric(&format!("{name}_count")).await;
        (count, self.http.metric(&format!("{name}_sum")).await)
    }

    /// Asserts that there is one transfer besides the initial balance of its source, one event of
    /// each, and this balance of its target.
    pub async fn assert_one_transfer(&self, target: Uuid, balance: i64) {
        assert_eq!(self.http.balance(target).await, balance);
        assert_eq!(self.count("transfers").await, 2);
        assert_eq!(self.journal_events().await, 2);
        self.verify().await;
    }

    /// How many rows a table of the schema `remit` has.
    pub async fn count(&self, table: &str) -> i64 {
        let row = self
            .owner()
            .await
            .query_one(&format!("select count(*) from remit.{table}"), &[])
            .await;
        row.expect("the table is there").get(0)
    }

    /// How many events of the journal wait in the outbox.
    pub async fn journal_events(&self) -> i64 {
        let query = "select count(*) from remit.outbox o, unnest(o.types) t where remit.event_is_of_journal(t)";
        let row = self.owner().await.query_one(query, &[]).await;
        row.expect("the table is there").get(0)
    }

    /// The lines of the server's log, once it tells of this request. A thread writes them a little
    /// later than the answer.
    pub async fn log_lines(&self, request_id: &str) -> Vec<Value> {
        eventually(SOON, "the request is in the log", async || {
            let lines = lines(&self.log);
            let text = lines.iter().find(|line| !line["text"].is_null());
            assert_eq!(text, None, "a line of the log is no JSON");
            let is_there = lines.iter().any(|line| line["request_id"] == request_id);
            is_there.then_some(lines)
        })
        .await
    }
}

/// A locked wallet. It is free again when this is dropped or released.
pub struct Held {
    session: Client,
}

impl Held {
    /// Ends the transaction that holds the wallet.
    pub async fn release(self) {
        let ended = self.session.batch_execute("commit").await;
        ended.expect("the session is there");
    }
}

/// A new file for a server's log.
pub fn serve_log() -> PathBuf {
    new_log("serve")
}
