//! What the tests of both crates share: real servers, each test with a database, a virtual host and a
//! Redis of its own.
#![allow(dead_code, reason = "each test binary uses a part of this")]

pub mod cache;
pub mod cluster;
pub mod nginx;
pub mod owner;
pub mod poll;
pub mod postgres;
pub mod proxy;
pub mod rabbitmq;
pub mod redis;
pub mod tls;

use std::net::TcpListener;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// Ports from here to the ephemeral range are for the tests' own servers.
const PORT_MIN: u32 = 30_700;
/// Below this no outgoing connection of anybody takes a port at random.
const PORT_MAX: u32 = 32_767;

static PORTS_TAKEN: AtomicU32 = AtomicU32::new(0);

/// A variable that `make test` sets.
pub fn setting(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: these tests run under `make test`"))
}

/// A port on loopback on which nothing listens, another one at each call.
pub fn free_port() -> u16 {
    let range = PORT_MAX - PORT_MIN;
    // Processes start at different places, so that they rarely try the same port.
    let start = process::id().wrapping_mul(101) % range;
    (0..range)
        .find_map(|_| {
            let offset = (start + PORTS_TAKEN.fetch_add(1, Ordering::Relaxed)) % range;
            let port = u16::try_from(PORT_MIN + offset).expect("the range is below 2^16");
            TcpListener::bind(("127.0.0.1", port)).ok().map(|_| port)
        })
        .expect("some port of the range is free")
}
