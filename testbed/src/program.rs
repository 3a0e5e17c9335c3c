//! Programs of the project under an environment of their own, with a log.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::place::setting;
use crate::poll::{SOON, eventually, eventually_true};
use crate::process::{blocking, signal};

/// What the secrets of webhooks are derived from.
pub const WEBHOOK_SECRET: &str = "a test's secret for webhooks, of 45 characters";

/// How a program is started: with these variables and no others.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub path: PathBuf,
    pub arguments: Vec<String>,
    pub variables: Vec<(&'static str, String)>,
    /// What it prints is appended to this file.
    pub log: PathBuf,
}

impl Recipe {
    /// Of a program with these arguments, and what each of them needs.
    pub fn new(path: impl Into<PathBuf>, arguments: &[&str], log: &Path) -> Self {
        Self {
            path: path.into(),
            arguments: arguments
                .iter()
                .map(|argument| (*argument).to_owned())
                .collect(),
            variables: vec![("REMIT_WEBHOOK_SECRET", WEBHOOK_SECRET.to_owned())],
            log: log.to_owned(),
        }
    }

    /// Sets or replaces variables.
    #[must_use]
    pub fn with(mut self, variables: &[(&'static str, String)]) -> Self {
        for (name, value) in variables {
            self.variables.retain(|(variable, _)| variable != name);
            self.variables.push((name, value.clone()));
        }
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// It is not there, or its log cannot be written.
    pub fn spawn(&self) -> Result<Child, String> {
        let describe = |error: std::io::Error| format!("{}: {error}", self.path.display());
        let log = OpenOptions::new().create(true).append(true).open(&self.log);
        let log = log.map_err(describe)?;
        self.command()
            .stderr(log.try_clone().map_err(describe)?)
            .stdout(log)
            .spawn()
            .map_err(describe)
    }

    /// Runs it to its end. What it prints is in the output, not in the log.
    ///
    /// # Errors
    /// It is not there.
    pub fn output(&self) -> Result<Output, String> {
        let output = self.command().output();
        output.map_err(|error| format!("{}: {error}", self.path.display()))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }
}

/// A program that runs, killed at the end.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it.
    ///
    /// # Errors
    /// It is not there, or its log cannot be written.
    pub fn start(recipe: &Recipe) -> Result<Self, String> {
        Ok(Self {
            child: recipe.spawn()?,
            log: recipe.log.clone(),
        })
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal such as `TERM`.
    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Ends at once, as by a power cut.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Its status, if it has ended.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits until the process ends by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let what = format!("the end of a program; see {}", self.log.display());
        eventually(SOON, &what, async || self.status()).await
    }

    /// Ends it as an operator would, however long it takes.
    pub async fn stop(mut self) {
        self.signal("TERM");
        let waited = blocking(move || self.child.wait().map_err(|error| error.to_string()));
        // It has ended, or is killed.
        let _ = waited.await;
    }

    /// The lines of its log so far.
    pub fn lines(&self) -> Vec<Value> {
        lines(&self.log)
    }

    /// Lines with a message.
    pub fn said(&self, message: &str) -> Vec<Value> {
        let mut lines = self.lines();
        lines.retain(|line| line["message"] == message);
        lines
    }

    /// Waits until a message is in the log so many times.
    pub async fn await_said(&self, message: &str, count: usize) -> Vec<Value> {
        let what = format!("\"{message}\" {count} times in {}", self.log.display());
        eventually(SOON, &what, async || {
            let lines = self.said(message);
            (lines.len() >= count).then_some(lines)
        })
        .await
    }

    /// Waits until a part has lost or not reached its servers so many times.
    pub async fn await_interrupted(&self, part: &str, count: usize) {
        let log = self.log.display();
        let what = format!("{part} interrupted {count} times; see {log}");
        eventually_true(SOON, &what, async || {
            let mut lines = self.said("interrupted");
            lines.retain(|line| line["part"] == part);
            lines.len() >= count
        })
        .await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The whole lines of a log, as JSON or as what they say. The last one may not be whole yet.
pub fn lines(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
    whole
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| json!({"text": line})))
        .collect()
}

/// A new file for the log of a program that a test starts.
pub fn new_log(name: &str) -> PathBuf {
    let name = format!("{name}-{}.log", Uuid::new_v4().simple());
    PathBuf::from(setting("REMIT_TEST_DIR")).join(name)
}
