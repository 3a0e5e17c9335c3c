//! A private Remit as its users have it: PostgreSQL, Redis, RabbitMQ, server, worker and nginx with
//! their usual settings, and databases that are made anew from a template.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use testbed::folder::Folder;
use testbed::http::Http;
use testbed::nginx::Nginx;
use testbed::program::{Process, Recipe};
use testbed::services::{Part, Services};
use uuid::Uuid;

use crate::ask::{Ask, Script};

mod database;

use database::DATABASE;
pub use database::ids;

/// Of the programs' logins, on a private server on loopback.
pub(crate) const PASSWORD: &str = "bench";
/// The textbook function has a session for each of its callers; Remit needs 22.
const SESSIONS_MAX: u32 = 600;
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
    server: Option<Process>,
    worker: Option<Process>,
    nginx: Nginx,
}

impl Stand {
    /// Starts servers, and nginx in front of a Remit that does not run yet.
    ///
    /// # Errors
    /// One of them does not start.
    pub async fn make(services: &Path, base: u16, programs: &Path) -> Result<Self, String> {
        let services = Services::start(Folder::open(services)?, base).await?;
        let owner = services.session("postgres").await?;
        let sessions = format!("alter system set max_connections = {SESSIONS_MAX}");
        owner.execute(&sessions).await?;
        services.end(Part::Postgres, "INT").await?;
        services.resume(Part::Postgres).await?;
        let owner = services.session("postgres").await?;
        if owner.number(DURABLE).await? != 3 {
            return Err("PostgreSQL does not wait for the disk".to_owned());
        }
        let vhost = "bench".to_owned();
        services.management()?.make_vhost(&vhost).await?;
        let folder = services.folder.make("bench")?;
        let nginx = services.nginx(&folder, services.port("app")).await?;
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
            nginx,
            services,
        })
    }

    /// Starts the server, and the worker unless the relay is to stand still.
    ///
    /// # Errors
    /// One of them does not start.
    pub async fn start(&mut self, with_worker: bool) -> Result<(), String> {
        let services = &self.services;
        let server = services.server(&self.database, PASSWORD, services.doors())?;
        self.server = Some(self.spawn("remit", &["serve"], &server)?);
        if with_worker {
            self.start_worker()?;
        }
        self.services.await_listener("app").await
    }

    /// Starts the worker.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_worker(&mut self) -> Result<(), String> {
        let (services, vhost) = (&self.services, &self.vhost);
        let worker = services.worker(&self.database, PASSWORD, vhost, services.doors())?;
        self.worker = Some(self.spawn("remit-worker", &[], &worker)?);
        Ok(())
    }

    /// Stops the worker as an operator would.
    pub async fn stop_worker(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.stop().await;
        }
    }

    /// Starts the peer that gathers nothing, in the server's place.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start_plain(&mut self) -> Result<(), String> {
        self.stop().await;
        let listen = format!("127.0.0.1:{}", self.services.port("app"));
        let database = self.services.owner_url(&self.database)?;
        let variables = [("DATABASE_URL", database), ("REMIT_LISTEN", listen)];
        self.server = Some(self.spawn("remit-bench-plain", &[], &variables)?);
        self.services.await_listener("app").await
    }

    /// Whether the relay is at work.
    pub fn has_worker(&self) -> bool {
        self.worker.is_some()
    }

    /// Stops server and worker as an operator would.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
        self.stop_worker().await;
    }

    /// What clients ask of this Remit.
    pub fn script(&self, ask: Ask) -> Arc<Script> {
        Arc::new(Script::new(ask, Arc::clone(&self.ids), &self.key))
    }

    /// The server's process, if it runs.
    pub fn server_pid(&self) -> Option<u32> {
        self.server.as_ref().map(Process::pid)
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
        let programs = [("server", &self.server), ("worker", &self.worker)];
        for (name, process) in programs {
            parts.extend(process.as_ref().map(|process| (name, process.pid())));
        }
        parts.push(("nginx", self.nginx.pid()));
        Ok(parts)
    }

    /// A client of the server, past nginx.
    pub fn http(&self) -> Http {
        Http::new(self.services.port("app")).with_key(&self.key)
    }

    /// Starts a program of the project's with these variables and no others.
    fn spawn(
        &self,
        name: &str,
        arguments: &[&str],
        variables: &[(&'static str, String)],
    ) -> Result<Process, String> {
        let log = self.folder.join(format!("{name}.log"));
        let recipe = Recipe::new(self.programs.join(name), arguments, &log);
        Process::start(&recipe.with(variables))
    }
}
