//! Gathers requests into calls. While `CALLS_MAX` calls are in flight, arrivals queue. When a call
//! lands, all that is queued and free goes as the next call. There is no timer, and no added wait
//! when idle.
//!
//! Each request is in one of four states:
//!
//! ```text
//! state      what it waits for                    how it leaves the state
//! ---------  -----------------------------------  --------------------------------------------
//! queued     a call that may go, and its wallets  in flight: no call in flight has its wallets,
//!                                                 and no older queued request wants them
//! in flight  the results of its call              answered: its result came
//!                                                 parked: another session holds what it needs
//! parked     that session; it is apart from the   in flight: in a call of parked requests alone,
//!            queue                                tried again every BUSY_STEP_MS, or every
//!                                                 HELD_ID_STEP_MS where its id is held
//!                                                 answered: Busy, BUSY_MS_MAX after it arrived
//! answered   nothing                              its client has a result, or why there is none
//! ```
//!
//! A wallet is in one call at a time, because a second call would only find it locked. Requests for
//! one wallet keep their order, but for parked ones, which younger requests may overtake.

use std::collections::{HashMap, HashSet, VecDeque};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::{Id, JoinSet, yield_now};
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

mod waiting;

use waiting::{Waiter, Waiting};

/// Calls in flight, beside one for parked requests. While one waits for the disk or its result is
/// on its way back, the other keeps the database busy. A third would make all of them smaller.
pub const CALLS_MAX: usize = 2;
/// Requests in one call; `transfers_post` takes no more.
const CALL_REQUESTS_MAX: usize = 1_000;
/// Requests in the first three states: two full calls. A longer queue would keep the database no
/// busier and would make each client wait longer. Beyond it the answer is 503 at once.
pub const WAITING_REQUESTS_MAX: usize = 2 * CALL_REQUESTS_MAX;
/// How long a request waits for what another session holds: `LOCK_TIMEOUT_MS` of other calls.
const BUSY_MS_MAX: u64 = 2_000;
/// How often parked requests are tried again, all of them in one call.
const BUSY_STEP_MS: u64 = 20;
/// The same for those whose id is held: while a call waits for an id, it holds wallets.
const HELD_ID_STEP_MS: u64 = 200;
/// Parked requests: one full call. Beyond it the answer is 503 at once. More of them would take the
/// places of the other requests.
const BUSY_REQUESTS_MAX: usize = CALL_REQUESTS_MAX;

/// A kind of call that takes many requests.
pub trait Batch: Send + Sync + 'static {
    type Request: Send + 'static;
    type Answer: Send + 'static;

    /// The wallets that the request must have for itself.
    fn wallets(request: &Self::Request) -> &[Uuid];

    /// How many places of a call the request takes, all of them in one call.
    fn places(_request: &Self::Request) -> usize {
        1
    }

    /// Makes one call: one reply for each request, in order.
    fn call(&self, requests: Vec<Self::Request>) -> impl Future<Output = Vec<Reply<Self>>> + Send;
}

/// What became of one request of a call.
pub enum Reply<B: Batch + ?Sized> {
    Done(B::Answer),
    /// Another session holds what the request needs: try again.
    Busy(B::Request, Held),
}

/// What another session holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// A wallet of the request, or a table.
    Wallet,
    /// The request's id.
    Id,
}

/// Why a request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// Too many requests wait.
    Overloaded,
    /// It stayed held for `BUSY_MS_MAX`, or too many requests wait for what is held.
    Busy(Held),
    /// The call broke.
    Broken,
}

/// The entrance to the queue.
pub struct Gather<B: Batch> {
    entrance: mpsc::UnboundedSender<Waiting<B>>,
    places: Arc<Semaphore>,
}

impl<B: Batch> Gather<B> {
    /// Starts the task that makes the calls; it ends with this value.
    pub fn start(batch: Arc<B>) -> Self {
        let (entrance, arrivals) = mpsc::unbounded_channel();
        tokio::spawn(Dispatcher::new(batch).run(arrivals));
        Self {
            entrance,
            places: Arc::new(Semaphore::new(WAITING_REQUESTS_MAX)),
        }
    }

