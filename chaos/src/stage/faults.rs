//! What is done to the parts of a stage.

use std::time::{Duration, Instant};

use testbed::process::signal;
use testbed::services::Part;
use tokio::time::sleep;

use super::{START_S_MAX, Stage};

impl Stage {
    /// Kills the server and starts it again.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn kill_server(&self) -> Result<(), String> {
        self.running()
            .as_ref()
            .map_or(Ok(()), |running| running.server.kill())
    }

    /// Kills the worker and starts it again.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn kill_worker(&self) -> Result<(), String> {
        self.running()
            .as_ref()
            .map_or(Ok(()), |running| running.worker.kill())
    }

    /// What `nginx -s reload` does.
    pub fn reload_nginx(&self) {
        if let Some(running) = self.running().as_ref() {
            running.nginx.hang_up();
        }
    }

    /// Kills one session of the server.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn kill_backend(&self) -> Result<(), String> {
        let query = "select coalesce(min(pid), 0)::bigint from pg_stat_activity
                      where datname = current_database() and usename = 'remit_server'";
        let pid = self.owner().await?.number(query).await?;
        let pid = u32::try_from(pid).ok().filter(|pid| *pid > 0);
        signal(pid.ok_or("the server has no session to kill")?, "KILL");
        let start = Instant::now();
        // Its postmaster ends all others and recovers.
        sleep(Duration::from_millis(100)).await;
        while self.owner().await.is_err() {
            if start.elapsed() > Duration::from_secs(START_S_MAX) {
                return Err("PostgreSQL does not come back".to_owned());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Gives one of the servers back what may have been taken from it, whatever went before.
    pub fn wake(&self) {
        for part in [Part::Redis, Part::Postgres] {
            // One without a process needs no waking.
            let _ = self.services.signal_all(part, "CONT");
        }
        for proxy in self.proxies.values() {
            proxy.resume();
        }
    }
}
