//! Loads: many clients that ask as soon as they have their answer (a closed loop), or arrivals at
//! times of their own, whether or not earlier ones have been answered (an open loop).

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use rand_distr::{Distribution, Exp};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use crate::ask::{Asked, Asker, Script};
use crate::wire::Wire;

/// What is not counted at the start of a load, as a part of what is, and at least.
const WARMUP_PART: u32 = 4;
const WARMUP_MIN: Duration = Duration::from_secs(1);
/// How long an answer may take after the end of a load.
const ANSWER_S_MAX: u64 = 60;
/// How long an open loop waits for its last answers.
const REST_S_MAX: u64 = 20;
/// Three digits tell 1 ms from 1.001 ms.
const DIGITS: u8 = 3;

/// A load.
#[derive(Clone)]
pub struct Load {
    pub port: u16,
    pub script: Arc<Script>,
    pub connections: usize,
    pub time: Duration,
    /// Arrivals per second of an open loop; none is a closed one.
    pub rate: Option<f64>,
}

/// What came of a load.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Good answers per second in the time that counts; of bulks, items.
    pub rate: f64,
    /// Microseconds until these. In an open loop they count from when the request was due.
    pub latency: Histogram<u64>,
    /// All answers by status, those included that do not count.
    pub statuses: BTreeMap<u16, u64>,
    /// Transfers that were acknowledged with 201, and items of bulks.
    pub posted: u64,
    /// All of it, from the first request on.
    pub time: Duration,
    /// Connections that broke, and requests without an answer.
    pub failures: Vec<String>,
}

impl Outcome {
    /// A quantile of the latencies, in milliseconds.
    pub fn ms(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1_000.0
    }

    /// What must not be in a load: answers other than 200 and 201, and lost ones.
    pub fn errors(&self) -> u64 {
        let bad = self.statuses.iter().filter(|(status, _)| **status > 201);
        bad.map(|(_, count)| count).sum::<u64>() + self.failures.len() as u64
    }
}

struct Tally {
    counts_from: Instant,
    counts_until: Instant,
    counted: u64,
    outcome: Outcome,
}

impl Tally {
    fn new(load: &Load) -> Self {
        let counts_from = Instant::now() + warmup(load.time);
        Self {
            counts_from,
            counts_until: counts_from + load.time,
            counted: 0,
            outcome: Outcome {
                rate: 0.0,
                latency: Histogram::new(DIGITS).expect("1 to 5 digits are allowed"),
                statuses: BTreeMap::new(),
                posted: 0,
                time: Duration::ZERO,
                failures: Vec::new(),
            },
        }
    }

    /// Counts an answer by when it came; in an open loop, by when its request was due: none may be
    /// lost for being late.
    fn record(&mut self, asked: Asked, status: u16, since: Instant, is_open: bool) {
        let now = Instant::now();
        let counts_at = if is_open { since } else { now };
        *self.outcome.statuses.entry(status).or_default() += 1;
        let items = match (asked, status) {
            (Asked::Transfer, 201) => {
                self.outcome.posted += 1;
                1
            }
            (Asked::Bulk(items), 200) => {
                self.outcome.posted += items;
                items
            }
            _ => 1,
        };
        if status <= 201 && (self.counts_from..self.counts_until).contains(&counts_at) {
            self.counted += items;
            let us = u64::try_from((now - since).as_micros()).unwrap_or(u64::MAX);
            // It grows with its values.
            let _ = self.outcome.latency.record(us);
        }
    }
}

/// What is not counted at the start of a load that counts for so long.
pub fn warmup(time: Duration) -> Duration {
    (time / WARMUP_PART).max(WARMUP_MIN)
}

/// When the arrivals of an open loop were due that nobody has taken up yet.
struct Arrivals {
    due: Mutex<VecDeque<Instant>>,
    count: Semaphore,
}

/// Carries a load out.
pub async fn carry_out(load: &Load) -> Outcome {
    let start = Instant::now();
    let tally = Arc::new(Mutex::new(Tally::new(load)));
    let ends_at = lock(&tally).counts_until;
    let arrivals = load.rate.map(|rate| arrive(rate, ends_at));
    let mut clients = JoinSet::new();
    for _ in 0..load.connections {
        let (load, tally, arrivals) = (load.clone(), Arc::clone(&tally), arrivals.clone());
        clients.spawn(async move {
            let result = client(&load, &tally, arrivals.as_deref(), ends_at).await;
            if let Err(error) = result {
                lock(&tally).outcome.failures.push(error.to_string());
            }
        });
    }
    if let Some(arrivals) = &arrivals {
        tokio::time::sleep_until(ends_at.into()).await;
        let rest = Instant::now();
        while !lock(&arrivals.due).is_empty() && rest.elapsed() < Duration::from_secs(REST_S_MAX) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let left = lock(&arrivals.due).len();
        if left > 0 {
            let failure = format!("{left} requests that were due were never sent");
            lock(&tally).outcome.failures.push(failure);
        }
        arrivals.count.close();
    }
    let last_answer = ends_at + Duration::from_secs(REST_S_MAX + ANSWER_S_MAX);
    if timeout_at(last_answer.into(), clients.join_all())
        .await
        .is_err()
    {
        let failure = "a request was not answered".to_owned();
        lock(&tally).outcome.failures.push(failure);
    }
    let tally = lock(&tally);
    let mut outcome = tally.outcome.clone();
    let ended_early = Instant::now() < tally.counts_until;
    let counted_for = if ended_early {
        Instant::now() - tally.counts_from
    } else {
        load.time
    };
    outcome.rate = tally.counted as f64 / counted_for.as_secs_f64();
    outcome.time = start.elapsed();
    outcome
}

async fn client(
    load: &Load,
    tally: &Mutex<Tally>,
    arrivals: Option<&Arrivals>,
    ends_at: Instant,
) -> std::io::Result<()> {
    let mut wire = Wire::connect(load.port).await?;
    let mut asker = Asker::new(Arc::clone(&load.script));
    let mut request = Vec::new();
    loop {
        let since = match arrivals {
            None => Instant::now(),
            Some(arrivals) => match arrivals.count.acquire().await {
                Ok(permit) => {
                    permit.forget();
                    let due = lock(&arrivals.due).pop_front();
                    due.expect("each permit stands for an arrival")
                }
                Err(_) => return Ok(()),
            },
        };
        if arrivals.is_none() && since >= ends_at {
            return Ok(());
        }
        let Some(asked) = asker.next(&mut request) else {
            return Ok(());
        };
        let status = wire.ask(&request).await?;
        lock(tally).record(asked, status, since, arrivals.is_some());
    }
}

/// Lets requests arrive at random, so many a second, until it ends. A thread of its own sleeps more
/// exactly than the runtime, whose clock ticks each millisecond.
fn arrive(rate: f64, ends_at: Instant) -> Arc<Arrivals> {
    let arrivals = Arc::new(Arrivals {
        due: Mutex::default(),
        count: Semaphore::new(0),
    });
    let sender = Arc::clone(&arrivals);
    thread::spawn(move || {
        let pauses = Exp::new(rate).expect("the rate is above zero");
        let mut due = Instant::now();
        loop {
            due += Duration::from_secs_f64(pauses.sample(&mut rand::rng()));
            if due >= ends_at {
                return;
            }
            thread::sleep(due.saturating_duration_since(Instant::now()));
            lock(&sender.due).push_back(due);
            sender.count.add_permits(1);
        }
    });
    arrivals
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
