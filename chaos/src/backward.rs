//! A planted client of Redis that puts older versions of wallets over newer ones.

use std::collections::HashMap;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Client, RedisResult};
use tokio::time::sleep;

/// How old a version is, at least, that comes back.
const AGE_MS: u64 = 200;
/// More than a run has wallets.
const KEYS_MAX: usize = 10_000;
const TTL_MS: u64 = 3_600_000;

/// Keys, and what Redis calls a dump of their values.
type Dumps = HashMap<Vec<u8>, Vec<u8>>;

/// Goes on until Redis is away.
///
/// # Errors
/// It is away.
pub async fn put_back(redis: Client) -> RedisResult<()> {
    let mut connection = redis.get_multiplexed_async_connection().await?;
    let mut before = Dumps::new();
    loop {
        let now = dumps(&mut connection).await?;
        for (key, old) in &before {
            if now.get(key).is_some_and(|new| new != old) {
                let mut restore = redis::cmd("RESTORE");
                restore.arg(key).arg(TTL_MS).arg(old).arg("REPLACE");
                restore.exec_async(&mut connection).await?;
            }
        }
        before = now;
        sleep(Duration::from_millis(AGE_MS)).await;
    }
}

/// All wallets of the cache, whatever it keeps of them.
async fn dumps(connection: &mut MultiplexedConnection) -> RedisResult<Dumps> {
    let mut scan = redis::cmd("SCAN");
    scan.arg(0).arg("MATCH").arg("*:cache:*");
    scan.arg("COUNT").arg(KEYS_MAX).arg("TYPE").arg("hash");
    let (_, keys): (u64, Vec<Vec<u8>>) = scan.query_async(connection).await?;
    let mut dumps = Dumps::new();
    for key in keys {
        let dump = redis::cmd("DUMP").arg(&key).query_async(connection).await?;
        let dump: Option<Vec<u8>> = dump;
        dumps.extend(dump.map(|dump| (key, dump)));
    }
    Ok(dumps)
}
