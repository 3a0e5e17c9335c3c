//! A private Remit as its users have it: PostgreSQL, Redis, RabbitMQ, server, worker and nginx with their usual
//! settings, and databases that are made anew from a template.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use remit_chaos::nginx;
use remit_chaos::owner::{Folder, run, signal};
use remit_chaos::services::{Part, Services, blocking};
use tokio::net::TcpStream;
use tokio::time::sleep;
use uuid::Uuid;

use crate::ask::{Ask, Script};
use crate::check::number;

mod database;

use database::{DATABASE, owner};
pub use database::{execute, ids};

/// Of the programs' logins, on a private server on loopback.
const PASSWORD: &str = "bench";
/// The textbook function has a session for each of its callers; Remit needs 22.
const SESSIONS_MAX: u32 = 600;
const START_S_MAX: u64 = 30;
/// Nothing is traded for speed.
const DURABLE: &str = "select count(*) from pg_settings
                        where name in ('fsync', 'synchronous_commit', 'full_page_writes') and setting = 'on'";

/// The parts, the database and what is known of it.
pub struct Stand {
    pub services: Services,
    pub vhost: String,
    pub key: String,
    /// The wallets, the one that is hot first.
    pub ids: Arc<[Uuid]>,
    /// The database that loads work on.
    pub database: String,
    /// Events that the broker must have counted.
    pub events: u64,
    folder: PathBuf,
    programs: PathBuf,
    server: Option<Child>,
    worker: Option<Child>,
    nginx: Option<Child>,
}

impl Stand {
    /// Starts servers, and nginx in front of a Remit that does not run yet.
    ///
    /// # Errors
    /// One of them does not start.
    pub async fn make(services: &Path, base: u16, programs: &Path) -> Result<Self, String> {
        let services = Services::start(Folder::open(services)?, base).await?;
        let owner = owner(&services, "postgres").await?;
        let sessions = format!("alter system set max_connections = {SESSIONS_MAX}");
        execute(&owner, &sessions).await?;
        services.end(Part::Postgres, "INT").await?;
        services.resume(Part::Postgres).await?;
        let owner = self::owner(&services, "postgres").await?;
        if number(&owner, DURABLE).await? != 3 {
            return Err("PostgreSQL does not wait for the disk".to_owned());
        }
        let vhost = "bench".to_owned();
        services.make_vhost(&vhost).await?;
        let folder = services.folder.make("bench")?;
        let nginx = nginx::start(&services, &folder, services.port("app")).await?;
        Ok(Self {
            vhost,
            key: String::new(),
            ids: Arc::from([]),
            database: DATABASE.to_owned(),
            events: 0,
            folder,
            programs: programs.to_owned(),
            server: None,
            worker: None,
            nginx: Some(nginx),
            services,
        })
    }

    /// Starts the server, and the worker unless the relay is to stand still.
    ///
    /// # Errors
    /// One of them does not start.
    pub async fn start(&mut self, with_worker: bool) -> Result<(), String> {
        let database = self.url("remit_server", PASSWORD, &self.database);
        let redis = self.services.port("redis");
        let redis_url = self
            .services
            .redis_url("remit-server", "redis_server", redis)?;
        let listen = format!("127.0.0.1:{}", self.services.port("app"));
        let amqp = format!("amqp://127.0.0.1:{}", self.services.port("rabbitmq"));
        let server = [
            ("DATABASE_URL", database),
            ("REDIS_URL", redis_url),
            ("REMIT_LISTEN", listen),
            ("AMQP_URL", amqp),
        ];
        self.server = Some(self.spawn("remit", &["serve"], &server)?);
        if with_worker {
            self.start_worker()?;
        }
        self.await_listener("app").await?;
        self.await_listener("nginx").await
    }

