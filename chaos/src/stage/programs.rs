//! How the programs of a stage are started: each with a proxy on each of its connections.

use testbed::nginx::Nginx;
use testbed::program::Recipe;
use testbed::services::Doors;

use super::{PASSWORD, Stage};
use crate::fault::Link;
use crate::options::Options;
use crate::program::Service;

impl Stage {
    /// The server.
    pub(super) fn server(&self, options: &Options) -> Result<Service, String> {
        let doors = Doors {
            postgres: self.proxy(Link::ServerDatabase).port,
            redis: self.proxy(Link::ServerRedis).port,
            ..self.services.doors()
        };
        let variables = self.services.server(&self.database, PASSWORD, doors)?;
        Ok(Service {
            recipe: self.recipe(options, &["remit", "serve"]).with(&variables),
            port: Some(self.services.port("app")),
            late: options.server_late,
        })
    }

    /// The worker.
    pub(super) fn worker(&self, options: &Options) -> Result<Service, String> {
        let doors = Doors {
            postgres: self.proxy(Link::WorkerDatabase).port,
            redis: self.proxy(Link::WorkerRedis).port,
            rabbitmq: self.proxy(Link::WorkerBroker).port,
        };
        let (database, vhost) = (&self.database, &self.vhost);
        let variables = self.services.worker(database, PASSWORD, vhost, doors)?;
        let recipe = self.recipe(options, &["remit-worker"]).with(&[
            ("NOTIFY_FAIL_RATE", "0.05".to_owned()),
            ("NOTIFY_BACKOFF_MS", "50".to_owned()),
        ]);
        Ok(Service {
            recipe: recipe.with(&variables),
            port: None,
            late: options.worker_late,
        })
    }

    /// A program and its arguments.
    fn recipe(&self, options: &Options, command: &[&str]) -> Recipe {
        let log = self.folder.join(format!("{}.log", command[0]));
        let path = options.programs.join(command[0]);
        let quiet = ("REMIT_LOG", "warn".to_owned());
        Recipe::new(path, &command[1..], &log).with(&[quiet])
    }

    /// nginx in front of the proxy in front of the server.
    pub(super) async fn nginx(&self) -> Result<Nginx, String> {
        let upstream = self.proxy(Link::NginxServer).port;
        self.services.nginx(&self.folder, upstream).await
    }
}
