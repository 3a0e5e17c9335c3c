//! A PostgreSQL server of a test's own, which it may restart and crash.

use std::path::PathBuf;
use std::process::Child;

use tokio_postgres::{Client, Config};

use crate::folder::{Folder, owned_folder, run_as_owner};
use crate::install;
use crate::poll::{SOON, eventually, eventually_true};
use crate::port::free_port;
use crate::postgres::admin_key_insert;
use crate::process::{children, is_moving, signal};
use crate::session::{self, connect};

/// As in stack/lib.sh: Debian does not put these programs on the path.
pub const BIN: &str = "/usr/lib/postgresql/15/bin";
const PASSWORD: &str = "test";

/// How a server is made to end.
#[derive(Debug, Clone, Copy)]
pub enum End {
    /// Sessions end, then everything is written.
    Fast,
    /// At once: the next start recovers from the log.
    Crash,
}

/// A server on loopback with one superuser, `remit`, and passwords for everybody. What is committed
/// is on disk, as it is in earnest. Killed at the end.
pub struct Cluster {
    pub port: u16,
    /// Holds `data` and what else belongs to the server.
    pub folder: PathBuf,
    settings: Vec<String>,
    child: Option<Child>,
}

impl Cluster {
    /// Makes a server and waits until it answers.
    pub async fn start() -> Self {
        Self::start_with(owned_folder("cluster"), vec![]).await
    }

    /// The same in a new folder of the owner's, with further settings, such as `archive_mode=on`.
    pub async fn start_with(folder: PathBuf, settings: Vec<String>) -> Self {
        let path = |name: &str| folder.join(name).display().to_string();
        let written = Folder::of_tests().write(&folder.join("password"), PASSWORD.as_bytes());
        written.unwrap_or_else(|error| panic!("{error}"));
        run_as_owner(
            &format!("{BIN}/initdb"),
            &[
                "--no-sync",
                "--username=remit",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--auth=scram-sha-256",
                &format!("--pwfile={}", path("password")),
                &format!("--pgdata={}", path("data")),
            ],
        );
        let mut cluster = Self::of_data(folder, settings);
        cluster.resume().await;
        cluster
    }

    /// A server on data that are there already. It does not run.
    pub fn of_data(folder: PathBuf, settings: Vec<String>) -> Self {
        Self {
            port: free_port(),
            folder,
            settings,
            child: None,
        }
    }

    /// Starts the server again after `stop`, and waits until it answers.
    pub async fn resume(&mut self) {
        let settings = [
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={}", self.port),
            "unix_socket_directories=".to_owned(),
            "max_connections=50".to_owned(),
            "shared_buffers=32MB".to_owned(),
            "log_statement=ddl".to_owned(),
        ];
        let data = self.folder.join("data").display().to_string();
        let mut arguments = vec!["-D", &data];
        for setting in settings.iter().chain(&self.settings) {
            arguments.extend(["-c", setting]);
        }
        let log = self.folder.join("log");
        let started = Folder::of_tests().spawn(&log, &format!("{BIN}/postgres"), &arguments);
        self.child = Some(started.unwrap_or_else(|error| panic!("{error}")));
        self.wait().await;
    }

    /// Waits until the server answers, as it does again after a crash.
    pub async fn wait(&self) {
        let config = self.config("remit", "postgres");
        let log = self.folder.join("log");
        let what = format!("PostgreSQL answers; see {}", log.display());
        eventually(SOON, &what, async || connect(&config).await.ok()).await;
    }

    /// Ends the server and waits for its end.
    pub async fn stop(&mut self, end: End) {
        let mut child = self.child.take().expect("the server runs");
        let name = match end {
            End::Fast => "INT",
            End::Crash => "QUIT",
        };
        signal(child.id(), name);
        eventually(SOON, "PostgreSQL ends", async || {
            child.try_wait().expect("the process is ours")
        })
        .await;
    }

    /// Stops all processes of the server without ending them: connections stay open and nothing
    /// answers.
    pub async fn freeze(&self) {
        let first = self.child.as_ref().expect("the server runs").id();
        // Once it stands still it makes no more processes.
        for pids in [|pid| vec![pid], children] {
            let pids = pids(first);
            signal_all(&pids, "STOP");
            eventually_true(SOON, "PostgreSQL stands still", async || {
                pids.iter().all(|pid| !is_moving(*pid))
            })
            .await;
        }
    }

    /// Lets frozen processes go on.
    pub fn thaw(&self) {
        let first = self.child.as_ref().expect("the server runs").id();
        let pids = [children(first), vec![first]].concat();
        signal_all(&pids, "CONT");
    }

    /// Makes a database that was never migrated.
    pub async fn create_database(&self, name: &str) {
        let owner = self.connect("remit", "postgres").await;
        let statement = format!("create database {name}");
        let created = owner.batch_execute(&statement).await;
        created.expect("the name is new");
        // What a test does by hand has a reason.
        let statement = format!("alter database {name} set remit.reason = 'a test'");
        let set = owner.batch_execute(&statement).await;
        set.expect("the owner is a superuser");
    }

    /// Migrates a database, lets `ADMIN_KEY` in, and gives the roles of server and worker their
    /// password.
    pub async fn migrate(&self, database: &str) {
        let url = self.url("remit", database);
        let migrated = install::migrate(&install::fresh_remit(), &url, PASSWORD).await;
        migrated.unwrap_or_else(|error| panic!("the database cannot be migrated: {error}"));
        admin_key_insert(&self.connect("remit", database).await).await;
    }

    /// The URL of a database for a role with the password that everybody has.
    pub fn url(&self, role: &str, database: &str) -> String {
        self.url_with(role, PASSWORD, database)
    }

    /// The URL with another password.
    pub fn url_with(&self, role: &str, password: &str, database: &str) -> String {
        session::url(role, password, self.port, database)
    }

    /// A connection.
    pub async fn connect(&self, role: &str, database: &str) -> Client {
        let connected = connect(&self.config(role, database)).await;
        connected.expect("PostgreSQL answers")
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).expect("the server has a log")
    }

    fn config(&self, role: &str, database: &str) -> Config {
        self.url(role, database).parse().expect("a URL")
    }
}

/// Sends a signal to processes, some of which may have ended.
fn signal_all(pids: &[u32], name: &str) {
    for pid in pids {
        signal(*pid, name);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            if child.try_wait().is_ok_and(|status| status.is_none()) {
                signal(child.id(), "QUIT");
                // It may be frozen.
                signal(child.id(), "CONT");
            }
            let _ = child.wait();
        }
        // It is large; what is left over disappears with REMIT_TEST_DIR.
        let _ = std::fs::remove_dir_all(self.folder.join("data"));
    }
}