    /// Starts the worker.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_worker(&mut self) -> Result<(), String> {
        let services = &self.services;
        let redis = services.redis_url("remit-worker", "redis_worker", services.port("redis"))?;
        let rabbitmq = services.port("rabbitmq");
        let amqp = services.amqp_url("remit-worker", "rabbitmq_worker", rabbitmq, &self.vhost)?;
        let worker = [
            (
                "DATABASE_URL",
                self.url("remit_worker", PASSWORD, &self.database),
            ),
            ("REDIS_URL", redis),
            ("AMQP_URL", amqp),
        ];
        self.worker = Some(self.spawn("remit-worker", &[], &worker)?);
        Ok(())
    }

    /// Stops the worker as an operator would.
    pub async fn stop_worker(&mut self) {
        if let Some(worker) = self.worker.take() {
            end(worker).await;
        }
    }

    /// Starts the peer that gathers nothing, in the server's place.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start_plain(&mut self) -> Result<(), String> {
        self.stop().await;
        let listen = format!("127.0.0.1:{}", self.services.port("app"));
        let owner = self.services.folder.secret("owner")?;
        let variables = [
            ("DATABASE_URL", self.url("remit", &owner, &self.database)),
            ("REMIT_LISTEN", listen),
        ];
        self.server = Some(self.spawn("remit-bench-plain", &[], &variables)?);
        self.await_listener("app").await
    }

    /// Whether the relay is at work.
    pub fn has_worker(&self) -> bool {
        self.worker.is_some()
    }

    /// Stops server and worker as an operator would.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            end(server).await;
        }
        self.stop_worker().await;
    }

    /// What clients ask of this Remit.
    pub fn script(&self, ask: Ask) -> Arc<Script> {
        Arc::new(Script::new(ask, Arc::clone(&self.ids), &self.key))
    }

    /// The server's process, if it runs.
    pub fn server_pid(&self) -> Option<u32> {
        self.server.as_ref().map(Child::id)
    }

    /// Lets Redis forget everything.
    ///
    /// # Errors
    /// Redis is away.
    pub async fn flush_redis(&self) -> Result<(), String> {
        let secret = self.services.folder.secret("redis")?;
        let mut flush = Command::new("redis-cli");
        flush
            .args(["--user", "remit", "-p"])
            .arg(self.services.port("redis").to_string())
            .arg("flushall")
            .env("REDISCLI_AUTH", secret);
        blocking(move || run(&mut flush)).await.map(drop)
    }

    /// The parts that run, and their processes.
    ///
    /// # Errors
    /// A server does not run.
    pub fn parts(&self) -> Result<Vec<(&'static str, u32)>, String> {
        let mut parts = vec![
            ("postgresql", self.services.pid(Part::Postgres)?),
            ("redis", self.services.pid(Part::Redis)?),
            ("rabbitmq", self.services.pid(Part::Rabbitmq)?),
        ];
        let programs = [
            ("server", &self.server),
            ("worker", &self.worker),
            ("nginx", &self.nginx),
        ];
        for (name, child) in programs {
            parts.extend(child.as_ref().map(|child| (name, child.id())));
        }
        Ok(parts)
    }

    /// The text of the server's metrics.
    ///
    /// # Errors
    /// The server is away.
    pub async fn metrics(&self) -> Result<String, String> {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "-f", "-m", "5", "-H"])
            .arg(format!("Authorization: Bearer {}", self.key))
            .arg(format!(
                "http://127.0.0.1:{}/metrics",
                self.services.port("app")
            ));
        blocking(move || run(&mut curl)).await
    }

    /// How to reach a database.
    pub fn url(&self, user: &str, password: &str, database: &str) -> String {
        let port = self.services.port("postgres");
        format!("postgresql://{user}:{password}@127.0.0.1:{port}/{database}")
    }

    /// Starts a program of the project's with these variables and no others.
    ///
    /// # Errors
    /// It is not there.
    pub fn spawn(
        &self,
        name: &str,
        arguments: &[&str],
        variables: &[(&str, String)],
    ) -> Result<Child, String> {
        let path = self.programs.join(name);
        let describe = |error: std::io::Error| format!("{}: {error}", path.display());
        let log = self.folder.join(format!("{name}.log"));
        let log = OpenOptions::new().create(true).append(true).open(log);
        let log = log.map_err(describe)?;
        Command::new(&path)
            .args(arguments)
            .env_clear()
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stderr(log.try_clone().map_err(describe)?)
            .stdout(log)
            .spawn()
            .map_err(describe)
    }

    /// Waits until somebody listens on the port of a part.
    ///
    /// # Errors
    /// Nobody does.
    pub async fn await_listener(&self, part: &str) -> Result<(), String> {
        let start = Instant::now();
        let address = ("127.0.0.1", self.services.port(part));
        while TcpStream::connect(address).await.is_err() {
            if start.elapsed() > Duration::from_secs(START_S_MAX) {
                return Err(format!(
                    "{part} does not answer; see {}",
                    self.folder.display()
                ));
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        for mut child in [self.nginx.take(), self.server.take(), self.worker.take()]
            .into_iter()
            .flatten()
        {
            signal(child.id(), "TERM");
            let _ = child.wait();
        }
    }
}

/// Ends a program. It has answered everything, so that it ends at once.
async fn end(mut child: Child) {
    signal(child.id(), "TERM");
    let _ = blocking(move || child.wait().map_err(|error| error.to_string())).await;
}
