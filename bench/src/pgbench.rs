//! The peers in SQL alone, by pgbench.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use hdrhistogram::Histogram;
use testbed::process::{blocking, run};

use crate::load::warmup;
use crate::stand::{PASSWORD, Stand};

/// It may end before it has told of its last second.
const UNREPORTED_S: u64 = 1;
/// How many clients connect in a second, on a slow machine.
const CONNECTED_PER_S: u64 = 50;
/// Threads of pgbench: one core is as much as the generator of the other loads uses.
const THREADS: &str = "1";

/// A run of one script.
#[derive(Debug, Clone)]
pub struct Pgbench {
    /// A file of `bench/sql`.
    pub script: &'static str,
    pub clients: usize,
    pub wallets: usize,
    /// Transfers in a call.
    pub size: usize,
    pub time: Duration,
    /// Calls per second, at random times; none is as many as possible.
    pub rate: Option<f64>,
}

/// What came of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Transfers per second, after the warm-up: sessions make their plans in it.
    pub rate: f64,
    /// Calls, all of them.
    pub calls: u64,
    /// Microseconds of a call, from when it was due.
    pub latency: Option<Histogram<u64>>,
}

impl Pgbench {
    /// How long pgbench works: it counts from before its clients connect, each of which proves its
    /// password.
    fn seconds(&self) -> u64 {
        let connecting = self.clients as u64 / CONNECTED_PER_S;
        connecting + self.warmup_s() + self.counted_s() + UNREPORTED_S
    }

    fn counted_s(&self) -> u64 {
        self.time.as_secs().max(1)
    }

    /// As long as in other loads; it counts whole seconds.
    fn warmup_s(&self) -> u64 {
        warmup(self.time).as_secs_f64().ceil() as u64
    }

    /// Who calls. `transfers_post` is called as the server calls it: what a person posts costs a
    /// row of the audit log as well.
    fn login(&self, stand: &Stand) -> Result<(&'static str, String), String> {
        if self.script.starts_with("remit_") {
            return Ok(("remit_server", PASSWORD.to_owned()));
        }
        Ok(("remit", stand.services.folder.secret("owner")?))
    }

    /// Carries it out.
    ///
    /// # Errors
    /// A call failed, or pgbench is not there.
    pub async fn carry_out(&self, stand: &Stand) -> Result<Outcome, String> {
        let (user, password) = self.login(stand)?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("sql")
            .join(self.script);
        let logs = std::env::temp_dir().join(format!("remit-pgbench-{}", std::process::id()));
        let mut command = Command::new("sh");
        command
            // It tells of its progress on the other stream.
            .args([
                "-c",
                "exec \"$0\" \"$@\" 2>&1",
                "/usr/lib/postgresql/15/bin/pgbench",
            ])
            .args(["-n", "-M", "prepared", "-j", THREADS, "-h", "127.0.0.1"])
            .args(["-p", &stand.services.port("postgres").to_string()])
            .args(["-U", user, "-c", &self.clients.to_string()])
            .args(["-T", &self.seconds().to_string()])
            .args(["-P", "1"])
            .args(["-D", &format!("wallets={}", self.wallets)])
            .args(["-D", &format!("size={}", self.size)])
            .args(["-D", &format!("key={}", digest(&stand.key)?)])
            .arg("-f")
            .arg(script)
            .env("PGPASSWORD", password);
        if let Some(rate) = self.rate {
            fs::create_dir_all(&logs).map_err(|error| error.to_string())?;
            command
                .args(["-R", &rate.to_string(), "-l", "--log-prefix"])
                .arg(logs.join("log"));
        }
        command.arg(&stand.database);
        let said = blocking(move || run(&mut command)).await?;
        if failed(&said) != Some(0) {
            return Err(format!("calls failed; pgbench said: {said}"));
        }
        let rate = rate(&said, self.warmup_s(), self.counted_s())
            .ok_or_else(|| format!("pgbench said: {said}"))?;
        let calls = calls(&said).ok_or_else(|| format!("pgbench said: {said}"))?;
        let latency = match self.rate {
            Some(_) => Some(latencies(&logs, self.warmup_s())?),
            None => None,
        };
        Ok(Outcome {
            rate: rate * self.size as f64,
            calls,
            latency,
        })
    }
}

/// The SHA-256 of an API key in hexadecimal, as PostgreSQL knows it.
fn digest(key: &str) -> Result<String, String> {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(key.as_bytes());
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The mean of what each second brought, of so many, after those in which the clients connected,
/// and the warm-up.
fn rate(said: &str, warmup_s: u64, counted_s: u64) -> Option<f64> {
    let seconds = said.lines().filter(|line| line.starts_with("progress: "));
    let rates: Vec<f64> = seconds
        .filter_map(|line| line.split(' ').nth(3)?.parse().ok())
        .skip_while(|rate| *rate == 0.0)
        .skip(warmup_s as usize)
        .take(counted_s as usize)
        .collect();
    (!rates.is_empty()).then(|| rates.iter().sum::<f64>() / rates.len() as f64)
}

fn calls(said: &str) -> Option<u64> {
    count(said, "number of transactions actually processed: ")
}

fn failed(said: &str) -> Option<u64> {
    count(said, "number of failed transactions: ")
}

fn count(said: &str, name: &str) -> Option<u64> {
    let line = said.lines().find_map(|line| line.strip_prefix(name))?;
    line.split(['/', ' ']).next()?.parse().ok()
}

/// Reads the logs of all threads, and removes them. The third field is the time from when a call
/// was due, the fifth and sixth when it ended.
fn latencies(logs: &PathBuf, warmup_s: u64) -> Result<Histogram<u64>, String> {
    let mut calls = Vec::new();
    for entry in fs::read_dir(logs).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
        for line in text.lines() {
            let mut fields = line.split(' ').skip(2).map(str::parse::<u64>);
            if let (Some(Ok(us)), _, Some(Ok(at_s)), Some(Ok(at_us))) =
                (fields.next(), fields.next(), fields.next(), fields.next())
            {
                calls.push((at_s * 1_000_000 + at_us, us));
            }
        }
    }
    fs::remove_dir_all(logs).map_err(|error| error.to_string())?;
    let mut latency = Histogram::new(3).map_err(|error| error.to_string())?;
    let first = calls.iter().map(|(at, _)| *at).min().unwrap_or_default();
    for (_, us) in calls
        .iter()
        .filter(|(at, _)| at - first >= warmup_s * 1_000_000)
    {
        // It grows with its values.
        let _ = latency.record(*us);
    }
    Ok(latency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_begins_after_the_first_second_with_calls() {
        let said = "progress: 6.9 s, 0.0 tps, lat 0.000 ms stddev 0.000, 0 failed\n\
                    progress: 7.9 s, 10.0 tps, lat 1.000 ms stddev 0.000, 0 failed\n\
                    progress: 8.9 s, 30.0 tps, lat 1.000 ms stddev 0.000, 0 failed\n\
                    progress: 9.9 s, 50.0 tps, lat 1.000 ms stddev 0.000, 0 failed\n";
        assert_eq!(rate(said, 1, 2), Some(40.0));
        assert_eq!(rate(said, 1, 1), Some(30.0));
        assert_eq!(rate(&said[..62], 1, 2), None);
    }
}
