//! A stand of servers for one test, workers on it, and events to work on.

use serde_json::{Value, json};
use testbed::cache;
use testbed::poll::{SOON, eventually};
use testbed::postgres::Database;
use testbed::program::{Process, Recipe, new_log};
use testbed::rabbitmq::RabbitVhost;
use testbed::redis::RedisServer;
use tokio_postgres::Client;
use uuid::Uuid;

pub const NOTIFICATIONS: &str = "remit.notifications";
pub const DEAD: &str = "remit.notifications.dead";

/// Servers of a test's own, and a connection as a DBA.
pub struct Stand {
    pub database: Database,
    pub vhost: RabbitVhost,
    pub redis: RedisServer,
    pub dba: Client,
    /// Two wallets with a balance each.
    pub wallets: [Uuid; 2],
}

/// Leaves in the cache what a reader's lease does: wallets that nobody reads are not written.
pub async fn somebody_reads(dba: &Client, redis: &RedisServer, wallets: [Uuid; 2]) {
    for wallet in wallets {
        redis::cmd("HSETNX")
            .arg(cache::wallet_key(dba, 1, wallet).await)
            .arg("version")
            .arg(-1)
            .exec_async(&mut redis.connect().await)
            .await
            .unwrap();
    }
}

impl Stand {
    pub async fn new() -> Self {
        let database = Database::create().await;
        let dba = database.connect().await;
        let wallets = [wallet(&dba).await, wallet(&dba).await];
        let redis = RedisServer::start("remit-worker").await;
        cache::open(&dba, &redis).await;
        Self {
            database,
            vhost: RabbitVhost::create().await,
            redis,
            dba,
            wallets,
        }
    }

    /// A queue that gets a copy of every event. Declares the exchange as the worker does.
    pub async fn tap(&self) -> String {
        self.vhost.exchange("remit.events").await;
        self.vhost.tap("remit.events", "#").await
    }

    /// A worker's environment: its variables can be replaced.
    pub fn worker(&self) -> Worker {
        Worker {
            variables: vec![
                ("DATABASE_URL", self.database.url("remit_worker")),
                ("REDIS_URL", self.redis.url()),
                ("AMQP_URL", self.vhost.url()),
                ("NOTIFY_BACKOFF_MS", "50".to_owned()),
            ],
        }
    }

    /// The program as a person runs it who may send dead letters again.
    pub fn operator(&self) -> Worker {
        let login = self.database.owner_url();
        self.worker().with("DATABASE_URL", &login)
    }

    /// Leaves in the cache what the lease of a reader of both wallets does.
    pub async fn somebody_reads(&self) {
        somebody_reads(&self.dba, &self.redis, self.wallets).await;
    }

