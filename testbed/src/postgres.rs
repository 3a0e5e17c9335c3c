//! A database for each test, cloned from a template that is migrated once.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::process::Command;
use std::{fs, thread};

use tokio::sync::OnceCell;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config};
use uuid::Uuid;

use crate::install::{self, sql_files};
use crate::place::setting;
use crate::session;

/// The password of the roles `remit_server` and `remit_worker` on the tests' own server.
const ROLE_PASSWORD: &str = "test";
/// An admin's key of ledger 1, which is in the template and so in every database made from it.
pub const ADMIN_KEY: &str =
    "remit_1_00000000000000000000000000000000000000000000000000000000000000ad";
/// Held while a process makes the template, so that others wait for it instead of making it too.
const LOCK: &str = "select pg_advisory_lock(hashtextextended('remit test template', 0))";

/// A database of its own, dropped at the end.
pub struct Database {
    pub name: String,
    /// Connects as the owner, a superuser.
    pub owner: Config,
}

impl Database {
    /// A migrated database without data.
    pub async fn create() -> Self {
        static TEMPLATE: OnceCell<String> = OnceCell::const_new();
        let template = TEMPLATE.get_or_init(template).await;
        Self::create_from(template).await
    }

    /// A database that was never migrated.
    pub async fn create_empty() -> Self {
        Self::create_from("template1").await
    }

    async fn create_from(template: &str) -> Self {
        let name = format!("remit_test_{}", Uuid::new_v4().simple());
        let server = server();
        connect(&server)
            .await
            .batch_execute(&format!("create database {name} template {template}"))
            .await
            .expect("the template has no other users");
        connect(&server)
            .await
            // What a test does by hand has a reason.
            .batch_execute(&format!(
                "alter database {name} set remit.reason = 'a test'"
            ))
            .await
            .expect("the tests' login is a superuser");
        let mut owner = server;
        owner.dbname(&name);
        Self { name, owner }
    }

    /// The URL of this database for a role. Any role but the owner has the tests' password.
    pub fn url(&self, role: &str) -> String {
        self.url_at(role, self.port())
    }

    /// The same through another port on loopback, such as a proxy's.
    pub fn url_at(&self, role: &str, port: u16) -> String {
        session::url(role, ROLE_PASSWORD, port, &self.name)
    }

    /// The same with TLS, at a name for loopback.
    pub fn url_with_tls(&self, role: &str, host: &str) -> String {
        let url = self.url(role).replace("@127.0.0.1:", &format!("@{host}:"));
        format!("{url}?sslmode=require")
    }

    /// The URL for the owner.
    pub fn owner_url(&self) -> String {
        url_of(&self.owner)
    }

    /// A program such as psql that connects as the owner. Its command line, which others can read,
    /// has no password.
    pub fn owner_program(&self, program: &str) -> Command {
        let (user, password) = login_of(&self.owner);
        let mut command = Command::new(program);
        command
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", self.port().to_string())
            .env("PGUSER", user)
            .env("PGPASSWORD", password)
            .env("PGDATABASE", &self.name);
        command
    }

    /// The port of the server on loopback.
    pub fn port(&self) -> u16 {
        port_of(&self.owner)
    }

    /// A connection as the owner.
    pub async fn connect(&self) -> Client {
        connect(&self.owner).await
    }

    /// A connection as a role, as psql would make it.
    pub async fn connect_as(&self, role: &str) -> Client {
        let config = self.url(role).parse().expect("the URL is well-formed");
        connect(&config).await
    }

    /// A connection as the owner that has taken on a role, for roles that do not log in.
    pub async fn connect_as_owner_in_role(&self, role: &str) -> Client {
        let client = self.connect().await;
        let set = format!("set role {role}");
        client.batch_execute(&set).await.expect("the role exists");
        client
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = self.name.clone();
        // A runtime of its own: the test's may be ending.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime needs nothing special");
            runtime.block_on(async {
                let statement = format!("drop database {name} with (force)");
                connect(&server()).await.batch_execute(&statement).await
            })
        });
        // What is left over disappears with the server; a second panic would hide the first.
        let _ = dropping.join();
    }
}

