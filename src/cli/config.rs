//! Configuration of `remit`: the only file of this crate that names environment variables.

use std::net::SocketAddr;
use std::time::Duration;

use tracing::level_filters::LevelFilter;

use crate::base::environment::Environment;
use crate::base::telemetry;
use crate::base::tls::Trust;
use crate::http::app::Webhooks;
use crate::http::readiness::Broker;
use crate::redis::connection::Redis;
use crate::sql::migrate::Passwords;
use crate::sql::pools;
use crate::sql::pools::Config;
use crate::types::MasterSecret;

/// Bounds what nobody thought of.
const CACHE_TTL_S_DEFAULT: u64 = 60;
const CACHE_TTL_S_MAX: u64 = 86_400;

/// What `remit serve` needs.
pub struct Serve {
    pub postgres: Config,
    pub redis: Redis,
    /// How long a wallet stays in the cache.
    pub cache_ttl: Duration,
    /// Only watched: the server publishes nothing.
    pub broker: Option<Broker>,
    pub webhooks: Webhooks,
    pub listen: SocketAddr,
    pub log: LevelFilter,
}

impl Serve {
    /// Reads the environment.
    ///
    /// # Errors
    /// All that is wrong with it, one a line.
    pub fn read(mut environment: Environment) -> Result<Self, String> {
        let trust = trust(&mut environment);
        let postgres = database(&mut environment, "remit", &trust);
        let redis = environment.required("REDIS_URL", |url| Redis::new(url, &trust));
        let broker = environment.optional("AMQP_URL", |url| Broker::parse(url, &trust));
        let cache_ttl_s = environment.parsed(
            "REMIT_CACHE_TTL",
            CACHE_TTL_S_DEFAULT,
            "a number of seconds from 1 to 86400",
            |seconds| (1..=CACHE_TTL_S_MAX).contains(seconds),
        );
        let listen = listen(&mut environment);
        let webhooks = webhooks(&mut environment);
        let log = log(&mut environment);
        let servers = environment.finish(postgres.zip(redis).zip(webhooks));
        servers.map(|((postgres, redis), webhooks)| Self {
            postgres,
            redis,
            cache_ttl: Duration::from_secs(cache_ttl_s),
            broker,
            webhooks,
            listen,
            log,
        })
    }
}

/// What `remit migrate` needs.
pub struct Migrate {
    pub postgres: Config,
    pub passwords: Passwords,
    pub log: LevelFilter,
}

impl Migrate {
    /// Reads the environment.
    ///
    /// # Errors
    /// All that is wrong with it, one a line.
    pub fn read(mut environment: Environment) -> Result<Self, String> {
        let trust = trust(&mut environment);
        let postgres = database(&mut environment, "remit migrate", &trust);
        let passwords = Passwords {
            server: environment.text("REMIT_SERVER_PASSWORD"),
            worker: environment.text("REMIT_WORKER_PASSWORD"),
        };
        let log = log(&mut environment);
        let postgres = environment.finish(postgres);
        postgres.map(|postgres| Self {
            postgres,
            passwords,
            log,
        })
    }
}

/// What `remit keys`, `remit verify` and `remit prune` need: the database, where the audit log
/// knows them by name.
///
/// # Errors
/// What is wrong with the environment.
pub fn operator(mut environment: Environment, application_name: &str) -> Result<Config, String> {
    let trust = trust(&mut environment);
    let postgres = database(&mut environment, application_name, &trust);
    environment.finish(postgres)
}

/// What `remit health` needs: where the server listens.
///
/// # Errors
/// What is wrong with the environment.
pub fn health(mut environment: Environment) -> Result<SocketAddr, String> {
    let listen = listen(&mut environment);
    environment.finish(Some(listen))
}

fn webhooks(environment: &mut Environment) -> Option<Webhooks> {
    let master = environment.required("REMIT_WEBHOOK_SECRET", MasterSecret::parse);
    let allows_http = environment.parsed("REMIT_WEBHOOK_HTTP", false, "true or false", |_| true);
    master.map(|master| Webhooks {
        master,
        allows_http,
    })
}

fn trust(environment: &mut Environment) -> Trust {
    Trust::read(environment, "REMIT_TLS_CA_FILE")
}

fn log(environment: &mut Environment) -> LevelFilter {
    telemetry::level(environment, "REMIT_LOG")
}

fn database(environment: &mut Environment, name: &str, trust: &Trust) -> Option<Config> {
    environment.required("DATABASE_URL", |url| pools::config(url, name, trust))
}

fn listen(environment: &mut Environment) -> SocketAddr {
    let default = SocketAddr::from(([127, 0, 0, 1], 8080));
    let rule = "an address and port such as 127.0.0.1:8080";
    environment.parsed("REMIT_LISTEN", default, rule, |_| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_errors_are_reported_at_once_and_repeat_no_value() {
        let environment = Environment::with_lookup(|name| match name {
            "DATABASE_URL" | "AMQP_URL" => Some("mysql://user:secret@host/x".to_owned()),
            "REMIT_CACHE_TTL" => Some("0".to_owned()),
            "REMIT_LISTEN" => Some("everywhere".to_owned()),
            "REMIT_LOG" => Some("loud".to_owned()),
            "REMIT_WEBHOOK_SECRET" => Some("a short secret".to_owned()),
            "REMIT_WEBHOOK_HTTP" => Some("on".to_owned()),
            _ => None,
        });
        let errors = Serve::read(environment)
            .err()
            .expect("all of them are wrong");
        for name in [
            "DATABASE_URL",
            "REDIS_URL",
            "AMQP_URL",
            "REMIT_CACHE_TTL",
            "REMIT_LISTEN",
            "REMIT_LOG",
            "REMIT_WEBHOOK_SECRET",
            "REMIT_WEBHOOK_HTTP",
        ] {
            assert!(errors.contains(name), "{name} is missing in: {errors}");
        }
        assert!(
            !errors.contains("secret@") && !errors.contains("short secret"),
            "{errors}"
        );
    }
}
