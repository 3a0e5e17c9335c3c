//! A private Remit: a database and a virtual host of its own, the programs, nginx, and a proxy on
//! each connection between them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis::RedisResult;
use testbed::folder::Folder;
use testbed::install;
use testbed::nginx::Nginx;
use testbed::port::{await_listener, free_port};
use testbed::proxy::Proxy;
use testbed::services::Services;
use tokio::task::JoinSet;
use tokio_postgres::Config;

use crate::backward::put_back;
use crate::books::Owner;
use crate::fault::Link;
use crate::options::Options;
use crate::planted::Bug;
use crate::program::Program;
use crate::rule::{Rule, Violation};

mod faults;
mod programs;
mod stumbles;

/// Of the logins that the programs and the SQL door use. They exist on a private server on
/// loopback.
const PASSWORD: &str = "test";
const START_S_MAX: u64 = 30;

/// What is only there while the run lasts.
struct Running {
    server: Program,
    worker: Program,
    /// A second server and a second worker.
    _others: Vec<Program>,
    nginx: Nginx,
    /// What breaks Redis, where that is planted.
    _planted: JoinSet<RedisResult<()>>,
}

/// The private Remit.
pub struct Stage {
    pub services: Services,
    pub folder: PathBuf,
    pub database: String,
    pub vhost: String,
    pub api_key: String,
    pub proxies: HashMap<Link, Proxy>,
    /// Of the second server, to which nginx has a way without a proxy.
    second_port: u16,
    running: Mutex<Option<Running>>,
}

impl Stage {
    /// Makes database and virtual host. The programs do not run yet.
    ///
    /// # Errors
    /// Something cannot be made.
    pub async fn make(options: &Options) -> Result<Self, String> {
        let folder = Folder::open(&options.services)?;
        let services = Services::start(folder, options.base).await?;
        let name = format!("chaos_{}_{}", options.seed, milliseconds());
        let mut stage = Self {
            folder: services.folder.make(&name)?,
            database: format!("remit_{name}"),
            vhost: name,
            api_key: String::new(),
            proxies: HashMap::new(),
            second_port: free_port(),
            running: Mutex::default(),
            services,
        };
        let management = stage.services.management()?;
        management.make_vhost(&stage.vhost).await?;
        stage.rule_redis().await?;
        stage.services.flush_redis().await?;
        for link in Link::ALL {
            let target = stage.target(link);
            stage.proxies.insert(link, Proxy::start(target));
        }
        stage.make_database(options).await?;
        Ok(stage)
    }

    fn target(&self, link: Link) -> u16 {
        self.services.port(match link {
            Link::NginxServer => "app",
            Link::ServerDatabase | Link::WorkerDatabase => "postgres",
            Link::ServerRedis | Link::WorkerRedis => "redis",
            Link::WorkerBroker => "rabbitmq",
        })
    }

    async fn make_database(&mut self, options: &Options) -> Result<(), String> {
        let postgres = self.services.session("postgres").await?;
        let create = format!("create database {}", self.database);
        postgres.execute(&create).await?;
        // What goes through the SQL door is done by hand.
        let reason = format!(
            "alter database {} set remit.reason = 'chaos'",
            self.database
        );
        postgres.execute(&reason).await?;
        let url = self.services.owner_url(&self.database)?;
        let remit = options.programs.join("remit");
        install::migrate(&remit, &url, PASSWORD).await?;
        self.api_key = install::make_key(&remit, &url, "chaos", "admin").await?;
        let owner = self.owner().await?;
        owner
            .execute(&format!(
                "do $$ begin
                     create role remit_chaos login password '{PASSWORD}' in role remit_operator;
                 exception when duplicate_object then null;
                 end $$"
            ))
            .await?;
        if let Some(bug) = options.planted {
            bug.plant(&owner, &self.database).await?;
        }
        Ok(())
    }

    /// Starts server, worker and nginx, and waits until they answer.
    ///
    /// # Errors
    /// One of them does not.
    pub async fn start(
        &self,
        options: &Options,
        violate: impl Fn(Violation) + Clone + Send + 'static,
    ) -> Result<(), String> {
        let bad_end = move |detail| violate(Violation::new(Rule::ProgramsStayUp, detail));
        let mut planted = JoinSet::new();
        if options.planted == Some(Bug::CacheAnyVersion) {
            planted.spawn(put_back(self.services.redis()?));
        }
        let running = Running {
            server: Program::start(self.server(options)?, bad_end.clone())?,
            worker: Program::start(self.worker(options)?, bad_end.clone())?,
            _others: self.others(options, &bad_end)?,
            nginx: self.nginx(options).await?,
            _planted: planted,
        };
        *self.running() = Some(running);
        if options.has_others {
            let start_max = Duration::from_secs(START_S_MAX);
            await_listener(self.second_port, start_max).await?;
        }
        self.services.await_listener("app").await
    }

    /// The proxy on a connection.
    pub fn proxy(&self, link: Link) -> &Proxy {
        &self.proxies[&link]
    }

    /// Finds out that each connection goes through its proxy: else its faults would have hit
    /// nobody.
    ///
    /// # Errors
    /// One does not.
    pub fn require_use(&self) -> Result<(), String> {
        for (link, proxy) in &self.proxies {
            if proxy.accepted() == 0 {
                return Err(format!("nothing went through the proxy {link:?}"));
            }
        }
        Ok(())
    }

    /// The owner's connection to the database.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn owner(&self) -> Result<Owner, String> {
        let config = self.services.owner(&self.database)?;
        Owner::connect(&config).await
    }

    /// The session of an operator, past all proxies.
    pub fn operator(&self) -> Config {
        let mut config = Config::new();
        config
            .host("127.0.0.1")
            .port(self.services.port("postgres"))
            .user("remit_chaos")
            .password(PASSWORD)
            .dbname(&self.database)
            .connect_timeout(Duration::from_secs(2));
        config
    }

    /// Stops what was started, and removes database and virtual host where nobody needs them any
    /// more.
    ///
    /// # Errors
    /// Something cannot be removed.
    pub async fn end(&self, is_kept: bool) -> Result<(), String> {
        drop(self.running().take());
        let management = self.services.management()?;
        management.remove_vhost(&self.vhost).await?;
        if !is_kept {
            let drop = format!("drop database {} with (force)", self.database);
            let postgres = self.services.session("postgres").await?;
            postgres.execute(&drop).await?;
            let _ = std::fs::remove_dir_all(&self.folder);
        }
        Ok(())
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.wake();
    }
}

#[expect(clippy::disallowed_methods, reason = "this is no product")]
fn milliseconds() -> u128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis())
}
