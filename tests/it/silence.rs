//! A PostgreSQL that is there and says nothing: its processes stand still, or the network swallows
//! what is said.

use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::json;
use testbed::http::{Answer, Http};
use testbed::poll::{SOON, eventually, eventually_true};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use uuid::Uuid;

use crate::faults::{OwnCluster, REFUSAL_MAX};
use crate::problems::Told;
use crate::proxied::Proxied;

/// How long after PostgreSQL the server is back.
const RECOVERY_MAX: Duration = Duration::from_secs(5);
/// What a client without patience waits for an answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// A user with two wallets, one of which Redis knows.
struct Known {
    http: Http,
    user: Uuid,
    cached: Uuid,
    uncached: Uuid,
}

impl Known {
    async fn new(http: &Http) -> Self {
        let (user, cached) = (http.user().await, http.wallet(100).await);
        let known = Self {
            http: http.clone(),
            user,
            cached,
            uncached: http.wallet(100).await,
        };
        for x_cache in ["MISS", "HIT"] {
            assert_eq!(known.read_cached().await.header("x-cache"), x_cache);
        }
        known
    }

    async fn read_cached(&self) -> Answer {
        self.http.get(&format!("/wallets/{}", self.cached)).await
    }

    /// Requests of every kind that cannot be answered without PostgreSQL, all at the same time.
    fn ask(&self) -> Vec<JoinHandle<(Answer, Duration)>> {
        let (user, wallet) = (self.user, self.uncached);
        let transfer = json!({"source_id": self.cached, "target_id": wallet, "amount": 1});
        let new_wallet = json!({"user_id": user, "currency": "USD", "initial_balance": 1});
        let requests = [
            (Method::GET, format!("/users/{user}"), json!(null)),
            (Method::GET, format!("/users/{user}/wallets"), json!(null)),
            (Method::GET, format!("/wallets/{wallet}"), json!(null)),
            (
                Method::GET,
                format!("/wallets/{wallet}/entries"),
                json!(null),
            ),
            (Method::GET, "/transfers/unknown".to_owned(), json!(null)),
            (Method::POST, "/users".to_owned(), json!({"name": "Ann"})),
            (Method::POST, "/wallets".to_owned(), new_wallet),
            (Method::POST, "/transfers".to_owned(), transfer.clone()),
            (Method::POST, "/transfers".to_owned(), transfer),
        ];
        let send = |(method, path, body): (Method, String, serde_json::Value)| {
            let http = self.http.clone();
            tokio::spawn(async move {
                let (key, start) = (Uuid::new_v4().to_string(), Instant::now());
                let headers = [
                    ("idempotency-key", key.as_str()),
                    ("content-type", "application/json"),
                ];
                let answer = http.send(method, &path, &headers, body.to_string()).await;
                (answer, start.elapsed())
            })
        };
        requests.map(send).into()
    }

    /// Asserts that all are refused in time and with advice, and so what Redis knows, once it may
    /// be old.
    async fn check_refusals(&self) {
        let asked = self.ask();
        let start = Instant::now();
        let read = self.read_cached().await;
        let is_hit = read.status == 200 && read.header("x-cache") == "HIT";
        assert!(is_hit || read.status == 503, "{read:?}");
        assert!(start.elapsed() <= REFUSAL_MAX, "{:?}", start.elapsed());
        for request in asked {
            let (answer, delay) = request.await.expect("every request is answered");
            assert_eq!(answer.problem(), (503, "database_unavailable".to_owned()));
            assert_eq!(answer.header("retry-after"), "1");
            assert!(delay <= REFUSAL_MAX, "a refusal took {delay:?}");
        }
    }

    /// Waits until everything is answered again.
    async fn await_recovery(&self) {
        eventually(RECOVERY_MAX, "all requests are answered", async || {
            for request in self.ask() {
                let (answer, _) = request.await.expect("every request is answered");
                (answer.status < 500).then_some(())?;
            }
            Some(())
        })
        .await;
    }
}

#[tokio::test]
async fn while_postgresql_stands_still_refusals_come_in_time() {
    let stand = OwnCluster::start().await;
    for _ in 0..2 {
        let known = Known::new(stand.http()).await;
        stand.cluster.freeze().await;
        known.check_refusals().await;
        // By now it is known, and nobody waits at all: ten times over in less time than one may
        // take.
        let start = Instant::now();
        for _ in 0..10 {
            known.check_refusals().await;
        }
        assert!(start.elapsed() < REFUSAL_MAX, "{:?}", start.elapsed());
        assert_eq!(stand.http().get("/readyz").await.status, 503);
        stand.cluster.thaw();
        known.await_recovery().await;
    }
}

#[tokio::test]
async fn while_the_network_swallows_what_is_said_refusals_come_in_time() {
    let stand = Proxied::start().await;
    let (proxy, known) = (&stand.postgresql, Known::new(stand.http()).await);
    for hangs in [true, false] {
        if hangs {
            proxy.hang();
            known.check_refusals().await;
            proxy.resume();
        } else {
            // What is open now will never be heard of again; what is opened from now on works.
            proxy.swallow(proxy.accepted());
            for request in known.ask() {
                let (_, delay) = request.await.expect("every request is answered");
                assert!(delay <= REFUSAL_MAX, "an answer took {delay:?}");
            }
        }
        known.await_recovery().await;
    }
    let owner = stand.database.connect().await;
    let violations = owner.query("select from remit_ops_v1.verify()", &[]).await;
    assert!(violations.expect("verify answers").is_empty());
}

// One of the server's connections is dead and nobody was told, as after a change of route. The pool
// must not keep it, even though no client waits for as long as the server would.
#[tokio::test]
async fn a_connection_that_died_in_silence_leaves_the_pool() {
    let stand = Proxied::start().await;
    let http = stand.http();
    let path = format!("/users/{}", http.user().await);
    // The first one is of the pool that most calls go through.
    stand.postgresql.swallow(1);
    let is_answered = async || timeout(PATIENCE, http.get(&path)).await.is_ok();
    eventually_true(SOON, "a request meets the dead connection", async || {
        !is_answered().await
    })
    .await;
    eventually(SOON, "no request meets it again", async || {
        for _ in 0..20 {
            is_answered().await.then_some(())?;
        }
        Some(())
    })
    .await;
}
