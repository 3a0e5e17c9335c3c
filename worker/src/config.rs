//! The worker's configuration: the only place that reads the environment.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use remit::base::environment::Environment;
use remit::base::telemetry;
use remit::base::tls::Trust;
use remit::redis::connection::Redis;
use remit::sql::pools;
use remit::sql::pools::Config as PostgresConfig;
use remit::types::MasterSecret;
use tracing::level_filters::LevelFilter;

use crate::broker::Address;
use crate::topology;
use crate::webhooks::address::Networks;
use crate::webhooks::client::Client;
use crate::witness::Place;

/// The name under which PostgreSQL lists the worker's connections.
pub const APPLICATION_NAME: &str = "remit-worker";

/// How the notifier treats failures.
#[derive(Debug, Clone)]
pub struct Retries {
    /// After so many attempts a message goes to the dead letters.
    pub attempts_max: u32,
    /// The delay after the first failed attempt; it doubles after each further one.
    pub first_delay: Duration,
    /// The share of deliveries that fail on purpose, 0 to 1.
    pub fail_rate: f64,
}

/// How webhooks are sent.
pub struct Sending {
    pub client: Arc<Client>,
    pub master: MasterSecret,
}

/// What the parts need.
pub struct Config {
    pub postgres: PostgresConfig,
    pub broker: Address,
    pub redis: Arc<Redis>,
    pub retries: Retries,
    /// Where the metrics are shown, if anywhere.
    pub listen: Option<SocketAddr>,
    pub sending: Sending,
    /// Where the heads of the logs are exported to, if anywhere.
    pub heads: Option<Place>,
    /// The level of the log.
    pub log: LevelFilter,
}

impl Config {
    /// Reads all of it.
    ///
    /// # Errors
    /// Everything that is wrong, one a line. Values are not repeated: they hold passwords.
    pub fn read(mut environment: Environment) -> Result<Self, String> {
        let trust = trust(&mut environment);
        let postgres = postgres_of(&mut environment, APPLICATION_NAME, &trust);
        let broker = broker_of(&mut environment, &trust);
        let redis = environment.required("REDIS_URL", |url| Redis::new(url, &trust));
        let attempts_rule = format!("a number from 1 to {}", topology::ATTEMPTS_MAX);
        let retries = Retries {
            attempts_max: environment.parsed("NOTIFY_ATTEMPTS_MAX", 6, &attempts_rule, |max| {
                (1..=topology::ATTEMPTS_MAX).contains(max)
            }),
            first_delay: Duration::from_millis(environment.parsed(
                "NOTIFY_BACKOFF_MS",
                1_000,
                "a number of milliseconds from 1 to 3600000",
                |ms| (1..=3_600_000).contains(ms),
            )),
            fail_rate: environment.parsed(
                "NOTIFY_FAIL_RATE",
                0.0,
                "a number from 0 to 1",
                |rate| (0.0..=1.0).contains(rate),
            ),
        };
        let listen = environment.optional("REMIT_WORKER_LISTEN", |text| {
            let rule = "must be an address and port such as 127.0.0.1:8081";
            text.parse().map_err(|_| rule)
        });
        let sending = sending(&mut environment, &trust);
        let heads = environment.optional("REMIT_HEADS_URL", |url| Place::parse(url, &trust));
        let log = telemetry::level(&mut environment, "REMIT_LOG");
        let servers = environment.finish(postgres.zip(broker).zip(redis).zip(sending));
        servers.map(|(((postgres, broker), redis), sending)| Self {
            postgres,
            broker,
            redis: Arc::new(redis),
            retries,
            listen,
            sending,
            heads,
            log,
        })
    }
}

/// Reads what the list of dead letters needs: `AMQP_URL`.
///
/// # Errors
/// As `Config::read`.
pub fn read_broker(mut environment: Environment) -> Result<Address, String> {
    let trust = trust(&mut environment);
    let broker = broker_of(&mut environment, &trust);
    environment.finish(broker)
}

/// Reads what the commands need that connect to both: `DATABASE_URL` and `AMQP_URL`. PostgreSQL
/// lists their connections under `name`, and its audit log has it.
///
/// # Errors
/// As `Config::read`.
pub fn read_servers(
    mut environment: Environment,
    name: &str,
) -> Result<(PostgresConfig, Address), String> {
    let trust = trust(&mut environment);
    let postgres = postgres_of(&mut environment, name, &trust);
    let broker = broker_of(&mut environment, &trust);
    environment.finish(postgres.zip(broker))
}

