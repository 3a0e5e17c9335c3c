//! A server of a test's own.

use std::path::Path;
use std::time::Duration;

use hyper::Method;

use crate::http::Http;
use crate::poll::eventually;
use crate::port::free_port;
use crate::program::{Process, Recipe};

/// A debug build on a busy machine may take this long to start.
const START_MAX: Duration = Duration::from_secs(20);

/// A running `remit serve`, killed at the end.
pub struct Server {
    pub port: u16,
    pub http: Http,
    recipe: Recipe,
    process: Process,
}

impl Server {
    /// Starts the program with these variables and waits until it answers. Its log goes to a file.
    pub async fn start(program: &str, variables: &[(&'static str, String)], log: &Path) -> Self {
        let port = free_port();
        let listen = ("REMIT_LISTEN", format!("127.0.0.1:{port}"));
        let recipe = Recipe::new(program, &["serve"], log);
        let recipe = recipe.with(&[listen]).with(variables);
        let http = Http::new(port);
        let process = running(&recipe, &http).await;
        Self {
            port,
            http,
            recipe,
            process,
        }
    }

    /// Starts it again at the same place, once it has ended.
    pub async fn start_again(&mut self) {
        self.process = running(&self.recipe, &self.http).await;
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Sends a signal such as `TERM`.
    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Dies at once, as the machine might.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Whether the process has ended, and well.
    pub fn ended_well(&mut self) -> Option<bool> {
        self.process.status().map(|status| status.success())
    }
}

/// The process, once it answers.
async fn running(recipe: &Recipe, http: &Http) -> Process {
    let mut process = Process::start(recipe).unwrap_or_else(|error| panic!("{error}"));
    eventually(START_MAX, "the server answers", async || {
        let log = recipe.log.display();
        assert!(process.status().is_none(), "the server ended; see {log}");
        http.try_send(Method::GET, "/healthz", &[], "").await.ok()
    })
    .await;
    process
}
