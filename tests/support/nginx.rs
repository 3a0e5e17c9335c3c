//! nginx of a test's own, with the configuration that everybody gets.

use std::path::PathBuf;
use std::process::{Child, Command};

use tokio::net::TcpStream;

use super::free_port;
use super::owner::{children, owned_folder, signal, spawn_as_owner, write_as_owner};
use super::poll::{SOON, eventually, eventually_true};
use super::postgres::repository;

/// Limits that no test reaches.
const ROOMY: [(&str, &str); 7] = [
    ("REMIT_RATE_LIMIT", "10000r/s"),
    ("REMIT_RATE_BURST", "10000"),
    ("REMIT_ADDRESS_RATE_LIMIT", "10000r/s"),
    ("REMIT_ADDRESS_RATE_BURST", "10000"),
    ("REMIT_KEY_RATE_LIMIT", "10000r/s"),
    ("REMIT_KEY_RATE_BURST", "10000"),
    ("REMIT_ADDRESS_REQUESTS_MAX", "10000"),
];

/// nginx in front of a server on loopback, stopped at the end.
pub struct Nginx {
    pub port: u16,
    log: PathBuf,
    child: Child,
}

impl Nginx {
    /// With a rate limit that no test reaches.
    pub async fn start(upstream: u16) -> Self {
        Self::start_with_settings(upstream, &[], |conf| conf).await
    }

    /// With this rate limit, and a configuration that is changed in one place, such as a timeout too
    /// long for a test.
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
        let (port, folder) = (free_port(), owned_folder("nginx"));
        let rendered = Command::new(repository().join("stack/nginx-conf"))
            .arg(format!("127.0.0.1:{port}"))
            .arg(format!("127.0.0.1:{upstream}"))
            .arg(&folder)
            .envs(ROOMY)
            .envs(settings.iter().copied())
            .output()
            .expect("stack/nginx-conf can be run");
        assert!(rendered.status.success(), "{rendered:?}");
        let rendered = String::from_utf8(rendered.stdout).expect("the template is text");
        let (conf, log) = (folder.join("nginx.conf"), folder.join("nginx.log"));
        write_as_owner(&conf, change(rendered).as_bytes());
        let conf = conf.to_str().expect("the path is text");
        let mut child = spawn_as_owner(
            &log,
            "nginx",
            &["-e", "stderr", "-c", conf, "-g", "daemon off;"],
        );
        eventually(SOON, "nginx listens", async || {
            let ended = child.try_wait().expect("the process is ours");
            assert!(ended.is_none(), "nginx ended; see {}", log.display());
            TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        Self { port, log, child }
    }

    /// Its log, once it is as wanted: a request is logged after its answer.
    pub async fn log_once(&self, is_wanted: impl Fn(&str) -> bool) -> String {
        eventually(SOON, "nginx logs the request", async || {
            let log = std::fs::read_to_string(&self.log).expect("nginx has a log");
            is_wanted(&log).then_some(log)
        })
        .await
    }
}

impl Nginx {
    /// Reads its configuration again, as `nginx -s reload` does, and waits for the processes that go by it. Those from
    /// before finish what they have begun.
    pub async fn reload(&self) {
        let before = children(self.child.id());
        signal(self.child.id(), "HUP");
        eventually_true(SOON, "nginx has new processes", async || {
            let now = children(self.child.id());
            now.iter().any(|pid| !before.contains(pid))
        })
        .await;
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Killed outright, it would leave its workers behind.
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            signal(self.child.id(), "TERM");
        }
        let _ = self.child.wait();
    }
}