fn sending(environment: &mut Environment, trust: &Trust) -> Option<Sending> {
    let master = environment.required("REMIT_WEBHOOK_SECRET", MasterSecret::parse);
    let networks = environment.optional("REMIT_WEBHOOK_NETWORKS", Networks::parse);
    let allows_http = environment.parsed("REMIT_WEBHOOK_HTTP", false, "true or false", |_| true);
    let client = Client::new(
        trust.tls_to_anyone(),
        networks.unwrap_or_default(),
        allows_http,
    );
    master.map(|master| Sending {
        client: Arc::new(client),
        master,
    })
}

fn trust(environment: &mut Environment) -> Trust {
    Trust::read(environment, "REMIT_TLS_CA_FILE")
}

fn postgres_of(environment: &mut Environment, name: &str, trust: &Trust) -> Option<PostgresConfig> {
    environment.required("DATABASE_URL", |url| pools::config(url, name, trust))
}

fn broker_of(environment: &mut Environment, trust: &Trust) -> Option<Address> {
    environment.required("AMQP_URL", |url| Address::parse(url, trust))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &'static [(&'static str, &'static str)]) -> Result<Config, String> {
        Config::read(Environment::with_lookup(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        }))
    }

    #[tokio::test]
    async fn a_minimal_configuration_has_the_documented_defaults() {
        let config = read(&[
            ("DATABASE_URL", "postgresql://remit_worker:secret@db/remit"),
            ("REDIS_URL", "redis://:secret@redis:6379/0"),
            ("AMQP_URL", "amqp://remit:secret@rabbitmq:5672/%2f"),
            ("REMIT_WEBHOOK_SECRET", "0123456789abcdef0123456789abcdef"),
        ])
        .unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(config.broker.uri.vhost, "/");
        assert_eq!(config.retries.attempts_max, 6);
        assert_eq!(config.retries.first_delay, Duration::from_secs(1));
        assert_eq!(config.retries.fail_rate, 0.0);
        assert_eq!(config.listen, None);
        assert!(!config.sending.client.allows_http);
        assert_eq!(config.log, LevelFilter::INFO);
    }

    #[test]
    fn everything_that_is_wrong_is_reported_at_once_without_secrets() {
        let errors = read(&[
            ("DATABASE_URL", "mysql://root:secret@db"),
            ("AMQP_URL", "https://remit:secret@rabbitmq"),
            ("NOTIFY_ATTEMPTS_MAX", "11"),
            ("NOTIFY_BACKOFF_MS", "0"),
            ("NOTIFY_FAIL_RATE", "NaN"),
            ("REMIT_WORKER_LISTEN", "everywhere"),
            ("REMIT_HEADS_URL", "http://example.com/heads"),
            ("REMIT_WEBHOOK_SECRET", "a short secret"),
            ("REMIT_WEBHOOK_NETWORKS", "10.0.0.0/33"),
            ("REMIT_WEBHOOK_HTTP", "on"),
        ])
        .err()
        .expect("all of it is wrong");
        let names: Vec<_> = errors
            .lines()
            .filter_map(|line| line.split([' ', ':']).next())
            .collect();
        let expected = [
            "DATABASE_URL",
            "AMQP_URL",
            "REDIS_URL",
            "NOTIFY_ATTEMPTS_MAX",
            "NOTIFY_BACKOFF_MS",
            "NOTIFY_FAIL_RATE",
            "REMIT_WORKER_LISTEN",
            "REMIT_WEBHOOK_SECRET",
            "REMIT_WEBHOOK_NETWORKS",
            "REMIT_WEBHOOK_HTTP",
            "REMIT_HEADS_URL",
        ];
        assert_eq!(names, expected);
        assert!(!errors.contains("secret@") && !errors.contains("a short secret"));
    }

    #[test]
    fn other_commands_need_only_their_servers() {
        let environment = || {
            Environment::with_lookup(|name| {
                (name == "AMQP_URL").then(|| "amqp://localhost".to_owned())
            })
        };
        assert!(read_broker(environment()).is_ok());
        let errors =
            read_servers(environment(), APPLICATION_NAME).expect_err("DATABASE_URL is missing");
        assert_eq!(errors, "DATABASE_URL is not set");
    }
}
