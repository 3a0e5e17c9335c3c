//! A TCP proxy that can be cut or hang, to take one server away from one client.

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
    hangs: watch::Sender<bool>,
    accepted: Arc<AtomicUsize>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

impl TcpProxy {
    /// Starts forwarding.
    pub async fn start(target: u16) -> Self {
        let proxy = Self {
            port: super::free_port(),
            target,
            hangs: watch::channel(false).0,
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
        self.hangs.send_replace(true);
    }

    /// Forwards again.
    pub async fn resume(&self) {
        self.hangs.send_replace(false);
        if self.listening().is_none() {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
            let listener = TcpListener::bind(address).await.expect("the port is free");
            let (hangs, accepted) = (self.hangs.subscribe(), Arc::clone(&self.accepted));
            let task = tokio::spawn(forward(listener, self.target, hangs, accepted));
            self.listening().replace(task);
        }
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
    hangs: watch::Receiver<bool>,
    accepted: Arc<AtomicUsize>,
) {
    let mut connections = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        accepted.fetch_add(1, Ordering::Relaxed);
        let hangs = hangs.clone();
        connections.spawn(async move {
            if let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await {
                let (near_read, near_write) = near.into_split();
                let (far_read, far_write) = far.into_split();
                tokio::join!(
                    pump(near_read, far_write, hangs.clone()),
                    pump(far_read, near_write, hangs)
                );
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Copies until either side ends; the other end then sees the end of its stream.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut hangs: watch::Receiver<bool>) {
    let mut buffer = vec![0; 16_384];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        // An error means that the proxy is gone.
        if hangs.wait_for(|hangs| !*hangs).await.is_err()
            || to.write_all(&buffer[..length]).await.is_err()
        {
            return;
        }
    }
}
