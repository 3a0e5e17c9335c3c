//! A Redis server of a test's own, which it may stop, hang and flush.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use redis::Client;
use redis::aio::MultiplexedConnection;
use uuid::Uuid;

use crate::place::{repository, setting};
use crate::poll::{SOON, eventually};
use crate::port::free_port;
use crate::process::signal;
use crate::tls::Certificate;

/// A Redis server on loopback, without persistence, killed at the end. Server and worker have the
/// rights that they have everywhere, the tests have all. All passwords are the same.
pub struct RedisServer {
    pub port: u16,
    user: &'static str,
    tls: Option<(u16, Certificate)>,
    password: String,
    log: PathBuf,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts a server for `remit-server` or `remit-worker`, and waits until it answers.
    pub async fn start(user: &'static str) -> Self {
        Self::start_with(user, None).await
    }

    /// The same with a second port for TLS.
    pub async fn start_with_tls(user: &'static str, certificate: Certificate) -> Self {
        Self::start_with(user, Some((free_port(), certificate))).await
    }

    async fn start_with(user: &'static str, tls: Option<(u16, Certificate)>) -> Self {
        let name = Uuid::new_v4().simple().to_string();
        let mut server = Self {
            port: free_port(),
            user,
            tls,
            log: PathBuf::from(setting("REMIT_TEST_DIR")).join(format!("redis-{name}.log")),
            password: name,
            child: None,
        };
        server.resume().await;
        server
    }

    /// A replica of this server, with the same passwords.
    pub async fn replica(&self) -> Self {
        let mut replica = Self {
            port: free_port(),
            user: self.user,
            tls: None,
            log: self.log.with_extension("replica.log"),
            password: self.password.clone(),
            child: None,
        };
        replica.resume().await;
        replica.config_set("masteruser", "test").await;
        replica.config_set("masterauth", &self.password).await;
        let port = self.port.to_string();
        replica.ask(&["REPLICAOF", "127.0.0.1", &port]).await;
        replica
    }

    /// Sends a command that Redis takes.
    pub async fn ask(&self, command: &[&str]) {
        let mut request = redis::cmd(command[0]);
        request.arg(&command[1..]);
        let asked = request.exec_async(&mut self.connect().await).await;
        asked.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    }

    /// Changes a setting.
    pub async fn config_set(&self, name: &str, value: &str) {
        self.ask(&["CONFIG", "SET", name, value]).await;
    }

    /// Writes all that there is to a file, from which it starts from now on.
    pub async fn dump(&self) {
        self.ask(&["SAVE"]).await;
    }

    /// What `REDIS_URL` should be.
    pub fn url(&self) -> String {
        self.url_at(self.port)
    }

    /// The same with TLS, at a name for loopback.
    pub fn url_with_tls(&self, host: &str) -> String {
        let (port, _) = self.tls.as_ref().expect("the server has TLS");
        format!("rediss://{}:{}@{host}:{port}/0", self.user, self.password)
    }

    /// The same through another port on loopback, such as a proxy's.
    pub fn url_at(&self, port: u16) -> String {
        self.url_of(self.user, port)
    }

    /// The same for another user.
    pub fn url_of(&self, user: &str, port: u16) -> String {
        format!("redis://{user}:{}@127.0.0.1:{port}/0", self.password)
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

    /// Starts the server again on the same port, empty, or with what it was dumped with.
    pub async fn resume(&mut self) {
        let log = File::create(&self.log).expect("REMIT_TEST_DIR is writable");
        let mut child = Command::new("redis-server")
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server is installed");
        let mut input = child.stdin.take().expect("it is piped");
        let configuration = self.configuration();
        let written = input.write_all(configuration.as_bytes());
        written.expect("redis-server reads");
        drop(input);
        self.child = Some(child);
        // The password is this server's alone: no other one can answer for it.
        let what = format!("Redis on port {}; see {}", self.port, self.log.display());
        eventually(SOON, &what, async || self.try_connect().await.ok()).await;
    }

    fn configuration(&self) -> String {
        let Self { port, password, .. } = self;
        let file = repository().join("redis/users.conf.template");
        let mut users = fs::read_to_string(file).expect("it is in the repository");
        for name in ["", "_SERVER", "_WORKER"] {
            users = users.replace(&format!("${{REMIT_REDIS{name}_PASSWORD}}"), password);
        }
        let folder = setting("REMIT_TEST_DIR");
        let stem = self.log.file_stem().expect("it has a name");
        let dump = format!("{}.rdb", stem.to_string_lossy());
        let plain = format!(
            "bind 127.0.0.1\nport {port}\nsave \"\"\nappendonly no\n\
             dir {folder}\ndbfilename {dump}\nrepl-diskless-sync-delay 0\n{users}\n\
             user test on >{password} ~* &* +@all\n"
        );
        let Some((port, Certificate { file, key })) = &self.tls else {
            return plain;
        };
        let (file, key) = (file.display(), key.display());
        format!(
            "{plain}tls-port {port}\ntls-auth-clients no\ntls-cert-file {file}\ntls-key-file {key}\n"
        )
    }

    /// Stops the process without ending it: connections stay open and nothing answers.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets a frozen process go on.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let child = self.child.as_ref().expect("the server runs");
        signal(child.id(), name);
    }

    async fn try_connect(&self) -> redis::RedisResult<MultiplexedConnection> {
        let mut connection = Client::open(self.url_of("test", self.port))?
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
