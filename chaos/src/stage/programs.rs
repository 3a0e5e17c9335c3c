//! How the programs of a stage are started: each with a proxy on each of its connections.

use testbed::nginx::Nginx;
use testbed::program::Recipe;
use testbed::services::Doors;

use super::{PASSWORD, Stage};
use crate::fault::Link;
use crate::options::Options;
use crate::program::{Program, Service};

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

    /// A second server and a second worker, if there are to be some. The server's way to Redis has
    /// no proxy, so that what the first one suffers there is not what it suffers.
    pub(super) fn others(
        &self,
        options: &Options,
        bad_end: &(impl Fn(String) + Clone + Send + 'static),
    ) -> Result<Vec<Program>, String> {
        if !options.has_others {
            return Ok(Vec::new());
        }
        let (mut server, mut worker) = (self.server(options)?, self.worker(options)?);
        let redis = self.services.port("redis");
        let redis = self
            .services
            .redis_url("remit-server", "redis_server", redis)?;
        server.port = Some(self.second_port);
        server.recipe = server.recipe.with(&[
            ("REMIT_LISTEN", format!("127.0.0.1:{}", self.second_port)),
            ("REDIS_URL", redis),
        ]);
        for service in [&mut server, &mut worker] {
            service.recipe.log = service.recipe.log.with_extension("second.log");
        }
        Ok(vec![
            Program::start(server, bad_end.clone())?,
            Program::start(worker, bad_end.clone())?,
        ])
    }

    /// A program and its arguments.
    fn recipe(&self, options: &Options, command: &[&str]) -> Recipe {
        let log = self.folder.join(format!("{}.log", command[0]));
        let path = options.programs.join(command[0]);
        let quiet = ("REMIT_LOG", "warn".to_owned());
        Recipe::new(path, &command[1..], &log).with(&[quiet])
    }

    /// nginx in front of the proxy in front of the first server, and of the second one.
    pub(super) async fn nginx(&self, options: &Options) -> Result<Nginx, String> {
        let ports = [
            self.services.port("nginx"),
            self.proxy(Link::NginxServer).port,
        ];
        let first = format!("server 127.0.0.1:{} max_fails=0;", ports[1]);
        let both = format!("{first} server 127.0.0.1:{} max_fails=0;", self.second_port);
        let change = |conf: String| match options.has_others {
            true => conf.replace(&first, &both),
            false => conf,
        };
        Nginx::start_in(&self.services.folder, &self.folder, ports, &[], change).await
    }
}
