//! The pulse of PostgreSQL: whether it answers at all.
//!
//! A call that takes long proves nothing: it may be waiting for a wallet. So one task, the heart,
//! has a connection of its own and asks on it again and again, for what never waits. There are two
//! states:
//!
//! ```text
//! state      calls                            the heart                    leaves the state when
//! ---------  -------------------------------  ---------------------------  -----------------------
//! answering  run                              asks every PULSE_MS          neither the heart nor a
//!                                                                          call has heard a word
//!                                                                          for SILENCE_MS_MAX
//! silent     are refused at once; those in    closes all connections, and  the heart hears an
//!            flight are given up              goes on asking               answer
//! ```
//!
//! The heart closes connections because a network that swallows bytes never gives them back.
//!
//! A PostgreSQL that refuses connections is not silent. Its refusal is an answer: the heart hears
//! it, and each call hears it for itself.

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
/// How long PostgreSQL may say nothing to the heart and to every call. With `PULSE_MS` it keeps the
/// end of every wait under 2 s.
const SILENCE_MS_MAX: u64 = 900;
/// The steps in which silence is counted. If this server itself stood still, it counts one step,
/// however long it stood.
const SILENCE_STEP_MS: u64 = 150;

/// What PostgreSQL is asked. The future ends with its answer, whatever that is, or with the
/// connection.
pub type Question = Box<dyn for<'a> Fn(&'a Client) -> BoxFuture<'a, ()> + Send + Sync>;

/// Whether PostgreSQL answers, for its callers. Clones share what they know.
#[derive(Debug, Clone)]
pub struct Pulse {
    silent: watch::Receiver<bool>,
    answers: Arc<AtomicU64>,
}

impl Pulse {
    /// Starts the heart, which asks through its own pool of one connection. In silence it closes
    /// the connections of that pool and of the others.
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

    /// A pulse without a heart: always answering. For programs that would rather wait.
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

    /// Does something that needs PostgreSQL. None: PostgreSQL is silent, and the work was given up.
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
                    // There is no heart.
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

    /// Asks once, and listens until there is an answer or the silence is too long. An answer to any
    /// call begins the silence anew.
    async fn hears(&self) -> bool {
        let mut answer = Box::pin(self.ask());
        let mut silence_ms = 0;
        // The answers of calls prolong this wait to twice its length at most. Then the heart's own
        // connection is dead, and PostgreSQL is not.
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

    /// Ends when PostgreSQL has said anything. That it takes no connections is an answer too.
    async fn ask(&self) {
        loop {
            match self.own.get().await {
                Ok(client) => {
                    // An error means that the connection ended. The next question opens a new one.
                    (self.question)(&client).await;
                    return;
                }
                Err(PoolError::Timeout(_)) => {}
                Err(_) => return,
            }
        }
    }
}
