//! nginx with the configuration that every Remit gets, as the owner of its folder.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use tokio::net::TcpStream;

use crate::folder::{Folder, owned_folder};
use crate::place::repository;
use crate::poll::{SOON, eventually, eventually_true, poll};
use crate::port::free_port;
use crate::process::{children, run, signal};

/// Limits that no client reaches.
const ROOMY: [(&str, &str); 7] = [
    ("REMIT_RATE_LIMIT", "100000r/s"),
    ("REMIT_RATE_BURST", "100000"),
    ("REMIT_ADDRESS_RATE_LIMIT", "100000r/s"),
    ("REMIT_ADDRESS_RATE_BURST", "100000"),
    ("REMIT_KEY_RATE_LIMIT", "100000r/s"),
    ("REMIT_KEY_RATE_BURST", "100000"),
    ("REMIT_ADDRESS_REQUESTS_MAX", "10000"),
];

/// nginx in front of a port on loopback, stopped at the end.
pub struct Nginx {
    pub port: u16,
    log: PathBuf,
    child: Child,
}

impl Nginx {
    /// For a test, with limits that no test reaches.
    pub async fn start(upstream: u16) -> Self {
        Self::start_with_settings(upstream, &[], |conf| conf).await
    }

    /// With this rate limit, and a configuration that is changed in one place, such as a timeout
    /// too long for a test.
    pub async fn start_with(
        upstream: u16,
        rate: &str,
        burst: u32,
        change: impl FnOnce(String) -> String,
    ) -> Self {
        let burst = burst.to_string();
        let limits = [("REMIT_RATE_LIMIT", rate), ("REMIT_RATE_BURST", &burst)];
        Self::start_with_settings(upstream, &limits, change).await
    }

    /// With these variables, beside limits that no test reaches.
    pub async fn start_with_settings(
        upstream: u16,
        settings: &[(&str, &str)],
        change: impl FnOnce(String) -> String,
    ) -> Self {
        let (owner, place) = (Folder::of_tests(), owned_folder("nginx"));
        let started = Self::start_in(&owner, &place, [free_port(), upstream], settings, change);
        started.await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Starts it in a folder of the owner's, on the first port and in front of the second.
    ///
    /// # Errors
    /// Its configuration cannot be written, or it does not start.
    pub async fn start_in(
        owner: &Folder,
        place: &Path,
        [port, upstream]: [u16; 2],
        settings: &[(&str, &str)],
        change: impl FnOnce(String) -> String,
    ) -> Result<Self, String> {
        let rendered = run(Command::new(repository().join("nginx/render"))
            .env("REMIT_NGINX_LISTEN", format!("127.0.0.1:{port}"))
            .env("REMIT_NGINX_UPSTREAM", format!("127.0.0.1:{upstream}"))
            .env("REMIT_NGINX_DIR", place)
            .envs(ROOMY)
            .envs(settings.iter().copied()))?;
        let (conf, log) = (place.join("nginx.conf"), place.join("nginx.log"));
        owner.write(&conf, change(rendered).as_bytes())?;
        let conf = conf.display().to_string();
        let arguments = ["-e", "stderr", "-c", &conf, "-g", "daemon off;"];
        let child = owner.spawn(&log, "nginx", &arguments)?;
        let mut nginx = Self { port, log, child };
        nginx.await_listener().await?;
        Ok(nginx)
    }

    async fn await_listener(&mut self) -> Result<(), String> {
        let what = format!("nginx listens; see {}", self.log.display());
        poll(SOON, &what, async || {
            // One that has ended never will.
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(Err(format!("{status} instead of: {what}")));
            }
            let listening = TcpStream::connect(("127.0.0.1", self.port)).await;
            listening.is_ok().then_some(Ok(()))
        })
        .await?
    }

    /// The process that has started the others.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its log, once it is as wanted: a request is logged after its answer.
    pub async fn log_once(&self, is_wanted: impl Fn(&str) -> bool) -> String {
        eventually(SOON, "nginx logs the request", async || {
            let log = std::fs::read_to_string(&self.log).expect("nginx has a log");
            is_wanted(&log).then_some(log)
        })
        .await
    }

    /// Reads its configuration again, as `nginx -s reload` does.
    pub fn hang_up(&self) {
        signal(self.pid(), "HUP");
    }

    /// The same, and waits for the processes that go by it. Those from before finish what they have
    /// begun.
    pub async fn reload(&self) {
        let before = children(self.pid());
        self.hang_up();
        eventually_true(SOON, "nginx has new processes", async || {
            let now = children(self.pid());
            now.iter().any(|pid| !before.contains(pid))
        })
        .await;
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Killed outright, it would leave its workers behind.
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            signal(self.pid(), "TERM");
        }
        let _ = self.child.wait();
    }
}
