//! Clients that post transfers again and again, and what they were told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::iter;
use testbed::http::{Answer, Http};
use testbed::poll::{SOON, eventually_true};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use uuid::Uuid;

const CLIENTS: usize = 8;
/// Between an answer and the next request of a client: what happened in a fault of some seconds is
/// retried in less.
const PAUSE: Duration = Duration::from_millis(20);
/// Retries at the same time.
const RETRIES: usize = 32;

/// A transfer of 1 that was asked for, and the answer.
pub struct Heard {
    pub key: String,
    pub source: Uuid,
    pub answer: Answer,
    pub delay: Duration,
}

/// Clients at work: each has a source of its own, all have one target.
pub struct Load {
    pub target: Uuid,
    is_over: Arc<AtomicBool>,
    posted: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<Vec<Heard>>>,
}

impl Load {
    /// Makes the wallets and starts.
    pub async fn start(http: &Http) -> Self {
        let mut load = Self {
            target: http.wallet(0).await,
            is_over: Arc::default(),
            posted: Arc::default(),
            refused: Arc::default(),
            clients: Vec::new(),
        };
        for _ in 0..CLIENTS {
            let source = http.wallet(1_000_000).await;
            let (http, target) = (http.clone(), load.target);
            let (is_over, posted) = (Arc::clone(&load.is_over), Arc::clone(&load.posted));
            let refused = Arc::clone(&load.refused);
            load.clients.push(tokio::spawn(async move {
                let mut heard = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    let (key, start) = (Uuid::new_v4().to_string(), Instant::now());
                    let answer = http.transfer_with_key(&key, source, target, 1).await;
                    let delay = start.elapsed();
                    let counter = if answer.status == 201 {
                        &posted
                    } else {
                        &refused
                    };
                    counter.fetch_add(1, Ordering::Relaxed);
                    sleep(PAUSE).await;
                    heard.push(Heard {
                        key,
                        source,
                        answer,
                        delay,
                    });
                }
                heard
            }));
        }
        load
    }

    /// Waits until so many more transfers have been posted.
    pub async fn goes_on(&self, count: usize, limit: Duration) {
        self.goes_on_so(count, limit, "transfers are posted").await;
    }

    /// The same with words for it.
    pub async fn goes_on_so(&self, count: usize, limit: Duration, what: &str) {
        let enough = self.posted.load(Ordering::Relaxed) + count;
        eventually_true(limit, what, async || {
            let is_broken = self.clients.iter().any(JoinHandle::is_finished);
            is_broken || self.posted.load(Ordering::Relaxed) >= enough
        })
        .await;
    }

    /// Waits until a client has been refused that was not before.
    pub async fn meets_refusal(&self) {
        let before = self.refused.load(Ordering::Relaxed);
        eventually_true(SOON, "a client is refused", async || {
            self.refused.load(Ordering::Relaxed) > before
        })
        .await;
    }

    /// Ends, and gives all answers.
    pub async fn end(self) -> Vec<Heard> {
        self.is_over.store(true, Ordering::Relaxed);
        let mut heard = Vec::new();
        for client in self.clients {
            heard.extend(client.await.expect("every request is answered"));
        }
        heard
    }
}

/// Sends every request again with its key. Each must be posted by then, and what was acknowledged
/// must be acknowledged in the same words. Asserts that the target has got each of them once.
pub async fn retry_all(http: &Http, target: Uuid, heard: &[Heard]) {
    let retries = iter(heard).map(|heard| retry(http, target, heard));
    retries.buffer_unordered(RETRIES).collect::<()>().await;
    let count = i64::try_from(heard.len()).expect("a test is short");
    assert_eq!(http.balance(target).await, count);
}

async fn retry(http: &Http, target: Uuid, heard: &Heard) {
    let Heard { key, answer, .. } = heard;
    let again = http.transfer_with_key(key, heard.source, target, 1).await;
    assert_eq!(again.status, 201, "{key}: {again:?}");
    if answer.status == 201 {
        assert_eq!(again.header("idempotency-replayed"), "true", "{key}");
        assert_eq!(again.body, answer.body, "{key}");
    }
}
