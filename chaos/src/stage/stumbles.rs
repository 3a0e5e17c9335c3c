//! What is done to Redis that loses or refuses what it is told, and to a server that stands still.

use std::time::Duration;

use testbed::process::signal;
use testbed::services::Part;
use tokio::time::sleep;

use super::Stage;

/// What stack/services sets.
const USUAL: [(&str, &str); 2] = [("maxmemory", "128mb"), ("maxmemory-policy", "allkeys-lru")];
/// Who may change how Redis works.
const USER: &str = "chaos";

impl Stage {
    /// Lets Redis refuse all that makes it grow, and first, if told, forget all that it has.
    ///
    /// # Errors
    /// Redis is away.
    pub async fn refuse_writes(&self, evicts: bool, lasts: Duration) -> Result<(), String> {
        let policy = if evicts {
            "allkeys-random"
        } else {
            "noeviction"
        };
        self.ask_redis(&["CONFIG", "SET", "maxmemory-policy", policy])
            .await?;
        self.ask_redis(&["CONFIG", "SET", "maxmemory", "1"]).await?;
        sleep(lasts).await;
        for (name, usual) in USUAL {
            self.ask_redis(&["CONFIG", "SET", name, usual]).await?;
        }
        Ok(())
    }

    /// Kills Redis some time after it has written itself down, and starts it with that.
    ///
    /// # Errors
    /// Redis is away, or does not come back.
    pub async fn older_dump(&self, lasts: Duration) -> Result<(), String> {
        self.ask_redis(&["SAVE"]).await?;
        sleep(lasts).await;
        self.services.end(Part::Redis, "KILL").await?;
        self.services.resume(Part::Redis).await
    }

    /// Lets the first server stand still, wherever it is.
    pub async fn stop_server(&self, lasts: Duration) {
        let pid = self.running().as_ref().map(|running| running.server.pid());
        if let Some(pid) = pid {
            signal(pid, "STOP");
            sleep(lasts).await;
            signal(pid, "CONT");
        }
    }

    /// Gives chaos a user of its own in Redis, as nobody else may change how it works.
    ///
    /// # Errors
    /// Redis does not come back.
    pub(super) async fn rule_redis(&self) -> Result<(), String> {
        let line = format!(
            "user {USER} on >{} ~* &* +@all",
            self.services.folder.secret("redis")?
        );
        let file = self.services.folder.path.join("etc/redis_chaos.conf");
        self.services.folder.write(&file, line.as_bytes())?;
        self.services.end(Part::Redis, "TERM").await?;
        self.services.resume(Part::Redis).await
    }

    async fn ask_redis(&self, command: &[&str]) -> Result<(), String> {
        let text = |error: redis::RedisError| error.to_string();
        let url = self
            .services
            .redis_url(USER, "redis", self.services.port("redis"))?;
        let client = redis::Client::open(url).map_err(text)?;
        let mut connection = client.get_multiplexed_async_connection().await;
        let connection = connection.as_mut().map_err(|error| error.to_string())?;
        let mut request = redis::cmd(command[0]);
        request.arg(&command[1..]);
        request.exec_async(connection).await.map_err(text)
    }
}
