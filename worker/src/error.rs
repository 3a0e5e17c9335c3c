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
    /// What was to be printed could not be.
    Output(std::io::Error),
    /// The process is to end.
    Shutdown,
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
            Self::Output(error) => write!(f, "output: {error}"),
            Self::Shutdown => write!(f, "shutting down"),
        }
    }
}

impl std::error::Error for Error {}