    /// Posts transfers of 1 between the two wallets, one call for all, with the request id
    /// `request-1`, ….
    pub async fn post(&self, count: usize) -> Vec<Uuid> {
        let ids: Vec<Uuid> = (0..count).map(|_| Uuid::new_v4()).collect();
        let [source, target] = self.wallets;
        self.dba
            .execute(
                "select remit_v1.transfers_post(1, array(
                     select row(id, $2::uuid, $3::uuid, 1, null, null, null, 'request-' || place)::remit_v1.transfer_request
                       from unnest($1::uuid[]) with ordinality as t (id, place)))",
                &[&ids, &source, &target],
            )
            .await
            .unwrap();
        ids
    }

    /// Ends all sessions of workers with the database.
    pub async fn terminate_workers(&self) {
        let terminate = "select pg_terminate_backend(pid) from pg_stat_activity
                          where datname = current_database() and usename = 'remit_worker'";
        self.dba.execute(terminate, &[]).await.unwrap();
    }

    /// How many events wait in the outbox.
    pub async fn outbox_depth(&self) -> usize {
        let query = "select count(*) from remit.outbox";
        let row = self.dba.query_one(query, &[]).await.unwrap();
        usize::try_from(row.get::<_, i64>(0)).unwrap()
    }

    /// Lets the outbox hold what no function writes to it.
    pub async fn lift_the_bounds_of_the_outbox(&self) {
        let lift = "
            do $$
            declare
                name text;
            begin
                for name in select conname from pg_constraint
                             where conrelid = 'remit.outbox'::regclass and contype = 'c' loop
                    execute format('alter table remit.outbox drop constraint %I', name);
                end loop;
                alter domain remit.short_request_id drop constraint request_id_is_short;
            end;
            $$";
        self.dba.batch_execute(lift).await.unwrap();
    }

    /// Asserts that so many transfers are in the journal, each of them chained once, and that the
    /// books are right.
    pub async fn assert_chained(&self, count: i64) {
        let query = "
            select (select count(*) from remit.transfers),
                   (select sum(cardinality(b.transfer_ids))::bigint from remit.chain_blocks b),
                   (select count(*) from remit_ops_v1.verify())";
        let row = self.dba.query_one(query, &[]).await.unwrap();
        let counts: [i64; 3] = [0, 1, 2].map(|place| row.get(place));
        assert_eq!(counts, [count, count, 0]);
    }

    /// The transfers and wallets of which a notification is recorded, with the number of attempts.
    pub async fn recorded(&self) -> Vec<(Uuid, i32)> {
        let query = "select subject_id, attempts from remit.notifications";
        let rows = self.dba.query(query, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// Waits until so many notifications are recorded.
    pub async fn await_recorded(&self, count: usize) -> Vec<(Uuid, i32)> {
        let what = format!("{count} notifications recorded");
        eventually(SOON, &what, async || {
            let recorded = self.recorded().await;
            (recorded.len() >= count).then_some(recorded)
        })
        .await
    }

    /// Waits until a queue holds so many messages, and gives their bodies.
    pub async fn await_events(&self, queue: &str, count: usize) -> Vec<Value> {
        let what = format!("{count} messages in {queue}");
        eventually(SOON, &what, async || {
            let messages = self.vhost.messages(queue).await?;
            (messages.len() >= count).then(|| messages.iter().map(|m| m.json()).collect())
        })
        .await
    }
}

/// A user with a wallet that holds money.
pub async fn wallet(dba: &Client) -> Uuid {
    let query = "
        select (remit_v1.wallet_create(1, row(null, u.id, 'EUR', 1000000, 0, null, null, null)::remit_v1.wallet_request)).id
          from remit_v1.user_create(1, row(null, 'Ann', null, null, null)::remit_v1.user_request) u";
    dba.query_one(query, &[]).await.unwrap().get(0)
}

/// A message body as the relay writes it.
pub fn cloud_event(event_id: Uuid) -> Vec<u8> {
    let body = json!({
        "specversion": "1.0", "id": event_id.to_string(), "source": "/ledgers/1",
        "type": "remit.transfer.posted", "subject": Uuid::new_v4().to_string(),
        "time": "2025-11-22T21:30:00Z", "datacontenttype": "application/json", "data": {},
    });
    body.to_string().into_bytes()
}

/// How to start workers.
pub struct Worker {
    variables: Vec<(&'static str, String)>,
}

impl Worker {
    /// Sets or replaces a variable.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.variables.push((name, value.to_string()));
        self
    }

    /// Starts the program in the background.
    pub fn start(&self, arguments: &[&str]) -> Process {
        Process::start(&self.recipe(arguments)).unwrap()
    }

    /// Runs the program to its end: exit code, standard output and standard error.
    pub fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.recipe(arguments).output().unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    /// Runs the program to its end and reads its lines of JSON.
    pub fn run_for_lines(&self, arguments: &[&str]) -> Vec<Value> {
        let (code, output, errors) = self.run(arguments);
        assert_eq!(code, 0, "{errors}");
        let lines = output.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn recipe(&self, arguments: &[&str]) -> Recipe {
        let program = env!("CARGO_BIN_EXE_remit-worker");
        Recipe::new(program, arguments, &new_log("worker")).with(&self.variables)
    }
}
