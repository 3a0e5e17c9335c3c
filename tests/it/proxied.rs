//! A server between which and its PostgreSQL and Redis stands a proxy each.

use crate::http::{Http, Server};
use crate::stack::serve_log;
use crate::support::cache;
use crate::support::postgres::Database;
use crate::support::proxy::TcpProxy;
use crate::support::redis::RedisServer;

/// The server and what it works with. Dropped in this order.
pub struct Proxied {
    pub server: Server,
    pub postgresql: TcpProxy,
    pub to_redis: TcpProxy,
    pub database: Database,
    pub redis: RedisServer,
}

impl Proxied {
    /// All parts, running.
    pub async fn start() -> Self {
        let (database, redis) = (Database::create().await, RedisServer::start().await);
        cache::open(&database.connect().await, &redis).await;
        let postgresql = TcpProxy::start(database.port()).await;
        let to_redis = TcpProxy::start(redis.port).await;
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
