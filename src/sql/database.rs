//! Calls to PostgreSQL, each on a connection from the pool.
//!
//! A call is attempted a second time only if the first attempt met a connection that was already
//! dead, or what another session holds: see `patience`. No caller waits for a PostgreSQL that is
//! silent: see `pulse`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{Client, Pool};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use crate::base::metrics::Metrics;
use crate::sql::failure::Failure;
use crate::sql::fault::describe_refusal;
use crate::sql::patience::{Patience, Wait};
use crate::sql::places::Places;
use crate::sql::pulse::Pulse;

/// How long a call may stay unanswered. PostgreSQL ends a call sooner, after `statement_timeout`,
/// 5 s. So after this time the connection is dead, though others may live. Shorter than
/// `server::REQUEST_MS_MAX`, 10 s.
const CALL_MS_MAX: u64 = 6_000;

/// The parameters of a query.
pub type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// The pool, the pulse that ends its calls, and the metric of how long a caller waits for it.
pub struct Database {
    places: Places,
    patience: Option<Patience>,
    pulse: Pulse,
    metrics: Arc<Metrics>,
}

impl Database {
    /// Calls through this pool, one of `all`, while PostgreSQL answers.
    pub fn new(pool: Pool, all: Vec<Pool>, pulse: Pulse, metrics: Arc<Metrics>) -> Self {
        Self {
            places: Places::new(pool, all),
            patience: None,
            pulse,
            metrics,
        }
    }

    /// The same for calls that wait for what another session holds, and not on their connections.
    pub fn patient(self) -> Self {
        Self {
            patience: Some(Patience::default()),
            ..self
        }
    }

    /// Runs a query. It must be one that may run twice, as a write that names its own id may.
    ///
    /// # Errors
    /// What the failure means, with its cause.
    pub async fn query(&self, text: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, Failure> {
        let mut wait = Wait::new(self.patience.as_ref());
        loop {
            let result = match self.attempt(text, parameters).await? {
                // The usual reason is that PostgreSQL was restarted while the connection was idle.
                Err(error) if error.is_closed() => self.attempt(text, parameters).await?,
                result => result,
            };
            let result = result.map_err(|error| Failure::of(&error));
            if !wait.is_on(&result).await {
                return result;
            }
        }
    }

    /// Runs a query that must not be carried out twice.
    ///
    /// # Errors
    /// What the failure means, with its cause. After `Unavailable` the query may have been carried
    /// out.
    pub async fn query_once(
        &self,
        text: &str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, Failure> {
        let mut wait = Wait::new(self.patience.as_ref());
        loop {
            let result = self.attempt(text, parameters).await?;
            let result = result.map_err(|error| Failure::of(&error));
            if !wait.is_on(&result).await {
                return result;
            }
        }
    }

    /// Whether PostgreSQL answers now.
    pub async fn is_up(&self) -> bool {
        let empty = async |client: &Client| client.simple_query("").await.map(drop);
        matches!(self.call(empty).await, Ok(Ok(())))
    }

    async fn attempt(
        &self,
        text: &str,
        parameters: Parameters<'_>,
    ) -> Result<Result<Vec<Row>, Error>, Failure> {
        let query = async |client: &Client| {
            let statement = client.prepare_cached(text).await?;
            client.query(&statement, parameters).await
        };
        // In a box. Without it every request would copy these kilobytes, even one that needs no
        // call.
        Box::pin(self.call(query)).await
    }

    /// Does something with a connection. The connection of a call that was not answered is closed.
    async fn call<T>(
        &self,
        work: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> Result<Result<T, Error>, Failure> {
        let lent = Lent::new(self.client().await?, &self.pulse);
        let limit = Duration::from_millis(CALL_MS_MAX);
        let working = timeout(limit, work(lent.client()));
        match self.pulse.unless_silent(working).await {
            Some(Ok(result)) => {
                if !result.as_ref().is_err_and(Error::is_closed) {
                    self.pulse.heard();
                }
                lent.give_back();
                Ok(result)
            }
            Some(Err(_)) => {
                lent.close();
                let cause = format!("a connection did not answer within {CALL_MS_MAX} ms");
                Err(Failure::Unavailable(cause))
            }
            None => {
                lent.close();
                Err(silence())
            }
        }
    }

    async fn client(&self) -> Result<(Client, OwnedSemaphorePermit), Failure> {
        let start = Instant::now();
        let client = self.pulse.unless_silent(self.places.take()).await;
        self.metrics.pool_wait(start.elapsed());
        client.ok_or_else(silence)?.map_err(|error| {
            Failure::Unavailable(format!("no connection: {}", describe_refusal(&error)))
        })
    }
}

fn silence() -> Failure {
    Failure::Unavailable("PostgreSQL does not answer".to_owned())
}

/// A connection for one call.
///
/// If the caller goes away during the call, `settle` returns the connection when the call has
/// ended. Returned earlier, it would make the next caller wait for the old call.
struct Lent {
    client: Option<Client>,
    /// Its place in the pool. It is free again after the connection is.
    place: Option<OwnedSemaphorePermit>,
    pulse: Pulse,
}

impl Lent {
    fn new((client, place): (Client, OwnedSemaphorePermit), pulse: &Pulse) -> Self {
        Self {
            client: Some(client),
            place: Some(place),
            pulse: pulse.clone(),
        }
    }

    fn client(&self) -> &Client {
        let client = self.client.as_ref();
        client.expect("it is there until it is given back or closed, which take the whole")
    }

    fn give_back(mut self) {
        drop(self.client.take());
    }

    fn close(mut self) {
        self.client.take().map(Client::take);
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(client) = self.client.take()
            && let Ok(runtime) = Handle::try_current()
        {
            let settled = settle(client, self.pulse.clone());
            let place = self.place.take();
            runtime.spawn(async move {
                settled.await;
                drop(place);
            });
        }
    }
}

/// Waits until a connection has answered all that it was asked. Closes it if it does not.
async fn settle(client: Client, pulse: Pulse) {
    let limit = Duration::from_millis(CALL_MS_MAX);
    let answered = timeout(limit, client.simple_query(""));
    if !matches!(pulse.unless_silent(answered).await, Some(Ok(_))) {
        drop(Client::take(client));
    }
}
