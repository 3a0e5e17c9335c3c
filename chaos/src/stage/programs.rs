//! How the programs of a stage are started: each with a proxy on each of its connections.

use testbed::nginx::Nginx;
use testbed::program::Recipe;
use testbed::services::database_url;

use super::{PASSWORD, Stage};
use crate::fault::Link;
use crate::options::Options;
use crate::program::Service;

impl Stage {
    /// The server.
    pub(super) fn server(&self, options: &Options) -> Result<Service, String> {
        let recipe = self.recipe(
            options,
            &["remit", "serve"],
            "remit_server",
            Link::ServerDatabase,
        );
        let listen = format!("127.0.0.1:{}", self.services.port("app"));
        let redis = self.services.redis_url(
            "remit-server",
            "redis_server",
            self.proxy(Link::ServerRedis).port,
        )?;
        // The server only looks whether the broker is there.
        let amqp = format!("amqp://127.0.0.1:{}", self.services.port("rabbitmq"));
        let recipe = recipe.with(&[
            ("REMIT_LISTEN", listen),
            ("REDIS_URL", redis),
            ("AMQP_URL", amqp),
            ("REMIT_LOG", "warn".to_owned()),
        ]);
        let port = Some(self.services.port("app"));
        Ok(Service {
            recipe,
            port,
            late: options.server_late,
        })
    }

    /// The worker.
    pub(super) fn worker(&self, options: &Options) -> Result<Service, String> {
        let recipe = self.recipe(
            options,
            &["remit-worker"],
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
        let recipe = recipe.with(&[
            ("REDIS_URL", redis),
            ("AMQP_URL", amqp),
            ("NOTIFY_FAIL_RATE", "0.05".to_owned()),
            ("NOTIFY_BACKOFF_MS", "50".to_owned()),
            ("REMIT_LOG", "warn".to_owned()),
        ]);
        Ok(Service {
            recipe,
            port: None,
            late: options.worker_late,
        })
    }

    /// A program and its arguments.
    fn recipe(&self, options: &Options, command: &[&str], role: &str, database: Link) -> Recipe {
        let port = self.proxy(database).port;
        let url = database_url(role, PASSWORD, port, &self.database);
        let log = self.folder.join(format!("{}.log", command[0]));
        let path = options.programs.join(command[0]);
        Recipe::new(path, &command[1..], &log).with(&[("DATABASE_URL", url)])
    }

    /// nginx in front of the proxy in front of the server.
    pub(super) async fn nginx(&self) -> Result<Nginx, String> {
        let upstream = self.proxy(Link::NginxServer).port;
        self.services.nginx(&self.folder, upstream).await
    }
}