    /// Queues a request and waits for its answer. If the client goes away, the request stays queued
    /// and is carried out.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn ask(&self, request: B::Request) -> Result<B::Answer, NoAnswer> {
        let places = u32::try_from(B::places(&request)).unwrap_or(u32::MAX);
        let place = Arc::clone(&self.places);
        let place = place
            .try_acquire_many_owned(places)
            .map_err(|_| NoAnswer::Overloaded)?;
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting {
            request,
            waiter: Waiter {
                reply,
                busy_until: Instant::now() + Duration::from_millis(BUSY_MS_MAX),
                held: Held::Wallet,
                tried_next: Instant::now(),
                _place: place,
            },
        };
        self.entrance.send(waiting).map_err(|_| NoAnswer::Broken)?;
        answer.await.unwrap_or(Err(NoAnswer::Broken))
    }
}

/// A call in flight.
struct Flight {
    wallets: Vec<Uuid>,
    is_for_parked: bool,
}

type Outcome<B> = Vec<(Reply<B>, Waiter<<B as Batch>::Answer>)>;

struct Dispatcher<B: Batch> {
    batch: Arc<B>,
    queue: VecDeque<Waiting<B>>,
    /// How many requests at the front of the queue cannot go. Each wants a wallet that is in
    /// flight, or one that such a request before it wants.
    blocked_count: usize,
    blocked_wallets: HashSet<Uuid>,
    /// Requests that wait for what other sessions hold.
    parked: Vec<Waiting<B>>,
    /// When the parked requests are tried again.
    retry_at: Instant,
    calls: JoinSet<Outcome<B>>,
    flights: HashMap<Id, Flight>,
    wallets_in_flight: HashSet<Uuid>,
}

impl<B: Batch> Dispatcher<B> {
    fn new(batch: Arc<B>) -> Self {
        Self {
            batch,
            queue: VecDeque::new(),
            blocked_count: 0,
            blocked_wallets: HashSet::new(),
            parked: Vec::new(),
            retry_at: Instant::now(),
            calls: JoinSet::new(),
            flights: HashMap::new(),
            wallets_in_flight: HashSet::new(),
        }
    }

    /// Serves until the entrance is closed and nothing is left to do.
    async fn run(mut self, mut arrivals: mpsc::UnboundedReceiver<Waiting<B>>) {
        let mut is_open = true;
        while is_open || !self.calls.is_empty() || !self.parked.is_empty() {
            let can_retry = !self.parked.is_empty() && !self.has_parked_in_flight();
            tokio::select! {
                arrival = arrivals.recv(), if is_open => match arrival {
                    Some(waiting) => self.queue.push_back(waiting),
                    None => is_open = false,
                },
                Some(landed) = self.calls.join_next_with_id() => self.land(landed),
                () = sleep_until(self.retry_at), if can_retry => {}
            }
            // The runtime next runs the task that was woken last. Yield first to all other ready
            // tasks, so that their requests join this call.
            yield_now().await;
            while let Ok(waiting) = arrivals.try_recv() {
                self.queue.push_back(waiting);
            }
            self.launch_parked();
            while self
                .flights
                .values()
                .filter(|flight| !flight.is_for_parked)
                .count()
                < CALLS_MAX
            {
                let ready = self.take_ready();
                if ready.is_empty() {
                    break;
                }
                self.launch(ready, false);
            }
        }
    }

