//! PostgreSQL, Redis and RabbitMQ, as stack/services starts them.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_postgres::Config;

use crate::folder::Folder;
use crate::management::Management;
use crate::nginx::Nginx;
use crate::place::repository;
use crate::port::await_listener;
use crate::process::{blocking, children, is_running, run, signal};
use crate::session::{Session, url};

const END_S_MAX: u64 = 60;
const START_MAX: Duration = Duration::from_secs(30);

/// A server that stack/services knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Postgres,
    Redis,
    Rabbitmq,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Rabbitmq => "rabbitmq",
        }
    }
}

/// The ports through which a program reaches its servers: theirs, or those of proxies.
#[derive(Debug, Clone, Copy)]
pub struct Doors {
    pub postgres: u16,
    pub redis: u16,
    pub rabbitmq: u16,
}

/// What a program is started with.
pub type Variables = Result<Vec<(&'static str, String)>, String>;

/// The servers, their ports and their secrets.
#[derive(Debug, Clone)]
pub struct Services {
    pub folder: Folder,
    base: u16,
}

impl Services {
    /// Starts what does not run.
    ///
    /// # Errors
    /// A server does not start.
    pub async fn start(folder: Folder, base: u16) -> Result<Self, String> {
        let services = Self { folder, base };
        services
            .call(&[Part::Postgres, Part::Redis, Part::Rabbitmq])
            .await?;
        Ok(services)
    }

    /// Starts one again, and waits until it answers.
    ///
    /// # Errors
    /// It does not start.
    pub async fn resume(&self, part: Part) -> Result<(), String> {
        self.call(&[part]).await
    }

    async fn call(&self, parts: &[Part]) -> Result<(), String> {
        let script = repository().join("stack/services");
        let mut command = Command::new(script);
        command
            .arg("start")
            .arg(&self.folder.path)
            .arg(self.base.to_string())
            .args(parts.iter().map(|part| part.name()))
            .stdin(Stdio::null());
        blocking(move || run(&mut command).map(drop)).await
    }

    /// Ends one with a signal, and waits for its end.
    ///
    /// # Errors
    /// It does not run, or does not end.
    pub async fn end(&self, part: Part, name: &str) -> Result<(), String> {
        let pid = self.pid(part)?;
        signal(pid, name);
        let start = Instant::now();
        while is_running(pid) || self.listens(part).await {
            if start.elapsed() > Duration::from_secs(END_S_MAX) {
                return Err(format!("{part:?} does not end after {name}"));
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Sends a signal to one and to the processes that it has started.
    ///
    /// # Errors
    /// It was never started.
    pub fn signal_all(&self, part: Part, name: &str) -> Result<(), String> {
        let pid = self.pid(part)?;
        // Itself first: from then on it starts no further one.
        signal(pid, name);
        for child in children(pid) {
            signal(child, name);
        }
        Ok(())
    }

    /// Whether one of its ports is open: those of a process that was killed close a little later.
    async fn listens(&self, part: Part) -> bool {
        let ports: &[&str] = match part {
            Part::Postgres => &["postgres"],
            Part::Redis => &["redis"],
            Part::Rabbitmq => &["rabbitmq", "rabbitmq_ui", "rabbitmq_distribution"],
        };
        for port in ports {
            let address = ("127.0.0.1", self.port(port));
            if TcpStream::connect(address).await.is_ok() {
                return true;
            }
        }
        false
    }

    /// The process of one.
    ///
    /// # Errors
    /// It was never started.
    pub fn pid(&self, part: Part) -> Result<u32, String> {
        let pid = self.folder.pid(part.name());
        pid.ok_or_else(|| format!("{part:?} has no process"))
    }

    /// The ports, as in stack/lib.sh.
    pub fn port(&self, name: &str) -> u16 {
        let offset = match name {
            "nginx" => 80,
            "app" => 81,
            "postgres" => 432,
            "redis" => 379,
            "rabbitmq" => 672,
            "rabbitmq_ui" => 673,
            "epmd" => 369,
            "rabbitmq_distribution" => 674,
            _ => unreachable!("{name} is no part"),
        };
        self.base + offset
    }

    /// How the owner connects to a database.
    ///
    /// # Errors
    /// The owner's password is not there.
    pub fn owner(&self, database: &str) -> Result<Config, String> {
        let mut config = Config::new();
        config
            .host("127.0.0.1")
            .port(self.port("postgres"))
            .user("remit")
            .password(self.folder.secret("owner")?)
            .dbname(database)
            .connect_timeout(Duration::from_secs(2));
        Ok(config)
    }

    /// The owner's session with a database.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn session(&self, database: &str) -> Result<Session, String> {
        Session::connect(&self.owner(database)?).await
    }

    /// The URL of a database for the owner.
    ///
    /// # Errors
    /// The owner's password is not there.
    pub fn owner_url(&self, database: &str) -> Result<String, String> {
        let password = self.folder.secret("owner")?;
        let port = self.port("postgres");
        Ok(url("remit", &password, port, database))
    }

    /// Lets Redis forget everything.
    ///
    /// # Errors
    /// Redis is away.
    pub async fn flush_redis(&self) -> Result<(), String> {
        let text = |error: redis::RedisError| error.to_string();
        let redis = self.redis()?;
        let connection = redis.get_multiplexed_async_connection().await;
        redis::cmd("FLUSHALL")
            .exec_async(&mut connection.map_err(text)?)
            .await
            .map_err(text)
    }

    /// Redis, past all proxies.
    ///
    /// # Errors
    /// Its password is not there.
    pub fn redis(&self) -> Result<redis::Client, String> {
        let url = self.redis_url("remit", "redis", self.port("redis"))?;
        redis::Client::open(url).map_err(|error| error.to_string())
    }

    /// Redis for a user with a secret, through a port.
    ///
    /// # Errors
    /// There is no such secret.
    pub fn redis_url(&self, user: &str, secret: &str, port: u16) -> Result<String, String> {
        let secret = self.folder.secret(secret)?;
        Ok(format!("redis://{user}:{secret}@127.0.0.1:{port}/0"))
    }

    /// A virtual host of the broker for a user with a secret, through a port.
    ///
    /// # Errors
    /// There is no such secret.
    pub fn amqp_url(
        &self,
        user: &str,
        secret: &str,
        port: u16,
        vhost: &str,
    ) -> Result<String, String> {
        let secret = self.folder.secret(secret)?;
        Ok(format!("amqp://{user}:{secret}@127.0.0.1:{port}/{vhost}"))
    }

    /// The ports of the servers themselves, past all proxies.
    pub fn doors(&self) -> Doors {
        Doors {
            postgres: self.port("postgres"),
            redis: self.port("redis"),
            rabbitmq: self.port("rabbitmq"),
        }
    }

    /// The variables of a server on a database, whose role has this password.
    ///
    /// # Errors
    /// Redis' password is not there.
    pub fn server(&self, database: &str, password: &str, doors: Doors) -> Variables {
        let listen = format!("127.0.0.1:{}", self.port("app"));
        // The server only looks whether the broker is there.
        let amqp = format!("amqp://127.0.0.1:{}", self.port("rabbitmq"));
        let redis = self.redis_url("remit-server", "redis_server", doors.redis)?;
        let database = url("remit_server", password, doors.postgres, database);
        Ok(vec![
            ("DATABASE_URL", database),
            ("REDIS_URL", redis),
            ("AMQP_URL", amqp),
            ("REMIT_LISTEN", listen),
        ])
    }

    /// The same of a worker that works on a virtual host.
    ///
    /// # Errors
    /// A password is not there.
    pub fn worker(&self, database: &str, password: &str, vhost: &str, doors: Doors) -> Variables {
        let amqp = self.amqp_url("remit-worker", "rabbitmq_worker", doors.rabbitmq, vhost)?;
        let redis = self.redis_url("remit-worker", "redis_worker", doors.redis)?;
        let database = url("remit_worker", password, doors.postgres, database);
        Ok(vec![
            ("DATABASE_URL", database),
            ("REDIS_URL", redis),
            ("AMQP_URL", amqp),
        ])
    }

    /// Runs `rabbitmqctl` with these arguments.
    ///
    /// # Errors
    /// It fails.
    pub fn rabbitmqctl(&self, arguments: &[&str]) -> Result<String, String> {
        let home = format!("HOME={}/rabbitmq", self.folder.path.display());
        let epmd = format!("ERL_EPMD_PORT={}", self.port("epmd"));
        let program = "/usr/lib/rabbitmq/bin/rabbitmqctl";
        let start = [&home, &epmd, "RABBITMQ_CONF_ENV_FILE=/dev/null", program];
        let node = ["-n", "rabbit@localhost"];
        self.folder
            .run("env", &[&start[..], &node, arguments].concat())
    }

    /// The broker's management API, for its administrator.
    ///
    /// # Errors
    /// Its password is not there.
    pub fn management(&self) -> Result<Management, String> {
        let password = self.folder.secret("rabbitmq")?;
        Ok(Management::new(
            "remit",
            &password,
            self.port("rabbitmq_ui"),
        ))
    }

    /// How many messages were published to an exchange, by the broker's own count, which is seconds
    /// old.
    ///
    /// # Errors
    /// The broker refuses.
    pub async fn published(&self, vhost: &str, exchange: &str) -> Result<u64, String> {
        // All of them: one that nobody has declared yet would be an error.
        let path = format!("exchanges/{vhost}");
        let answer = self.management()?.call("GET", &path, None).await?;
        let mut exchanges = answer.as_array().into_iter().flatten();
        let found = exchanges.find(|found| found["name"] == exchange);
        let count = found.and_then(|found| found["message_stats"]["publish_in"].as_u64());
        Ok(count.unwrap_or_default())
    }

    /// nginx in a folder of the owner's, in front of a port, with limits that no client reaches.
    ///
    /// # Errors
    /// It does not start.
    pub async fn nginx(&self, place: &Path, upstream: u16) -> Result<Nginx, String> {
        let ports = [self.port("nginx"), upstream];
        Nginx::start_in(&self.folder, place, ports, &[], |conf| conf).await
    }

    /// Waits until a program listens on the port of a part.
    ///
    /// # Errors
    /// None does.
    pub async fn await_listener(&self, part: &str) -> Result<(), String> {
        let listens = await_listener(self.port(part), START_MAX).await;
        listens.map_err(|error| format!("{part}: {error}"))
    }
}
