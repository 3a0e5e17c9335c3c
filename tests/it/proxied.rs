//! A server between which and its PostgreSQL and Redis stands a proxy each.

use testbed::cache;
use testbed::http::Http;
use testbed::postgres::Database;
use testbed::proxy::Proxy;
use testbed::redis::RedisServer;
use testbed::server::Server;

use crate::stack::serve_log;

/// The server and what it works with. Dropped in this order.
pub struct Proxied {
    pub server: Server,
    pub postgresql: Proxy,
    pub to_redis: Proxy,
    pub database: Database,
    pub redis: RedisServer,
}

impl Proxied {
    /// All parts, running.
    pub async fn start() -> Self {
        let (database, redis) = (
            Database::create().await,
            RedisServer::start("remit-server").await,
        );
        cache::open(&database.connect().await, &redis).await;
        let postgresql = Proxy::start(database.port());
        let to_redis = Proxy::start(redis.port);
        let url = database.url_at("remit_server", postgresql.port);
        let variables = [
            ("DATABASE_URL", url),
            ("REDIS_URL", redis.url_at(to_redis.port)),
        ];
        let server = Server::start(env!("CARGO_BIN_EXE_remit"), &variables, &serve_log()).await;
        Self {
            server,
            postgresql,
            to_redis,
            database,
            redis,
        }
    }

    pub fn http(&self) -> &Http {
        &self.server.http
    }
}
