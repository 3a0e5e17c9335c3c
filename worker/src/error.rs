//! What ends a session with PostgreSQL or the broker. The part that runs sessions logs it once and
//! starts anew.

use lapin::ErrorKind;
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use remit::base::command_line::unwritten;
use remit::base::complaint::{Complaint, with_causes};
use remit::sql::fault::{self, describe};
use remit::sql::session::Unfit;

/// What to do where a part of the worker is not at work.
pub const SEE_THE_WORKER: &str = "see that `remit-worker` runs; its log says what holds it up";

/// What to do where no connection to the broker opens.
const BROKER_UNREACHED: &str = "see that RabbitMQ, and nothing else, runs where AMQP_URL says and \
                                takes its user and password";

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// PostgreSQL refused, or is away.
    #[error("PostgreSQL: {}", describe(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// PostgreSQL answered what does not fit this program.
    #[error("PostgreSQL: {0}")]
    Misfit(String),
    /// The session, the server or the database is not what Remit needs.
    #[error("{0}")]
    Unfit(String),
    /// No session opened: what is said of that, and what to do.
    #[error("{0}")]
    Unreached(String),
    /// The broker refused, or is away.
    #[error("broker: {}", with_causes(.0))]
    Broker(#[from] lapin::Error),
    /// The connection to the broker ended while it was idle.
    #[error("broker: the connection ended")]
    Disconnected,
    /// No answer in time; says from whom.
    #[error("{0} does not answer in time")]
    Slow(&'static str),
    /// The broker takes nothing from publishers, as it does while it is short of memory or disk.
    #[error("broker: it blocks publishers, as it is short of memory or disk")]
    Blocked,
    /// The notifier's queue has no consumer.
    #[error("no notifier consumes")]
    Unconsumed,
    /// The broker did not take a message: it had no queue for it, or could not store it.
    #[error("broker refused a message: {0}")]
    Refused(String),
    /// The broker ended the consumer, as it does when its queue is deleted.
    #[error("the broker ended the consumer")]
    ConsumerEnded,
    /// What an event changed is in no cache, and the cache's generation could not be closed.
    #[error("wallet cache: {0}")]
    Cache(String),
    /// The broker's queues belong to another Remit.
    #[error(
        "the queues of this virtual host belong to another instance of Remit. If they are to be this \
         database's, delete the queue {0}"
    )]
    Foreign(String),
    /// The heads of the logs were not taken where they are exported to.
    #[error("witness: {0}")]
    Witness(String),
    /// What was to be printed could not be.
    #[error("output: {0}")]
    Output(#[from] std::io::Error),
    /// A task of a part panicked.
    #[error("a task broke: {0}")]
    Broken(String),
    /// The process is to end.
    #[error("shutting down")]
    Shutdown,
}

impl From<Unfit> for Error {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Unreached(_) => Self::Unreached(unfit.to_string()),
            Unfit::Postgres(error) => Self::Postgres(error),
            Unfit::Wrong(cause) => Self::Unfit(cause),
        }
    }
}

/// What a command says of it, and what to do.
impl From<Error> for Complaint {
    fn from(error: Error) -> Self {
        let advice = match &error {
            Error::Postgres(error) => fault::advice(error),
            Error::Misfit(_) | Error::Unfit(_) | Error::Unreached(_) | Error::Foreign(_) => {
                return Self::of_lines([error.to_string()]);
            }
            Error::Broker(_) | Error::Disconnected => BROKER_UNREACHED,
            Error::Slow(_) => "see that it is well and that the network reaches it, then try again",
            Error::Refused(_) => {
                "the broker's log says why; make room in the queue, then try again"
            }
            Error::Blocked => "give RabbitMQ memory or disk; its log says which of them it lacks",
            Error::Unconsumed => SEE_THE_WORKER,
            Error::ConsumerEnded => "start the worker again: it declares its queues anew",
            Error::Cache(_) => "see that Redis and PostgreSQL are well, then try again",
            Error::Witness(_) => "see that what REMIT_HEADS_URL names takes them",
            Error::Output(error) => return unwritten(error),
            Error::Broken(_) => "it is a bug: report it with the log",
            Error::Shutdown => "run the command again to go on",
        };
        Self::new(&error, advice)
    }
}

impl Error {
    /// No connection to the broker at this place, for this cause.
    pub fn broker_unreached(place: &str, cause: &str) -> Self {
        let what = format!("connecting to RabbitMQ at {place}: {cause}");
        Self::Unreached(format!("{what}; {BROKER_UNREACHED}"))
    }

    /// Whether the process must end, as no session could do better. Says why.
    pub fn is_final(&self) -> bool {
        let is_final = matches!(self, Self::Foreign(_));
        if is_final {
            tracing::error!(error = %self, "refused");
        }
        is_final
    }

    /// Why the broker closed the channel, where it closed the channel alone.
    pub fn channel_code(&self) -> Option<AMQPSoftError> {
        let Self::Broker(error) = self else {
            return None;
        };
        match error.kind() {
            ErrorKind::ProtocolError(error) => match error.kind() {
                AMQPErrorKind::Soft(code) => Some(code.clone()),
                AMQPErrorKind::Hard(_) => None,
            },
            _ => None,
        }
    }
}
