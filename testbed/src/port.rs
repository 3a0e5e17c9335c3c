//! Ports on loopback.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpStream;

use crate::poll::poll;

/// Ports from here to the ephemeral range are for the tests' own servers.
const PORT_MIN: u32 = 30_700;
/// Below this no outgoing connection of anybody takes a port at random.
const PORT_MAX: u32 = 32_767;

static PORTS_TRIED: AtomicU32 = AtomicU32::new(0);
/// While this process lives, no other one gets its ports: the UDP port of the same number says that
/// it is taken.
static CLAIMS: Mutex<Vec<UdpSocket>> = Mutex::new(Vec::new());

/// A port on loopback on which nothing listens, another one at each call and in each process.
pub fn free_port() -> u16 {
    let range = PORT_MAX - PORT_MIN;
    // Processes start at different places, so that they rarely try the same port.
    let start = process::id().wrapping_mul(101) % range;
    (0..range)
        .find_map(|_| {
            let offset = (start + PORTS_TRIED.fetch_add(1, Ordering::Relaxed)) % range;
            let port = u16::try_from(PORT_MIN + offset).expect("the range is below 2^16");
            claim(port)
        })
        .expect("some port of the range is free")
}

fn claim(port: u16) -> Option<u16> {
    let address = (Ipv4Addr::LOCALHOST, port);
    let claim = UdpSocket::bind(address).ok()?;
    TcpListener::bind(address).ok()?;
    let mut claims = CLAIMS.lock().unwrap_or_else(PoisonError::into_inner);
    claims.push(claim);
    Some(port)
}

/// Waits until a program listens on a port of loopback.
///
/// # Errors
/// None does in time.
pub async fn await_listener(port: u16, deadline: Duration) -> Result<(), String> {
    let what = format!("port {port} answers");
    poll(deadline, &what, async || {
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()
    })
    .await
    .map(drop)
}
