use super::*;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Answers a request with the number of its call; a request is one wallet and how often it is busy.
#[derive(Default)]
struct Calls {
    log: Mutex<Vec<Vec<Uuid>>>,
    gate: tokio::sync::Mutex<()>,
}

struct Request {
    wallets: [Uuid; 1],
    busy_count: Mutex<u32>,
}

impl Request {
    fn new(wallet: u128, busy_count: u32) -> Self {
        Self {
            wallets: [Uuid::from_u128(wallet)],
            busy_count: Mutex::new(busy_count),
        }
    }
}

impl Batch for Calls {
    type Request = Request;
    type Answer = usize;

    fn wallets(request: &Request) -> &[Uuid] {
        &request.wallets
    }

    async fn call(&self, requests: Vec<Request>) -> Vec<Reply<Self>> {
        let number = {
            let mut log = self.log.lock().expect("no panic holds it");
            log.push(requests.iter().map(|request| request.wallets[0]).collect());
            log.len()
        };
        drop(self.gate.lock().await);
        let reply = |request: Request| {
            let mut busy_count = request.busy_count.lock().expect("no panic holds it");
            if *busy_count == 0 {
                return Reply::Done(number);
            }
            *busy_count -= 1;
            drop(busy_count);
            Reply::Busy(request, Held::Wallet)
        };
        requests.into_iter().map(reply).collect()
    }
}

/// On the runtime of the programs, which next runs the task that was woken last.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn requests_that_arrive_together_go_together() {
    let calls = Arc::new(Calls::default());
    let gather = Arc::new(Gather::start(Arc::clone(&calls)));
    let arrive = async move {
        let ask = |wallet| {
            let gather = Arc::clone(&gather);
            tokio::spawn(async move { gather.ask(Request::new(wallet, 0)).await })
        };
        (0..10).map(ask).collect::<Vec<_>>()
    };
    let asks = tokio::spawn(arrive).await.expect("no panic");
    for ask in asks {
        assert_eq!(ask.await.expect("no panic"), Ok(1));
    }
}

#[tokio::test]
async fn arrivals_during_calls_go_together_as_the_next_call() {
    let calls = Arc::new(Calls::default());
    let gather = Arc::new(Gather::start(Arc::clone(&calls)));
    let closed = calls.gate.lock().await;
    let asks: Vec<_> = (0..10)
        .map(|wallet| {
            let gather = Arc::clone(&gather);
            tokio::spawn(async move { gather.ask(Request::new(wallet, 0)).await })
        })
        .collect();
    while calls.log.lock().expect("no panic holds it").is_empty() {
        yield_now().await;
    }
    drop(closed);
    for ask in asks {
        assert!(ask.await.expect("no panic").is_ok());
    }
    let log = calls.log.lock().expect("no panic holds it");
    assert!(
        log.len() <= CALLS_MAX + 1,
        "10 requests took {} calls",
        log.len()
    );
}

#[tokio::test]
async fn a_wallet_is_in_one_call_at_a_time() {
    let calls = Arc::new(Calls::default());
    let gather = Arc::new(Gather::start(Arc::clone(&calls)));
    let closed = calls.gate.lock().await;
    let first = tokio::spawn({
        let gather = Arc::clone(&gather);
        async move { gather.ask(Request::new(1, 0)).await }
    });
    while calls.log.lock().expect("no panic holds it").is_empty() {
        yield_now().await;
    }
    let second = tokio::spawn({
        let gather = Arc::clone(&gather);
        async move { gather.ask(Request::new(1, 0)).await }
    });
    let other = tokio::spawn({
        let gather = Arc::clone(&gather);
        async move { gather.ask(Request::new(2, 0)).await }
    });
    while calls.log.lock().expect("no panic holds it").len() < 2 {
        yield_now().await;
    }
    assert_eq!(
        calls.log.lock().expect("no panic holds it")[1],
        [Uuid::from_u128(2)]
    );
    drop(closed);
    assert_eq!(first.await.expect("no panic"), Ok(1));
    assert_eq!(other.await.expect("no panic"), Ok(2));
    assert_eq!(second.await.expect("no panic"), Ok(3));
}

