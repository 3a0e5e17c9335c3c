//! Configuration of `remit`: the only file of this crate that names environment variables.

use std::net::SocketAddr;

use tracing::level_filters::LevelFilter;

use crate::base::environment::Environment;
use crate::base::telemetry::LEVEL_RULE;
use crate::base::tls::Trust;
use crate::http::readiness::Broker;
use crate::redis::connection::Redis;
use crate::sql::migrate::Passwords;
use crate::sql::pools;
use crate::sql::pools::Config;

const LISTEN_DEFAULT: &str = "127.0.0.1:8080";
const CA_FILE: &str = "REMIT_TLS_CA_FILE";

/// What `remit serve` needs.
pub struct Serve {
    pub postgres: Config,
    pub redis: Redis,
    /// Only watched: the server publishes nothing.
    pub broker: Option<Broker>,
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
        let redis_url = environment.required("REDIS_URL");
        let redis = environment.check("REDIS_URL", Redis::new(&redis_url, &trust));
        let broker = environment
            .optional("AMQP_URL")
            .and_then(|url| environment.check("AMQP_URL", Broker::parse(&url, &trust)));
        let listen = listen(&mut environment);
        let log = log(&mut environment);
        environment.finish()?;
        Ok(Self {
            postgres: postgres.ok_or("DATABASE_URL is not set")?,
            redis: redis.ok_or("REDIS_URL is not set")?,
            broker,
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
            server: environment.optional("REMIT_SERVER_PASSWORD"),
            worker: environment.optional("REMIT_WORKER_PASSWORD"),
        };
        let log = log(&mut environment);
        environment.finish()?;
        Ok(Self {
            postgres: postgres.ok_or("DATABASE_URL is not set")?,
            passwords,
            log,
        })
    }
}

/// What `remit keys` needs: a login of an operator or of the owner.
///
/// # Errors
/// What is wrong with the environment.
pub fn keys(mut environment: Environment) -> Result<Config, String> {
    let trust = trust(&mut environment);
    let postgres = database(&mut environment, "remit keys", &trust);
    environment.finish()?;
    Ok(postgres.ok_or("DATABASE_URL is not set")?)
}

/// What `remit health` needs: where the server listens.
///
/// # Errors
/// What is wrong with the environment.
pub fn health(mut environment: Environment) -> Result<SocketAddr, String> {
    let listen = listen(&mut environment);
    environment.finish()?;
    Ok(listen)
}

/// What `remit verify` needs: the database.
///
/// # Errors
/// What is wrong with the environment.
pub fn verify(mut environment: Environment) -> Result<Config, String> {
    let trust = trust(&mut environment);
    let postgres = database(&mut environment, "remit verify", &trust);
    environment.finish()?;
    Ok(postgres.ok_or("DATABASE_URL is not set")?)
}

/// Which authorities connections with TLS trust.
fn trust(environment: &mut Environment) -> Trust {
    let file = environment.optional(CA_FILE);
    let trust = environment.check(CA_FILE, Trust::new(file.as_deref()));
    trust.unwrap_or_default()
}

fn database(
    environment: &mut Environment,
    application_name: &str,
    trust: &Trust,
) -> Option<Config> {
    let url = environment.optional("DATABASE_URL");
    let Some(url) = url else {
        environment.required("DATABASE_URL");
        return None;
    };
    environment.check("DATABASE_URL", pools::config(&url, application_name, trust))
}

fn listen(environment: &mut Environment) -> SocketAddr {
    let default = LISTEN_DEFAULT.parse().expect("the default is an address");
    environment.parsed(
        "REMIT_LISTEN",
        default,
        "an address and port such as 127.0.0.1:8080",
        |_| true,
    )
}

fn log(environment: &mut Environment) -> LevelFilter {
    environment.parsed("REMIT_LOG", LevelFilter::INFO, LEVEL_RULE, |_| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_errors_are_reported_at_once_and_repeat_no_value() {
        let environment = Environment::with_lookup(|name| match name {
            "DATABASE_URL" | "AMQP_URL" => Some("mysql://user:secret@host/x".to_owned()),
            "REMIT_LISTEN" => Some("everywhere".to_owned()),
            "REMIT_LOG" => Some("loud".to_owned()),
            _ => None,
        });
        let errors = Serve::read(environment).err().expect("all five are wrong");
        for name in [
            "DATABASE_URL",
            "REDIS_URL",
            "AMQP_URL",
            "REMIT_LISTEN",
            "REMIT_LOG",
        ] {
            assert!(errors.contains(name), "{name} is missing in: {errors}");
        }
        assert!(!errors.contains("secret"), "{errors}");
    }
}
