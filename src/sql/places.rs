//! The connections of a pool, as many as PostgreSQL gives: a `connection limit` of the role or the
//! database may be lower than the pool is large. A caller waits for one of those that there are.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Client, Pool, PoolError, TimeoutType};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_postgres::error::SqlState;

use crate::sql::fault::describe;
use crate::sql::pools::POOL_WAIT_MS_MAX;

/// After what time PostgreSQL is asked again for a connection that it refused.
const REFUSED_MS: u64 = 200;

/// A pool, and a place for each connection that it may have.
pub struct Places {
    pool: Pool,
    free: Arc<Semaphore>,
    /// All pools that share what PostgreSQL gives, this one among them.
    all: Vec<Pool>,
}

impl Places {
    /// All of them free.
    pub fn new(pool: Pool, all: Vec<Pool>) -> Self {
        let free = Arc::new(Semaphore::new(pool.status().max_size));
        Self { pool, free, all }
    }

    /// A connection, and the place that it takes.
    ///
    /// # Errors
    /// PostgreSQL is away, or there was none within `POOL_WAIT_MS_MAX`.
    pub async fn take(&self) -> Result<(Client, OwnedSemaphorePermit), PoolError> {
        let limit = Duration::from_millis(POOL_WAIT_MS_MAX);
        let taken = timeout(limit, self.take_in_turn()).await;
        taken.unwrap_or(Err(PoolError::Timeout(TimeoutType::Wait)))
    }

    async fn take_in_turn(&self) -> Result<(Client, OwnedSemaphorePermit), PoolError> {
        loop {
            let free = Arc::clone(&self.free).acquire_owned().await;
            let place = free.expect("the semaphore is never closed");
            match self.pool.get().await {
                Ok(client) => return Ok((client, place)),
                Err(PoolError::Backend(error)) if is_full(&error) => {
                    // What lies idle in another pool is of more use here.
                    for pool in &self.all {
                        pool.retain(|_, _| false);
                    }
                    withhold(place, &error);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn is_full(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS)
}

/// Takes a place away for a while, so that callers wait for the connections that there are.
fn withhold(place: OwnedSemaphorePermit, error: &tokio_postgres::Error) {
    tracing::warn!(
        error = describe(error),
        "PostgreSQL gives no more connections"
    );
    tokio::spawn(async move {
        sleep(Duration::from_millis(REFUSED_MS)).await;
        drop(place);
    });
}
