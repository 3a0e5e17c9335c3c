//! How the programs of a stage are started: each with a proxy on each of its connections.

use std::process::Child;

use super::{PASSWORD, Stage};
use crate::fault::Link;
use crate::options::Options;
use crate::owner::run;
use crate::program::Recipe;
use crate::services::{blocking, repository};

/// Limits that no client of a run reaches.
const LIMITS: [(&str, &str); 7] = [
    ("REMIT_RATE_LIMIT", "100000r/s"),
    ("REMIT_RATE_BURST", "100000"),
    ("REMIT_ADDRESS_RATE_LIMIT", "100000r/s"),
    ("REMIT_ADDRESS_RATE_BURST", "100000"),
    ("REMIT_KEY_RATE_LIMIT", "100000r/s"),
    ("REMIT_KEY_RATE_BURST", "100000"),
    ("REMIT_ADDRESS_REQUESTS_MAX", "10000"),
];

impl Stage {
    /// The server.
    pub(super) fn server(&self, options: &Options) -> Result<Recipe, String> {
        let mut recipe = self.recipe(options, "remit", "remit_server", Link::ServerDatabase);
        recipe.arguments = vec!["serve"];
        recipe.port = Some(self.services.port("app"));
        let listen = format!("127.0.0.1:{}", self.services.port("app"));
        let redis = self.services.redis_url(
            "remit-server",
            "redis_server",
            self.proxy(Link::ServerRedis).port,
        )?;
        // The server only looks whether the broker is there.
        let amqp = format!("amqp://127.0.0.1:{}", self.services.port("rabbitmq"));
        recipe.variables.extend([
            ("REMIT_LISTEN", listen),
            ("REDIS_URL", redis),
            ("AMQP_URL", amqp),
            ("REMIT_LOG", "warn".to_owned()),
        ]);
        Ok(recipe)
    }

    /// The worker.
    pub(super) fn worker(&self, options: &Options) -> Result<Recipe, String> {
        let mut recipe = self.recipe(
            options,
            "remit-worker",
            "remit_worker",
            Link::WorkerDatabase,
        );
        let redis = self.services.redis_url(
            "remit-worker",
            "redis_worker",
            self.proxy(Link::WorkerRedis).port,
        )?;
        let amqp = self.services.amqp_url(
            "remit-worker",
            "rabbitmq_worker",
            self.proxy(Link::WorkerBroker).port,
            &self.vhost,
        )?;
        recipe.variables.extend([
            ("REDIS_URL", redis),
            ("AMQP_URL", amqp),
            ("NOTIFY_FAIL_RATE", "0.05".to_owned()),
            ("NOTIFY_BACKOFF_MS", "50".to_owned()),
            ("REMIT_LOG", "warn".to_owned()),
        ]);
        Ok(recipe)
    }

    fn recipe(&self, options: &Options, name: &str, role: &str, database: Link) -> Recipe {
        let programs = &options.programs;
        let (path, bug) = match options.planted.and_then(|bug| bug.program()) {
            Some(bug) => (
                programs.join("planted").join(name),
                vec![("PLANTED_BUG", bug.to_owned())],
            ),
            None => (programs.join(name), Vec::new()),
        };
        let port = self.proxy(database).port;
        let url = format!(
            "postgresql://{role}:{PASSWORD}@127.0.0.1:{port}/{}",
            self.database
        );
        Recipe {
            path,
            arguments: Vec::new(),
            variables: [vec![("DATABASE_URL", url)], bug].concat(),
            log: self.folder.join(format!("{name}.log")),
            port: None,
        }
    }

    /// nginx, as its owner.
    pub(super) async fn nginx(&self) -> Result<Child, String> {
        let folder = self.services.folder.clone();
        let place = self.folder.display().to_string();
        let listen = format!("127.0.0.1:{}", self.services.port("nginx"));
        let upstream = format!("127.0.0.1:{}", self.proxy(Link::NginxServer).port);
        blocking(move || {
            let mut conf = folder.command("sh");
            conf.args(["-c", "exec \"$0\" \"$1\" \"$2\" \"$3\" >\"$3/nginx.conf\""])
                .arg(repository().join("stack/nginx-conf"))
                .args([&listen, &upstream, &place])
                .envs(LIMITS);
            run(&mut conf)?;
            folder
                .command("sh")
                .args(["-c", "exec nginx -e stderr -c \"$0/nginx.conf\" -g 'daemon off;' >>\"$0/nginx.log\" 2>&1"])
                .arg(&place)
                .spawn()
                .map_err(|error| format!("nginx: {error}"))
        })
        .await
    }
}
