//! PostgreSQL, Redis and RabbitMQ, as stack/services starts them.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_postgres::Config;

use crate::owner::{Folder, children, is_running, run, signal};

const END_S_MAX: u64 = 60;

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

    /// Makes a virtual host, in which the worker may do what it may everywhere.
    ///
    /// # Errors
    /// The broker refuses.
    pub async fn make_vhost(&self, name: &str) -> Result<(), String> {
        self.broker("PUT", &format!("vhosts/{name}"), None).await?;
        let everything = json!({"configure": ".*", "write": ".*", "read": ".*"});
        let path = format!("permissions/{name}/remit");
        self.broker("PUT", &path, Some(everything)).await?;
        let path = repository().join("rabbitmq/definitions.json.template");
        let definitions = fs::read_to_string(path).map_err(|error| error.to_string())?;
        let definitions: Value =
            serde_json::from_str(&definitions).map_err(|error| error.to_string())?;
        let mut permissions = definitions["permissions"].as_array().into_iter().flatten();
        let worker = permissions.find(|permission| permission["user"] == "remit-worker");
        let mut rights = worker.cloned().ok_or("the worker has no rights")?;
        if let Some(rights) = rights.as_object_mut() {
            rights.retain(|name, _| name != "user" && name != "vhost");
        }
        let path = format!("permissions/{name}/remit-worker");
        self.broker("PUT", &path, Some(rights)).await.map(drop)
    }

    /// Removes a virtual host.
    ///
    /// # Errors
    /// The broker refuses.
    pub async fn remove_vhost(&self, name: &str) -> Result<(), String> {
        let path = format!("vhosts/{name}");
        self.broker("DELETE", &path, None).await.map(drop)
    }

    /// How many messages were published to an exchange, by the broker's own count, which is seconds old.
    ///
    /// # Errors
    /// The broker refuses.
    pub async fn published(&self, vhost: &str, exchange: &str) -> Result<u64, String> {
        // All of them: one that nobody has declared yet would be an error.
        let path = format!("exchanges/{vhost}");
        let answer = self.broker("GET", &path, None).await?;
        let answer: Value = serde_json::from_str(&answer).map_err(|error| error.to_string())?;
        let mut exchanges = answer.as_array().into_iter().flatten();
        let found = exchanges.find(|found| found["name"] == exchange);
        let count = found.and_then(|found| found["message_stats"]["publish_in"].as_u64());
        Ok(count.unwrap_or_default())
    }

    /// Calls RabbitMQ's management API.
    async fn broker(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<String, String> {
        let mut command = Command::new("curl");
        command
            .args(["-sS", "-f", "-m", "20", "-X", method])
            .args(["-H", "Content-Type: application/json", "-u"])
            .arg(format!("remit:{}", self.folder.secret("rabbitmq")?))
            .arg(format!(
                "http://127.0.0.1:{}/api/{path}",
                self.port("rabbitmq_ui")
            ))
            .stdin(Stdio::null());
        if let Some(body) = body {
            command.arg("-d").arg(body.to_string());
        }
        blocking(move || run(&mut command)).await
    }
}

/// The folder that holds `stack`.
pub fn repository() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package
        .parent()
        .expect("the package lies in the repository")
}

/// Runs what blocks beside the tasks.
///
/// # Errors
/// Those of the work.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    spawn_blocking(work)
        .await
        .map_err(|error| error.to_string())?
}
