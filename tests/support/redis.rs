//! A Redis server of a test's own, which it may stop, hang and flush.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use redis::Client;
use redis::aio::MultiplexedConnection;
use uuid::Uuid;

use super::poll::{SOON, eventually};
use super::tls::Certificate;
use super::{free_port, setting};

/// A Redis server on loopback, with a password and without persistence, killed at the end.
pub struct RedisServer {
    pub port: u16,
    tls: Option<(u16, Certificate)>,
    password: String,
    log: PathBuf,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts a server and waits until it answers.
    pub async fn start() -> Self {
        Self::start_with(None).await
    }

    /// The same with a second port for TLS.
    pub async fn start_with_tls(certificate: Certificate) -> Self {
        Self::start_with(Some((free_port(), certificate))).await
    }

    async fn start_with(tls: Option<(u16, Certificate)>) -> Self {
        let name = Uuid::new_v4().simple().to_string();
        let mut server = Self {
            port: free_port(),
            tls,
            log: PathBuf::from(setting("REMIT_TEST_DIR")).join(format!("redis-{name}.log")),
            password: name,
            child: None,
        };
        server.resume().await;
        server
    }

    /// What `REDIS_URL` should be.
    pub fn url(&self) -> String {
        self.url_at(self.port)
    }

    /// The same with TLS, at a name for loopback.
    pub fn url_with_tls(&self, host: &str) -> String {
        let (port, _) = self.tls.as_ref().expect("the server has TLS");
        format!("rediss://:{}@{host}:{port}/0", self.password)
    }

    /// The same through another port on loopback, such as a proxy's.
    pub fn url_at(&self, port: u16) -> String {
        format!("redis://:{}@127.0.0.1:{port}/0", self.password)
    }

    /// A connection.
    pub async fn connect(&self) -> MultiplexedConnection {
        self.try_connect().await.expect("Redis answers")
    }

    /// Forgets everything.
    pub async fn flush(&self) {
        redis::cmd("FLUSHALL")
            .exec_async(&mut self.connect().await)
            .await
            .expect("Redis answers");
    }

    /// Kills the server. Its data is gone, its port stays its own.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts the server again, empty, on the same port.
    pub async fn resume(&mut self) {
        let log = File::create(&self.log).expect("REMIT_TEST_DIR is writable");
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--requirepass", &self.password])
            .args(["--save", "", "--appendonly", "no"])
            .args(self.tls_arguments())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server is installed");
        self.child = Some(child);
        // The password is this server's alone: no other one can answer for it.
        let what = format!("Redis on port {}; see {}", self.port, self.log.display());
        eventually(SOON, &what, async || self.try_connect().await.ok()).await;
    }

    fn tls_arguments(&self) -> Vec<String> {
        let Some((port, certificate)) = &self.tls else {
            return Vec::new();
        };
        let (port, path) = (port.to_string(), |file: &Path| file.display().to_string());
        [
            ["--tls-port", &port],
            ["--tls-auth-clients", "no"],
            ["--tls-cert-file", &path(&certificate.file)],
            ["--tls-key-file", &path(&certificate.key)],
        ]
        .concat()
        .into_iter()
        .map(str::to_owned)
        .collect()
    }

    /// Stops the process without ending it: connections stay open and nothing answers.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets a frozen process go on.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().expect("the server runs").id();
        let status = Command::new("kill")
            .args([signal, &pid.to_string()])
            .status();
        assert!(status.is_ok_and(|status| status.success()), "kill {signal}");
    }

    async fn try_connect(&self) -> redis::RedisResult<MultiplexedConnection> {
        let mut connection = Client::open(self.url())?
            .get_multiplexed_async_connection()
            .await?;
        redis::cmd("PING").exec_async(&mut connection).await?;
        Ok(connection)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
    }
}
