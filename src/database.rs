//! Calls to PostgreSQL: a connection from the pool, one attempt, and a second one where the first met a
//! connection that was already dead.

use std::sync::Arc;
use std::time::Instant;

use deadpool_postgres::{Client, Pool};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use crate::metrics::Metrics;
use crate::postgres::describe_refusal;
use crate::problem::Failure;

/// The parameters of a query.
pub type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// The pool, with an eye on how long it lets callers wait.
pub struct Database {
    pool: Pool,
    metrics: Arc<Metrics>,
}

impl Database {
    /// Calls through this pool.
    pub fn new(pool: Pool, metrics: Arc<Metrics>) -> Self {
        Self { pool, metrics }
    }

    /// Runs a query. It must be one that may run twice: every write of Remit names its id.
    ///
    /// # Errors
    /// What the failure means, with its cause.
    pub async fn query(&self, text: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, Failure> {
        let result = match attempt(&self.client().await?, text, parameters).await {
            // PostgreSQL was restarted while the connection was idle.
            Err(error) if error.is_closed() => {
                attempt(&self.client().await?, text, parameters).await
            }
            result => result,
        };
        result.map_err(|error| Failure::of(&error))
    }

    /// Runs a query once, whatever happens: for what must not be done twice.
    ///
    /// # Errors
    /// What the failure means, with its cause. When it is `Unavailable`, the query may have been carried out.
    pub async fn query_once(
        &self,
        text: &str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, Failure> {
        attempt(&self.client().await?, text, parameters)
            .await
            .map_err(|error| Failure::of(&error))
    }

    /// Whether PostgreSQL answers now.
    pub async fn is_up(&self) -> bool {
        match self.client().await {
            Ok(client) => client.simple_query("").await.is_ok(),
            Err(_) => false,
        }
    }

    async fn client(&self) -> Result<Client, Failure> {
        let start = Instant::now();
        let client = self.pool.get().await;
        self.metrics.pool_wait(start.elapsed());
        client.map_err(|error| {
            Failure::Unavailable(format!("no connection: {}", describe_refusal(&error)))
        })
    }
}

async fn attempt(
    client: &Client,
    text: &str,
    parameters: Parameters<'_>,
) -> Result<Vec<Row>, Error> {
    let statement = client.prepare_cached(text).await?;
    client.query(&statement, parameters).await
}
