//! The generation of the wallet cache, seen and set by the owner of a database.

use tokio_postgres::Client;
use uuid::Uuid;

use crate::redis::RedisServer;

/// Opens a generation in a Redis, as if that were long ago: programs that start use the cache at
/// once.
pub async fn open(owner: &Client, redis: &RedisServer) {
    let id = replication_id(redis).await;
    let open = "update remit.cache
                   set generation = generation + 1, redis_id = $1, advanced_at = 'epoch'";
    let opened = owner.execute(open, &[&id]).await;
    assert_eq!(opened.expect("the database is migrated"), 1);
}

/// What a Redis calls its history of writes.
pub async fn replication_id(redis: &RedisServer) -> String {
    let mut info = redis::cmd("INFO");
    info.arg("replication");
    let asked = info.query_async(&mut redis.connect().await).await;
    let said: String = asked.expect("Redis answers");
    let id = said
        .lines()
        .find_map(|line| line.strip_prefix("master_replid:"));
    id.expect("Redis has one").to_owned()
}

/// The number of the generation, and whether it is open.
pub async fn generation(owner: &Client) -> (i64, bool) {
    let query = "select generation, redis_id is not null from remit_ops_v1.cache_state()";
    let row = owner.query_one(query, &[]).await;
    let row = row.expect("the database is migrated");
    (row.get(0), row.get(1))
}

/// What leads every key in Redis.
pub async fn place(owner: &Client) -> String {
    let query = "select 'remit:' || place from remit_ops_v1.cache_state()";
    let row = owner.query_one(query, &[]).await;
    row.expect("the database is migrated").get(0)
}

/// The key of a wallet in the generation that there is now.
pub async fn wallet_key(owner: &Client, ledger_id: i64, wallet: Uuid) -> String {
    let (generation, _) = generation(owner).await;
    format!(
        "{}:cache:{generation}:{ledger_id}:{wallet}",
        place(owner).await
    )
}
