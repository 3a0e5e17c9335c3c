//! A stand of servers for one test, workers on it, and events to work on.

use std::time::Duration;

use serde_json::{Value, json};
use testbed::cache;
use testbed::poll::{SOON, eventually, eventually_true};
use testbed::postgres::Database;
use testbed::program::{Process, Recipe, new_log};
use testbed::rabbitmq::RabbitVhost;
use testbed::redis::RedisServer;
use tokio_postgres::{Client, GenericClient};
use uuid::Uuid;

pub const NOTIFICATIONS: &str = "remit.notifications";
pub const DEAD: &str = "remit.notifications.dead";

/// Servers of a test's own, and a connection as a DBA. All that was done so far is in the log and
/// behind the cursors.
pub struct Stand {
    pub database: Database,
    pub vhost: RabbitVhost,
    pub redis: RedisServer,
    pub dba: Client,
    /// A server's connection, whose transfers are in no audit log, and the digest of its API key.
    server: Client,
    key: Vec<u8>,
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
        let key = "select sha256(convert_to((remit_v1.key_create(
                       1, row('test', 'service', null, null)::remit_v1.key_request, 'a test')).secret, 'UTF8'))";
        let key = dba.query_one(key, &[]).await.unwrap().get(0);
        settle(&dba).await;
        Self {
            vhost: RabbitVhost::create().await,
            redis,
            server: database.connect_as("remit_server").await,
            database,
            dba,
            key,
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
        self.server
            .execute(
                "select remit_v1.transfers_post(1, array(
                     select row(id, $2::uuid, $3::uuid, 1, null, null, null, 'request-' || place)::remit_v1.transfer_request
                       from unnest($1::uuid[]) with ordinality as t (id, place)),
                     array_fill($4::bytea, array[cardinality($1::uuid[])]))",
                &[&ids, &source, &target, &self.key],
            )
            .await
            .unwrap();
        ids
    }

    /// Posts one between two wallets, on a connection as this server's. Whether it was posted: a
    /// wallet may be busy.
    pub async fn post_one(&self, server: &impl GenericClient, [source, target]: [Uuid; 2]) -> bool {
        let post = "
            select (t).outcome = 'posted'
              from remit_v1.transfers_post(1, array[
                       row(gen_random_uuid(), $1::uuid, $2::uuid, 1, null, null, null, null)::remit_v1.transfer_request],
                       array[$3::bytea]) t";
        let posted = server.query_one(post, &[&source, &target, &self.key]).await;
        posted.unwrap().get(0)
    }

    /// Another connection as this server's.
    pub async fn connect_server(&self) -> Client {
        self.database.connect_as("remit_server").await
    }

    /// Two more wallets, of which nothing is left to publish.
    pub async fn others(&self) -> [Uuid; 2] {
        let others = [wallet(&self.dba).await, wallet(&self.dba).await];
        settle(&self.dba).await;
        others
    }

    /// Ends all sessions of workers with the database.
    pub async fn terminate_workers(&self) {
        let terminate = "select pg_terminate_backend(pid) from pg_stat_activity
                          where datname = current_database() and usename = 'remit_worker'";
        self.dba.execute(terminate, &[]).await.unwrap();
    }

    /// How many events of the outbox and of the log the broker has not confirmed, as far as
    /// PostgreSQL knows. What operators do is left out.
    pub async fn unpublished(&self) -> usize {
        let query = "
            select count(*)
              from (select unnest(o.types)::text as type from remit.outbox o
                    union all
                    select e.type
                      from remit.ledgers l
                      left join remit.cursors c on c.ledger_id = l.ledger_id and c.channel = 'broker',
                           remit.log_slice(l.ledger_id, coalesce(c.position, 0), remit.log_position(l.ledger_id)) e) t
             where type <> 'operator.acted'";
        let row = self.dba.query_one(query, &[]).await.unwrap();
        usize::try_from(row.get::<_, i64>(0)).unwrap()
    }

    /// Waits until the broker has confirmed all events.
    pub async fn await_published(&self, within: Duration) {
        eventually_true(within, "all events are published", async || {
            self.unpublished().await == 0
        })
        .await;
    }

    /// How many rows the outbox has.
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
                alter domain remit.event_data drop constraint event_data_is_small;
            end;
            $$";
        self.dba.batch_execute(lift).await.unwrap();
    }

    /// Asserts that so many transfers are in the journal, each of them in the log once, and that
    /// the books are right.
    pub async fn assert_logged(&self, count: i64) {
        let query = "
            select (select count(*) from remit.transfers),
                   (select count(*) from remit.log_blocks b, unnest(b.types) t where remit.event_is_of_journal(t)),
                   (select count(*) from remit_ops_v1.verify())";
        let row = self.dba.query_one(query, &[]).await.unwrap();
        let counts: [i64; 3] = [0, 1, 2].map(|place| row.get(place));
        assert_eq!(counts, [count, count, 0]);
    }

    /// The transfers and wallets of which a notification is recorded, with the number of attempts.
    pub async fn recorded(&self) -> Vec<(Uuid, i32)> {
        let query =
            "select subject_id, attempts from remit.notifications where type <> 'operator.acted'";
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

    /// Waits until a queue holds so many messages, and gives their bodies. What operators do is
    /// left out.
    pub async fn await_events(&self, queue: &str, count: usize) -> Vec<Value> {
        let what = format!("{count} messages in {queue}");
        eventually(SOON, &what, async || {
            let messages = self.vhost.messages(queue).await?;
            let mut events: Vec<Value> = messages.iter().map(|m| m.json()).collect();
            events.retain(|event| event["type"] != "remit.operator.acted");
            (events.len() >= count).then_some(events)
        })
        .await
    }
}

/// Puts all events that there are behind the cursors, as if they had been published.
pub async fn settle(dba: &Client) {
    let settle = "
        select count(*) from remit_worker_v1.outbox_append(10000);
        select remit_worker_v1.cursors_confirm(array(
            select row(l.ledger_id, c.channel, remit.log_position(l.ledger_id))::remit_worker_v1.cursor
              from remit.ledgers l, unnest(array['broker', 'cache']) as c (channel)))";
    dba.batch_execute(settle).await.unwrap();
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
