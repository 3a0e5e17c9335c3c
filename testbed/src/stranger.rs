//! A program that is not the one that is looked for at its port.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use crate::port::free_port;

/// What is said by another kind of server.
const BABBLE: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\r\n";

/// What it does with those who connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stranger {
    /// It accepts them and says nothing.
    Silent,
    /// It says what they cannot understand.
    Babbling,
    /// It closes the connection.
    Closing,
}

impl Stranger {
    /// One of each kind.
    pub const ALL: [Self; 3] = [Self::Silent, Self::Babbling, Self::Closing];

    /// Listens on a port of its own until the end of the test.
    pub fn listen(self) -> u16 {
        let port = free_port();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let listener = listener.expect("the port is free");
        thread::spawn(move || {
            let mut kept = Vec::new();
            for mut stream in listener.incoming().flatten() {
                if self == Self::Babbling {
                    // The other side may be gone.
                    let _ = stream.write_all(BABBLE);
                }
                if self != Self::Closing {
                    kept.push(stream);
                }
            }
        });
        port
    }
}
