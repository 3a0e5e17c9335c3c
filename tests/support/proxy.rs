//! A TCP proxy that can be cut, hang, swallow or half-close, to take one server away from one client.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// Forwards connections on a port of its own to a port, both on loopback.
pub struct TcpProxy {
    pub port: u16,
    target: u16,
    trouble: watch::Sender<Trouble>,
    accepted: Arc<AtomicUsize>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

/// What is wrong. Connections are numbered from 1 in the order in which they were made.
#[derive(Debug, Clone, Default)]
struct Trouble {
    /// Nothing is forwarded now.
    hangs: bool,
    /// What connections up to this number say is lost.
    swallowed: usize,
    /// Connections up to this number hear the end of the stream.
    half_closed: usize,
}

impl TcpProxy {
    /// Starts forwarding.
    pub async fn start(target: u16) -> Self {
        let proxy = Self {
            port: super::free_port(),
            target,
            trouble: watch::channel(Trouble::default()).0,
            accepted: Arc::default(),
            listening: Mutex::default(),
        };
        proxy.resume().await;
        proxy
    }

    /// Closes all connections and refuses new ones.
    pub async fn cut(&self) {
        let task = self.listening().take();
        if let Some(task) = task {
            task.abort();
            // With the task end its listener and its connections.
            let _ = task.await;
        }
    }

    /// Accepts connections and keeps them open, but forwards nothing.
    pub fn hang(&self) {
        self.trouble.send_modify(|trouble| trouble.hangs = true);
    }

    /// Loses all that the first connections say from now on, in either direction, and keeps them open.
    pub fn swallow(&self, connections: usize) {
        self.trouble
            .send_modify(|trouble| trouble.swallowed = connections);
    }

    /// Ends the stream from the server on all connections. The client may still speak.
    pub fn half_close(&self) {
        let accepted = self.accepted();
        self.trouble
            .send_modify(|trouble| trouble.half_closed = accepted);
    }

    /// Forwards again.
    pub async fn resume(&self) {
        self.trouble.send_modify(|trouble| trouble.hangs = false);
        if self.listening().is_none() {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
            let listener = TcpListener::bind(address).await.expect("the port is free");
            let (trouble, accepted) = (self.trouble.subscribe(), Arc::clone(&self.accepted));
            let task = tokio::spawn(forward(listener, self.target, trouble, accepted));
            self.listening().replace(task);
        }
    }

    /// Closes all connections and forwards new ones elsewhere.
    pub async fn lead_to(&mut self, target: u16) {
        self.cut().await;
        self.target = target;
        self.resume().await;
    }

    /// How many connections have been made through it.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    fn listening(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.listening
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        if let Some(task) = self.listening().take() {
            task.abort();
        }
    }
}

async fn forward(
    listener: TcpListener,
    target: u16,
    trouble: watch::Receiver<Trouble>,
    accepted: Arc<AtomicUsize>,
) {
    let mut connections = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        let number = accepted.fetch_add(1, Ordering::Relaxed) + 1;
        let trouble = trouble.clone();
        connections.spawn(async move {
            if let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await {
                let (near_read, near_write) = near.into_split();
                let (far_read, far_write) = far.into_split();
                let mut half_close = trouble.clone();
                let answers = async {
                    tokio::select! {
                        () = pump(number, far_read, near_write, trouble.clone()) => {}
                        _ = half_close.wait_for(|trouble| number <= trouble.half_closed) => {}
                    }
                };
                let questions = pump(number, near_read, far_write, trouble.clone());
                tokio::join!(questions, answers);
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Copies until either side ends; the other end then sees the end of its stream.
async fn pump(
    number: usize,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut trouble: watch::Receiver<Trouble>,
) {
    let mut buffer = vec![0; 16_384];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        // An error means that the proxy is gone.
        let Ok(swallowed) = trouble
            .wait_for(|trouble| !trouble.hangs)
            .await
            .map(|trouble| trouble.swallowed)
        else {
            return;
        };
        if number > swallowed && to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
