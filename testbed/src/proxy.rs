//! A TCP proxy between two parts, which can take one away from the other in all the ways in which a
//! network does.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::port::free_port;

const CHUNK_BYTES: usize = 16_384;

/// Which of the two parts is told that the other one will send no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one that opened the connection.
    Near,
    /// The one that accepted it.
    Far,
}

/// What is wrong. Connections are numbered from 1 in the order in which they were made.
#[derive(Debug, Clone, Copy, Default)]
struct Orders {
    /// Each chunk waits so long.
    delay: Duration,
    /// Nothing is forwarded now.
    hangs: bool,
    /// What connections up to this number say is lost.
    swallowed: usize,
    /// New connections are reset at once.
    refuses: bool,
    /// Grows with each cut: a connection that sees another number than at its start is reset.
    cuts: u64,
    /// Grow with each half-close.
    near_closes: u64,
    far_closes: u64,
}

/// Forwards connections from a port of its own to another port, both on loopback.
pub struct Proxy {
    pub port: u16,
    target: u16,
    orders: watch::Sender<Orders>,
    accepted: Arc<AtomicUsize>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

impl Proxy {
    /// Starts to forward to this port.
    pub fn start(target: u16) -> Self {
        let proxy = Self {
            port: free_port(),
            target,
            orders: watch::channel(Orders::default()).0,
            accepted: Arc::default(),
            listening: Mutex::default(),
        };
        proxy.resume();
        proxy
    }

    /// How many connections it has carried.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Resets all connections, and new ones too until `resume`.
    pub fn cut(&self) {
        self.orders.send_modify(|orders| {
            orders.cuts += 1;
            orders.refuses = true;
        });
    }

    /// Resets all connections and stops listening until `resume`, as a part that has ended.
    pub async fn close(&self) {
        self.cut();
        let task = self.listening().take();
        if let Some(task) = task {
            task.abort();
            // With the task ends its listener.
            let _ = task.await;
        }
    }

    /// Delays each chunk until `resume`.
    pub fn delay(&self, delay: Duration) {
        self.orders.send_modify(|orders| orders.delay = delay);
    }

    /// Accepts connections and keeps them open, but forwards nothing until `resume`.
    pub fn hang(&self) {
        self.orders.send_modify(|orders| orders.hangs = true);
    }

    /// Loses all that the first connections say from now on, in either direction, and keeps them
    /// open.
    pub fn swallow(&self, connections: usize) {
        self.orders
            .send_modify(|orders| orders.swallowed = connections);
    }

    /// Ends one direction of each connection. What comes for that direction later is swallowed.
    pub fn half_close(&self, told: Side) {
        self.orders.send_modify(|orders| match told {
            Side::Near => orders.near_closes += 1,
            Side::Far => orders.far_closes += 1,
        });
    }

    /// Resets all connections and forwards new ones elsewhere.
    pub async fn lead_to(&mut self, target: u16) {
        self.close().await;
        self.target = target;
        self.resume();
    }

    /// Forwards again, at once.
    pub fn resume(&self) {
        self.orders.send_modify(|orders| {
            orders.delay = Duration::ZERO;
            orders.hangs = false;
            orders.refuses = false;
        });
        let mut listening = self.listening();
        if listening.is_none() {
            let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, self.port));
            let listener = listener.expect("the port is this process's");
            let waits = listener.set_nonblocking(true);
            waits.expect("a socket can be told to");
            let listener = TcpListener::from_std(listener).expect("a runtime is there");
            let (orders, accepted) = (self.orders.subscribe(), Arc::clone(&self.accepted));
            *listening = Some(tokio::spawn(listen(
                listener,
                self.target,
                orders,
                accepted,
            )));
        }
    }

    fn listening(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.listening
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(task) = self.listening().take() {
            task.abort();
        }
    }
}

async fn listen(
    listener: TcpListener,
    target: u16,
    orders: watch::Receiver<Orders>,
    accepted: Arc<AtomicUsize>,
) {
    loop {
        let Ok((near, _)) = listener.accept().await else {
            continue;
        };
        if orders.borrow().refuses {
            // With no time to linger, the end is a reset.
            let _ = near.set_zero_linger();
            continue;
        }
        let (orders, accepted) = (orders.clone(), Arc::clone(&accepted));
        tokio::spawn(async move {
            match TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await {
                Ok(far) => {
                    let number = accepted.fetch_add(1, Ordering::Relaxed) + 1;
                    carry(number, near, far, orders).await;
                }
                Err(_) => drop(near.set_zero_linger()),
            }
        });
    }
}

/// Carries both directions until both have ended, the connection is cut or the proxy is gone.
async fn carry(
    number: usize,
    mut near: TcpStream,
    mut far: TcpStream,
    orders: watch::Receiver<Orders>,
) {
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let mut cut = orders.clone();
    let cuts = cut.borrow_and_update().cuts;
    let is_cut = {
        let (near_read, near_write) = near.split();
        let (far_read, far_write) = far.split();
        let to_far = pump(number, near_read, far_write, orders.clone(), |orders| {
            orders.far_closes
        });
        let to_near = pump(number, far_read, near_write, orders, |orders| {
            orders.near_closes
        });
        tokio::select! {
            // An error means that the proxy is gone.
            _ = cut.wait_for(|orders| orders.cuts != cuts) => true,
            ((), ()) = async { tokio::join!(to_far, to_near) } => false,
        }
    };
    if is_cut {
        let _ = (near.set_zero_linger(), far.set_zero_linger());
    }
}

/// Copies one direction until its end, or until it is closed; then the other end hears of it.
async fn pump(
    number: usize,
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut orders: watch::Receiver<Orders>,
    closes: impl Fn(&Orders) -> u64,
) {
    let closes_before = closes(&orders.borrow());
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let length = tokio::select! {
            read = from.read(&mut buffer) => match read {
                Ok(length @ 1..) => length,
                _ => break,
            },
            _ = orders.wait_for(|orders| closes(orders) != closes_before) => break,
        };
        let Ok(Orders {
            delay, swallowed, ..
        }) = orders
            .wait_for(|orders| !orders.hangs)
            .await
            .map(|orders| *orders)
        else {
            break;
        };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if number > swallowed && to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
    while matches!(from.read(&mut buffer).await, Ok(1..)) {}
}
