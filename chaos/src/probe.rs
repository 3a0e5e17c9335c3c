//! Small transfers through nginx that find out when Remit works again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::sleep;
use uuid::Uuid;

use crate::client::Client;
use crate::hub::Hub;
use crate::script::{Door, Transfer};
use crate::world::World;

/// How often another one sets out. An earlier one may hang with what was broken.
const INTERVAL_MS: u64 = 100;
const WAIT_S_MAX: u64 = 30;
/// The number of this client in the record.
const CLIENT: u64 = 9_999;

/// Makes transfers between two wallets of its own.
pub struct Probe {
    hub: Arc<Hub>,
    wallets: [Uuid; 2],
    seed: u64,
    count: AtomicU64,
    /// Those under way. Each goes on until it has its final answer.
    under_way: Mutex<JoinSet<bool>>,
}

impl Probe {
    /// Between the probes' wallets of a world.
    pub fn new(hub: Arc<Hub>, seed: u64, world: &World) -> Self {
        Self {
            hub,
            wallets: [world.probes[0].id, world.probes[1].id],
            seed,
            count: AtomicU64::new(0),
            under_way: Mutex::default(),
        }
    }

    /// How long it takes until a transfer that sets out from now on succeeds.
    pub async fn first_success(&self) -> Duration {
        let start = Instant::now();
        let mut tries = JoinSet::new();
        while start.elapsed() < Duration::from_secs(WAIT_S_MAX) {
            tries.spawn(self.one());
            tokio::select! {
                Some(Ok(true)) = tries.join_next() => break,
                () = sleep(Duration::from_millis(INTERVAL_MS)) => {}
            }
        }
        let took = start.elapsed();
        self.under_way.lock().await.spawn(async move {
            while tries.join_next().await.is_some() {}
            true
        });
        took
    }

    /// Waits until each has its answer.
    pub async fn settle(&self) {
        let mut under_way = self.under_way.lock().await;
        while under_way.join_next().await.is_some() {}
    }

    fn one(&self) -> impl Future<Output = bool> + Send + 'static {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let [source_id, target_id] = self.wallets;
        let transfer = Transfer {
            key: format!("probe {} {number}", self.seed),
            source_id,
            target_id,
            amount: 1,
            reference: None,
        };
        let mut client = Client::new(Arc::clone(&self.hub), CLIENT);
        async move { client.transfer(&transfer, &[Door::Http]).await }
    }
}
