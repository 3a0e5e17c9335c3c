//! The pulse of PostgreSQL: whether it answers at all.
//!
//! That a call takes long proves nothing: it may be waiting for a wallet. So a connection of its own is asked
//! again and again, for what never waits. When neither it nor any call has heard a word for a while, PostgreSQL counts as
//! away for everybody: calls in flight are given up, new ones are refused at once, and all connections are
//! closed, as a network that swallows bytes never gives them back. The next answer ends that.
//!
//! A PostgreSQL that refuses connections is not silent: whoever calls hears it as soon as the pulse would.

use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use deadpool_postgres::{Client, Pool, PoolError};
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How often PostgreSQL is asked while it answers.
pub const PULSE_MS: u64 = 300;
/// How long it may say nothing to anybody. With `PULSE_MS` it keeps the end of every wait under 2 s.
const SILENCE_MS_MAX: u64 = 900;
/// What silence is counted in. A server that stood still itself counts one, however long it stood.
const SILENCE_STEP_MS: u64 = 150;

/// What PostgreSQL is asked. The future ends with its answer, whatever that is, or with the connection.
pub type Question = Box<dyn for<'a> Fn(&'a Client) -> BoxFuture<'a, ()> + Send + Sync>;

/// Whether PostgreSQL answers, for those who call it. Clones share what they know.
#[derive(Debug, Clone)]
pub struct Pulse {
    silent: watch::Receiver<bool>,
    answers: Arc<AtomicU64>,
}

impl Pulse {
    /// Starts to ask through this pool, of one connection. Those of the other pools are closed with it.
    pub fn start(own: Pool, others: Vec<Pool>, question: Question) -> Self {
        let (sender, silent) = watch::channel(false);
        let answers = Arc::default();
        let heart = Heart {
            own,
            others,
            question,
            silent: sender,
            answers: Arc::clone(&answers),
        };
        tokio::spawn(heart.run());
        Self { silent, answers }
    }

    /// A pulse that nobody feels: for programs that would rather wait.
    pub fn assumed() -> Self {
        Self {
            silent: watch::channel(false).1,
            answers: Arc::default(),
        }
    }

    /// Takes an answer to any call as a sign of life.
    pub fn heard(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    /// Does something that needs PostgreSQL. None: it says nothing, and was not waited for longer.
    pub async fn unless_silent<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        if *self.silent.borrow() {
            return None;
        }
        let mut silent = self.silent.clone();
        tokio::select! {
            biased;
            result = work => Some(result),
            () = async {
                if silent.wait_for(|silent| *silent).await.is_err() {
                    // Nobody asks.
                    pending::<()>().await;
                }
            } => None,
        }
    }
}

struct Heart {
    own: Pool,
    others: Vec<Pool>,
    question: Question,
    silent: watch::Sender<bool>,
    answers: Arc<AtomicU64>,
}

impl Heart {
    async fn run(self) {
        loop {
            if self.hears().await {
                if self.silent.send_replace(false) {
                    tracing::info!("PostgreSQL answers again");
                }
                sleep(Duration::from_millis(PULSE_MS)).await;
            } else {
                if !self.silent.send_replace(true) {
                    tracing::warn!("PostgreSQL does not answer: closing all connections");
                }
                for pool in self.others.iter().chain([&self.own]) {
                    pool.retain(|_, _| false);
                }
            }
        }
    }

    /// Asks once, and listens to everybody's answers until there is one or it has been silent for too long.
    async fn hears(&self) -> bool {
        let mut answer = Box::pin(self.ask());
        let mut silence_ms = 0;
        // A call's answer gains time, not more than once over: this connection alone may be dead.
        for _ in 0..2 * (SILENCE_MS_MAX / SILENCE_STEP_MS) {
            let answers = self.answers.load(Ordering::Relaxed);
            let step = Duration::from_millis(SILENCE_STEP_MS);
            if timeout(step, &mut answer).await.is_ok() {
                return true;
            }
            silence_ms += SILENCE_STEP_MS;
            if self.answers.load(Ordering::Relaxed) != answers {
                silence_ms = 0;
            }
            if silence_ms >= SILENCE_MS_MAX {
                return false;
            }
        }
        drop(answer);
        self.own.retain(|_, _| false);
        true
    }

    /// Ends when PostgreSQL has said anything, be it that it takes no connections.
    async fn ask(&self) {
        loop {
            match self.own.get().await {
                Ok(client) => {
                    // If the connection has ended, the next question goes through a new one.
                    (self.question)(&client).await;
                    return;
                }
                Err(PoolError::Timeout(_)) => {}
                Err(_) => return,
            }
        }
    }
}