    /// Takes from the queue the requests that can go now, oldest first, and remembers those that
    /// must stay.
    fn take_ready(&mut self) -> Vec<Waiting<B>> {
        let mut ready = Vec::new();
        let mut places_left = CALL_REQUESTS_MAX;
        let mut unseen = self.queue.split_off(self.blocked_count);
        while places_left > 0
            && let Some(waiting) = unseen.pop_front()
        {
            let places = B::places(&waiting.request);
            if places > places_left {
                unseen.push_front(waiting);
                break;
            }
            let wallets = B::wallets(&waiting.request);
            let is_free = |wallet| {
                !self.wallets_in_flight.contains(wallet) && !self.blocked_wallets.contains(wallet)
            };
            if wallets.iter().all(is_free) {
                places_left -= places;
                ready.push(waiting);
            } else {
                self.blocked_wallets.extend(wallets);
                self.queue.push_back(waiting);
            }
        }
        self.blocked_count = self.queue.len();
        self.queue.append(&mut unseen);
        ready
    }

    /// Tries parked requests again when it is time. Those that waited for `BUSY_MS_MAX` hear
    /// `Busy`.
    fn launch_parked(&mut self) {
        let now = Instant::now();
        if self.parked.is_empty() || now < self.retry_at || self.has_parked_in_flight() {
            return;
        }
        self.retry_at = now + Duration::from_millis(BUSY_STEP_MS);
        for late in self
            .parked
            .extract_if(.., |waiting| waiting.waiter.busy_until <= now)
        {
            let held = late.waiter.held;
            late.waiter.answer(Err(NoAnswer::Busy(held)));
        }
        let in_flight = &self.wallets_in_flight;
        let mut places_left = CALL_REQUESTS_MAX;
        let can_go = |waiting: &mut Waiting<B>| {
            let mut wallets = B::wallets(&waiting.request).iter();
            let places = B::places(&waiting.request);
            let can_go = places <= places_left
                && waiting.waiter.tried_next <= now
                && wallets.all(|wallet| !in_flight.contains(wallet));
            places_left -= if can_go { places } else { 0 };
            can_go
        };
        let ready: Vec<_> = self.parked.extract_if(.., can_go).collect();
        if !ready.is_empty() {
            self.launch(ready, true);
        }
    }

    fn has_parked_in_flight(&self) -> bool {
        self.flights.values().any(|flight| flight.is_for_parked)
    }

    fn launch(&mut self, waiting: Vec<Waiting<B>>, is_for_parked: bool) {
        let mut wallets = Vec::with_capacity(2 * waiting.len());
        let mut requests = Vec::with_capacity(waiting.len());
        let mut waiters = Vec::with_capacity(waiting.len());
        for Waiting { request, waiter } in waiting {
            wallets.extend_from_slice(B::wallets(&request));
            requests.push(request);
            waiters.push(waiter);
        }
        self.wallets_in_flight.extend(&wallets);
        let batch = Arc::clone(&self.batch);
        let call = self.calls.spawn(async move {
            let replies = batch.call(requests).await;
            replies.into_iter().zip(waiters).collect()
        });
        self.flights.insert(
            call.id(),
            Flight {
                wallets,
                is_for_parked,
            },
        );
    }

    fn land(&mut self, landed: Result<(Id, Outcome<B>), tokio::task::JoinError>) {
        let (id, outcome) = match landed {
            Ok((id, outcome)) => (id, outcome),
            // The call panicked. Its waiters went with it and hear `Broken`.
            Err(error) => (error.id(), Vec::new()),
        };
        let flight = self.flights.remove(&id);
        for wallet in flight.iter().flat_map(|flight| &flight.wallets) {
            self.wallets_in_flight.remove(wallet);
        }
        self.blocked_count = 0;
        self.blocked_wallets.clear();
        for (reply, waiter) in outcome {
            match reply {
                Reply::Done(answer) => waiter.answer(Ok(answer)),
                Reply::Busy(_, held) if self.parked.len() >= BUSY_REQUESTS_MAX => {
                    waiter.answer(Err(NoAnswer::Busy(held)));
                }
                Reply::Busy(request, held) => {
                    let step_ms = match held {
                        Held::Wallet => BUSY_STEP_MS,
                        Held::Id => HELD_ID_STEP_MS,
                    };
                    let waiter = Waiter {
                        held,
                        tried_next: Instant::now() + Duration::from_millis(step_ms),
                        ..waiter
                    };
                    self.parked.push(Waiting { request, waiter });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