/// The server that `make test` starts.
fn server() -> Config {
    let config: Config = setting("REMIT_TEST_POSTGRES")
        .parse()
        .expect("REMIT_TEST_POSTGRES is a connection URL or string");
    let on_loopback = matches!(config.get_hosts(), [Host::Tcp(host)] if host == "127.0.0.1");
    assert!(
        on_loopback,
        "REMIT_TEST_POSTGRES names another host than 127.0.0.1"
    );
    config
}

async fn connect(config: &Config) -> Client {
    let connected = session::connect(config).await;
    connected.expect("PostgreSQL of `make test` answers")
}

/// The name of the template for these SQL files, made if it is not there.
async fn template() -> String {
    let name = format!("remit_test_template_{:016x}", sql_hash());
    let server = server();
    let client = connect(&server).await;
    client
        .batch_execute(LOCK)
        .await
        .expect("an advisory lock can be waited for");
    let row = client
        .query_one(
            "select count(*) > 0 from pg_database where datname = $1 and datistemplate",
            &[&name],
        )
        .await
        .expect("the catalog can be read");
    if !row.get::<_, bool>(0) {
        // Left by a process that was stopped while it made it.
        let again = format!("drop database if exists {name} with (force)");
        client.batch_execute(&again).await.expect("no one uses it");
        let create = format!("create database {name}");
        client.batch_execute(&create).await.expect("it is gone");
        let mut target = server;
        target.dbname(&name);
        let migrated =
            install::migrate(&install::fresh_remit(), &url_of(&target), ROLE_PASSWORD).await;
        migrated.unwrap_or_else(|error| panic!("the template cannot be migrated: {error}"));
        admin_key_insert(&connect(&target).await).await;
        // All tests at once are more servers and workers than one Remit has.
        let finish = format!(
            "alter role remit_server connection limit 190;
             alter role remit_worker connection limit 190;
             alter database {name} is_template true"
        );
        client.batch_execute(&finish).await.expect("it is there");
    }
    name
}

/// Lets `ADMIN_KEY` in. Its event is the first of the log, and has no reader any more.
pub async fn admin_key_insert(owner: &Client) {
    let insert = "with made as (
                      insert into remit.keys (ledger_id, name, scope, sha256)
                      values (1, 'the tests', 'admin', sha256(convert_to($1, 'UTF8')))
                      returning *
                  )
                  select remit.event_record(
                             m.ledger_id, 'key.created', m.id, remit.state_of_key(m::text::remit.keys), m.created_at)
                    from made m";
    let inserted = owner.execute(insert, &[&ADMIN_KEY]).await;
    inserted.expect("the database is migrated");
    let append = "select from remit_worker_v1.outbox_append(1);
                  select remit.cursors_move(array[(1, 'broker', 1), (1, 'cache', 1)]::remit_worker_v1.cursor[])";
    let appended = owner.batch_execute(append).await;
    appended.expect("the event waits");
}

/// User and password.
fn login_of(config: &Config) -> (&str, &str) {
    let user = config.get_user().expect("the setting names a user");
    let password = config.get_password().unwrap_or_default();
    (
        user,
        str::from_utf8(password).expect("the password is text"),
    )
}

fn port_of(config: &Config) -> u16 {
    *config.get_ports().first().unwrap_or(&5432)
}

fn url_of(config: &Config) -> String {
    let (user, password) = login_of(config);
    let (port, name) = (port_of(config), config.get_dbname().unwrap_or_default());
    session::url(user, password, port, name)
}

/// A number that changes with any file that is applied.
fn sql_hash() -> u64 {
    let mut hasher = DefaultHasher::new();
    ADMIN_KEY.hash(&mut hasher);
    for file in sql_files() {
        file.hash(&mut hasher);
        let text = fs::read(&file).expect("the repository is readable");
        text.hash(&mut hasher);
    }
    hasher.finish()
}
