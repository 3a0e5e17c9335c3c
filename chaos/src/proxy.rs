//! A TCP proxy between two parts, which can cut, delay and half-close what goes through it.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

const CHUNK_BYTES: usize = 16_384;

/// Which of the two parts is told that the other one will send no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one that opened the connection.
    Near,
    /// The one that accepted it.
    Far,
}

#[derive(Debug, Clone, Copy, Default)]
struct Orders {
    /// Each chunk waits so long.
    delay: Duration,
    /// New connections are reset at once.
    refuses: bool,
    /// Grows with each cut: whoever sees another number than at its start is reset.
    cuts: u64,
    /// Grow with each half-close.
    near_closes: u64,
    far_closes: u64,
}

/// Forwards connections from a port of its own to another port, both on loopback.
pub struct Proxy {
    pub port: u16,
    orders: watch::Sender<Orders>,
    connections: Arc<AtomicUsize>,
    listening: JoinHandle<()>,
}

impl Proxy {
    /// Starts to forward to this port.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(target: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let (orders, _) = watch::channel(Orders::default());
        let connections = Arc::<AtomicUsize>::default();
        let counter = Arc::clone(&connections);
        let listening = tokio::spawn(listen(listener, target, orders.subscribe(), counter));
        Ok(Self {
            port,
            orders,
            connections,
            listening,
        })
    }

    /// How many connections it has carried.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Resets all connections, and new ones too until `resume`.
    pub fn cut(&self) {
        self.orders.send_modify(|orders| {
            orders.cuts += 1;
            orders.refuses = true;
        });
    }

    /// Delays each chunk until `resume`.
    pub fn delay(&self, delay: Duration) {
        self.orders.send_modify(|orders| orders.delay = delay);
    }

    /// Ends one direction of each connection. What comes for that direction later is swallowed.
    pub fn half_close(&self, told: Side) {
        self.orders.send_modify(|orders| match told {
            Side::Near => orders.near_closes += 1,
            Side::Far => orders.far_closes += 1,
        });
    }

    /// Forwards as if nothing had been.
    pub fn resume(&self) {
        self.orders.send_modify(|orders| {
            orders.delay = Duration::ZERO;
            orders.refuses = false;
        });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(
    listener: TcpListener,
    target: u16,
    orders: watch::Receiver<Orders>,
    connections: Arc<AtomicUsize>,
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
        let (orders, connections) = (orders.clone(), Arc::clone(&connections));
        tokio::spawn(async move {
            match TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await {
                Ok(far) => {
                    connections.fetch_add(1, Ordering::Relaxed);
                    carry(near, far, orders).await;
                }
                Err(_) => drop(near.set_zero_linger()),
            }
        });
    }
}

/// Carries both directions until both have ended or the connection is cut.
async fn carry(mut near: TcpStream, mut far: TcpStream, orders: watch::Receiver<Orders>) {
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let mut cut = orders.clone();
    let cuts = cut.borrow_and_update().cuts;
    let is_cut = {
        let (near_read, near_write) = near.split();
        let (far_read, far_write) = far.split();
        let to_far = pump(near_read, far_write, orders.clone(), |orders| {
            orders.far_closes
        });
        let to_near = pump(far_read, near_write, orders, |orders| orders.near_closes);
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
        let delay = orders.borrow().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
    while matches!(from.read(&mut buffer).await, Ok(1..)) {}
}
