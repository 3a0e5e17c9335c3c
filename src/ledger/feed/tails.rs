//! The ends of the logs. However many readers wait for an event, and at however many ledgers, one
//! task asks for all of them, with one query; where none waits, it asks nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use crate::sql::contract;
use crate::sql::database::Database;

/// How often is asked while a reader waits. The relay appends every 20 ms.
const ASK_MS: u64 = 25;
/// The same while PostgreSQL does not answer.
const FAILED_MS: u64 = 500;
/// `log_positions` takes no more.
const LEDGERS_MAX: usize = 1_000;

/// The ends that readers wait at, by ledger.
#[derive(Default)]
pub struct Tails {
    watched: Mutex<HashMap<i64, Watched>>,
    /// A reader waits.
    joined: Notify,
}

struct Watched {
    readers: usize,
    position: watch::Sender<i64>,
}

/// A reader's place at an end.
struct Tail<'a> {
    tails: &'a Tails,
    ledger_id: i64,
    position: watch::Receiver<i64>,
}

impl Tails {
    /// Waits until a ledger's log has an event after a position.
    pub async fn beyond(&self, ledger_id: i64, position: i64) {
        let mut tail = self.join(ledger_id);
        let told = tail.position.wait_for(|end| *end > position).await;
        told.map(drop)
            .expect("the sender is there as long as a reader is");
    }

    fn join(&self, ledger_id: i64) -> Tail<'_> {
        let mut watched = self.watched();
        let end = watched.entry(ledger_id).or_insert_with(|| Watched {
            readers: 0,
            position: watch::Sender::new(0),
        });
        end.readers += 1;
        let position = end.position.subscribe();
        drop(watched);
        self.joined.notify_one();
        Tail {
            tails: self,
            ledger_id,
            position,
        }
    }

    /// Tells those who wait, for as long as the process lives.
    pub async fn follow(self: Arc<Self>, database: Arc<Database>) {
        loop {
            let ledger_ids: Vec<i64> = self.watched().keys().copied().collect();
            if ledger_ids.is_empty() {
                self.joined.notified().await;
                continue;
            }
            let mut pause_ms = ASK_MS;
            for ledger_ids in ledger_ids.chunks(LEDGERS_MAX) {
                match contract::log_positions(&database, ledger_ids).await {
                    Ok(positions) => self.tell(ledger_ids, &positions),
                    Err(failure) => {
                        let cause = failure.cause();
                        tracing::debug!(cause, "the ends of the logs cannot be asked for");
                        pause_ms = FAILED_MS;
                    }
                }
            }
            sleep(Duration::from_millis(pause_ms)).await;
        }
    }

    fn tell(&self, ledger_ids: &[i64], positions: &[i64]) {
        let watched = self.watched();
        for (ledger_id, position) in ledger_ids.iter().zip(positions) {
            if let Some(end) = watched.get(ledger_id) {
                end.position
                    .send_if_modified(|end| std::mem::replace(end, *position) != *position);
            }
        }
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<i64, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Tail<'_> {
    fn drop(&mut self) {
        let mut watched = self.tails.watched();
        if let Some(end) = watched.get_mut(&self.ledger_id) {
            end.readers -= 1;
            if end.readers == 0 {
                watched.remove(&self.ledger_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_hears_of_its_own_log_alone_and_leaves_nothing_behind() {
        let tails = Arc::new(Tails::default());
        let first = tokio::spawn({
            let tails = Arc::clone(&tails);
            async move { tails.beyond(1, 7).await }
        });
        let second = tokio::spawn({
            let tails = Arc::clone(&tails);
            async move { tails.beyond(2, 7).await }
        });
        while tails.watched().len() < 2 {
            tokio::task::yield_now().await;
        }
        tails.tell(&[1, 2, 3], &[8, 7, 9]);
        first.await.expect("it does not panic");
        assert!(!second.is_finished());
        second.abort();
        assert!(second.await.is_err());
        assert!(tails.watched().is_empty());
    }
}
