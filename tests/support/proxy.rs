//! A TCP proxy that can be cut, to take one server away from one client.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Forwards connections on a port of its own to a port, both on loopback.
pub struct TcpProxy {
    pub port: u16,
    target: u16,
    listening: Mutex<Option<JoinHandle<()>>>,
}

impl TcpProxy {
    /// Starts forwarding.
    pub async fn start(target: u16) -> Self {
        let proxy = Self {
            port: super::free_port(),
            target,
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

    /// Forwards again.
    pub async fn resume(&self) {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let listener = TcpListener::bind(address).await.expect("the port is free");
        let task = tokio::spawn(forward(listener, self.target));
        if let Some(old) = self.listening().replace(task) {
            old.abort();
        }
    }

    fn listening(&self) -> std::sync::MutexGuard<'_, Option<JoinHandle<()>>> {
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

async fn forward(listener: TcpListener, target: u16) {
    let mut connections = JoinSet::new();
    while let Ok((mut near, _)) = listener.accept().await {
        connections.spawn(async move {
            if let Ok(mut far) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await {
                // Either side may end as it likes.
                let _ = copy_bidirectional(&mut near, &mut far).await;
            }
        });
        while connections.try_join_next().is_some() {}
    }
}
