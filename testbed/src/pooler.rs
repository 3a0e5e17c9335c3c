//! PgBouncer in front of a test's database.

use std::process::{Child, Stdio};

use tokio::net::TcpStream;
use tokio_postgres::Config;

use crate::folder::{Folder, owned_folder};
use crate::poll::{SOON, eventually_true};
use crate::port::free_port;
use crate::postgres::Database;

/// The setting with which it takes sessions that pin settings, and drops those.
pub const IGNORED: &str = "ignore_startup_parameters = options, extra_float_digits";

/// A pooler, ended at the end.
pub struct Pooler {
    child: Child,
    port: u16,
}

impl Pooler {
    /// One that lends its sessions by `mode`, with a setting more.
    pub async fn start(database: &Database, mode: &str, more: &str) -> Self {
        let (folder, port) = (owned_folder("pgbouncer"), free_port());
        let own = Folder::of_tests();
        let owner: Config = database.owner_url().parse().expect("a URL");
        let password = String::from_utf8_lossy(owner.get_password().unwrap_or_default());
        let user = owner.get_user().unwrap_or_default();
        let roles = ["remit_server", "remit_worker"].map(|role| format!("\"{role}\" \"test\"\n"));
        let users = format!("\"{user}\" \"{password}\"\n{}", roles.concat());
        let path = |name: &str| folder.join(name).display().to_string();
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {}\n\
             pool_mode = {mode}\n{more}\n",
            database.port(),
            path("users"),
        );
        for (name, text) in [("users", users), ("settings", settings)] {
            let written = own.write(&folder.join(name), text.as_bytes());
            written.unwrap_or_else(|error| panic!("{error}"));
        }
        let child = own
            .command("pgbouncer")
            .arg(path("settings"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("stack/install has installed it");
        eventually_true(SOON, "PgBouncer listens", async || {
            TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await;
        Self { child, port }
    }

    /// The same database through the pooler.
    pub fn url(&self, database: &Database, url: &str) -> String {
        let (own, pooler) = (format!(":{}/", database.port()), format!(":{}/", self.port));
        url.replace(&own, &pooler)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