#[tokio::test(start_paused = true)]
async fn a_busy_request_is_tried_again_until_its_time_is_up() {
    let gather = Gather::start(Arc::new(Calls::default()));
    assert_eq!(gather.ask(Request::new(1, 3)).await, Ok(4));
    assert_eq!(
        gather.ask(Request::new(1, u32::MAX)).await,
        Err(NoAnswer::Busy(Held::Wallet))
    );
}

#[tokio::test]
async fn a_request_beyond_those_that_may_wait_is_refused_at_once() {
    let calls = Arc::new(Calls::default());
    let gather = Arc::new(Gather::start(Arc::clone(&calls)));
    let closed = calls.gate.lock().await;
    let asks: Vec<_> = (0..WAITING_REQUESTS_MAX)
        .map(|_| {
            let gather = Arc::clone(&gather);
            tokio::spawn(async move { gather.ask(Request::new(1, 0)).await })
        })
        .collect();
    while gather.places.available_permits() > 0 {
        yield_now().await;
    }
    let refused = gather.ask(Request::new(2, 0)).await;
    assert_eq!(refused, Err(NoAnswer::Overloaded));
    drop(closed);
    for ask in asks {
        assert!(ask.await.expect("no panic").is_ok());
    }
    assert!(gather.ask(Request::new(2, 0)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn those_who_want_a_busy_wallet_leave_places_for_others() {
    let gather = Arc::new(Gather::start(Arc::new(Calls::default())));
    let refused = Arc::new(AtomicUsize::new(0));
    let asks: Vec<_> = (0..WAITING_REQUESTS_MAX)
        .map(|_| {
            let (gather, refused) = (Arc::clone(&gather), Arc::clone(&refused));
            tokio::spawn(async move {
                let answer = gather.ask(Request::new(1, u32::MAX)).await;
                assert_eq!(answer, Err(NoAnswer::Busy(Held::Wallet)));
                refused.fetch_add(1, Ordering::Relaxed);
            })
        })
        .collect();
    // Time stands still as long as a task has something to do.
    let start = Instant::now();
    while refused.load(Ordering::Relaxed) < WAITING_REQUESTS_MAX - BUSY_REQUESTS_MAX {
        yield_now().await;
        assert!(start.elapsed().is_zero(), "all of them wait");
    }
    assert!(gather.ask(Request::new(2, 0)).await.is_ok());
    for ask in asks {
        ask.await.expect("each is refused");
    }
    assert!(start.elapsed() >= Duration::from_millis(BUSY_MS_MAX));
}

/// Says of every request that its id is held.
#[derive(Default)]
struct HeldIds(AtomicUsize);

impl Batch for HeldIds {
    type Request = [Uuid; 1];
    type Answer = ();

    fn wallets(request: &[Uuid; 1]) -> &[Uuid] {
        request
    }

    async fn call(&self, requests: Vec<[Uuid; 1]>) -> Vec<Reply<Self>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let busy = |request| Reply::Busy(request, Held::Id);
        requests.into_iter().map(busy).collect()
    }
}

#[tokio::test]
async fn a_held_id_is_asked_for_seldom() {
    let calls = Arc::new(HeldIds::default());
    let gather = Gather::start(Arc::clone(&calls));
    let answer = gather.ask([Uuid::nil()]).await;
    assert_eq!(answer, Err(NoAnswer::Busy(Held::Id)));
    let tries = u64::try_from(calls.0.load(Ordering::Relaxed)).expect("a few");
    assert!(
        (2..=1 + BUSY_MS_MAX / HELD_ID_STEP_MS).contains(&tries),
        "{tries}"
    );
}
