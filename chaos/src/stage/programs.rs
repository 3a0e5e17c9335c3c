//! How the programs of a stage are started: each with a proxy on each of its connections.

use std::process::Child;

use super::{PASSWORD, Stage};
use crate::fault::Link;
use crate::nginx;
use crate::options::Options;
use crate::program::{Program, Recipe};

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

    /// A second server and a second worker, if there are to be some. The server's way to Redis has no proxy, so that
    /// what the first one suffers there is not what it suffers.
    pub(super) fn others(
        &self,
        options: &Options,
        bad_end: &(impl Fn(String) + Clone + Send + 'static),
    ) -> Result<Vec<Program>, String> {
        if !options.has_others {
            return Ok(Vec::new());
        }
        let mut server = self.server(options)?;
        let redis =
            self.services
                .redis_url("remit-server", "redis_server", self.services.port("redis"))?;
        server.port = Some(self.second_port);
        server.variables.extend([
            ("REMIT_LISTEN", format!("127.0.0.1:{}", self.second_port)),
            ("REDIS_URL", redis),
        ]);
        let mut worker = self.worker(options)?;
        for recipe in [&mut server, &mut worker] {
            recipe.log = recipe.log.with_extension("second.log");
        }
        Ok(vec![
            Program::start(server, bad_end.clone())?,
            Program::start(worker, bad_end.clone())?,
        ])
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

    /// nginx in front of the proxy in front of the first server, and of the second one.
    pub(super) async fn nginx(&self, options: &Options) -> Result<Child, String> {
        let mut upstream = format!("127.0.0.1:{}", self.proxy(Link::NginxServer).port);
        if options.has_others {
            // The template has one line for it.
            upstream += &format!(" max_fails=0; server 127.0.0.1:{}", self.second_port);
        }
        nginx::start(&self.services, &self.folder, upstream).await
    }
}
