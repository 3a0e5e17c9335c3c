//! What ends a session with PostgreSQL or the broker. Whoever runs sessions logs it once and starts anew.

use std::fmt;

use remit::sql::pools;

/// Why a session ended.
#[derive(Debug)]
pub enum Error {
    /// PostgreSQL refused, or is away.
    Postgres(tokio_postgres::Error),
    /// The broker refused, or is away.
    Broker(lapin::Error),
    /// The connection to the broker ended while it was idle.
    Disconnected,
    /// No answer in time; says from whom.
    Slow(&'static str),
    /// The broker did not take a message: it had no queue for it, or could not store it.
    Refused(String),
    /// The broker ended the consumer, as it does when its queue is deleted.
    ConsumerEnded,
    /// What an event changed is in no cache, and the cache's generation could not be closed.
    Cache(String),
    /// The broker's queues belong to another Remit.
    Foreign(String),
    /// What was to be printed could not be.
    Output(std::io::Error),
    /// The process is to end.
    Shutdown,
}

impl Error {
    /// Whether the process must end, as no session could do better. Says why.
    pub fn is_final(&self) -> bool {
        let is_final = matches!(self, Self::Foreign(_));
        if is_final {
            tracing::error!(error = %self, "refused");
        }
        is_final
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<lapin::Error> for Error {
    fn from(error: lapin::Error) -> Self {
        Self::Broker(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres(error) => write!(f, "PostgreSQL: {}", pools::describe(error)),
            Self::Broker(error) => write!(f, "broker: {error}"),
            Self::Disconnected => write!(f, "broker: the connection ended"),
            Self::Slow(party) => write!(f, "{party} does not answer in time"),
            Self::Refused(why) => write!(f, "broker refused a message: {why}"),
            Self::ConsumerEnded => write!(f, "the broker ended the consumer"),
            Self::Cache(cause) => write!(f, "wallet cache: {cause}"),
            Self::Foreign(queue) => write!(
                f,
                "the queues of this virtual host belong to another instance of Remit. If they are to be this \
                 database's, delete the queue {queue}"
            ),
            Self::Output(error) => write!(f, "output: {error}"),
            Self::Shutdown => write!(f, "shutting down"),
        }
    }
}

impl std::error::Error for Error {}
