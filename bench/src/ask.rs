//! What clients ask.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, Zipf};
use uuid::{Builder, Uuid};

/// Small, so that no wallet of a run is ever empty.
const AMOUNT_MAX: i64 = 100;
/// Reads among ten requests of the mix.
const MIX_READS: u32 = 9;

/// Which wallets take part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wallets {
    /// The first so many, all alike.
    Uniform(usize),
    /// The first of so many is in each transfer, as source and as target by turns.
    Hot(usize),
    /// The first so many, the nth one n times as seldom as the first.
    Zipf(usize),
}

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ask {
    /// `POST /transfers` with a new key.
    Transfer(Wallets),
    /// `POST /transfers/bulk` of so many items with new keys, among the first so many wallets.
    Bulk { size: usize, count: usize },
    /// `GET /wallets/{id}`, any of the first so many.
    Read(usize),
    /// `GET /wallets/{id}`, each wallet once.
    ReadOnce,
    /// Nine reads and a transfer, among the first so many.
    Mix(usize),
    /// `GET /healthz`.
    Health,
}

impl Ask {
    /// How many requests there are in one: the items of a bulk count.
    pub fn items(self) -> u64 {
        match self {
            Self::Bulk { size, .. } => size as u64,
            _ => 1,
        }
    }
}

/// What all clients of a load have in common.
pub struct Script {
    ask: Ask,
    ids: Arc<[Uuid]>,
    head: String,
    zipf: Option<Zipf<f64>>,
    next: AtomicUsize,
}

impl Script {
    /// Requests with this API key, about wallets with these ids.
    pub fn new(ask: Ask, ids: Arc<[Uuid]>, key: &str) -> Self {
        let zipf = match ask {
            Ask::Transfer(Wallets::Zipf(count)) => Zipf::new(count as f64, 1.0).ok(),
            _ => None,
        };
        Self {
            ask,
            ids,
            head: format!("Host: remit\r\nAuthorization: Bearer {key}\r\n"),
            zipf,
            next: AtomicUsize::new(0),
        }
    }
}

/// A client's own dice.
pub struct Asker {
    script: Arc<Script>,
    dice: SmallRng,
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Transfer,
    /// With so many items.
    Bulk(u64),
    Read,
}

impl Asker {
    /// A client of a script.
    pub fn new(script: Arc<Script>) -> Self {
        Self {
            script,
            // Anew in each run: keys must never come again.
            dice: SmallRng::from_os_rng(),
        }
    }

    /// Writes the next request in place of the last one. None: all has been asked.
    pub fn next(&mut self, request: &mut Vec<u8>) -> Option<Asked> {
        request.clear();
        match self.script.ask {
            Ask::Transfer(wallets) => {
                let (source, target) = self.pair(wallets);
                self.transfer(source, target, request);
                Some(Asked::Transfer)
            }
            Ask::Bulk { size, count } => {
                self.bulk(size, count, request);
                Some(Asked::Bulk(self.script.ask.items()))
            }
            Ask::Read(count) => {
                let wallet = self.dice.random_range(0..count);
                self.read(wallet, request);
                Some(Asked::Read)
            }
            Ask::ReadOnce => {
                let wallet = self.script.next.fetch_add(1, Ordering::Relaxed);
                (wallet < self.script.ids.len()).then(|| self.read(wallet, request))?;
                Some(Asked::Read)
            }
            Ask::Mix(count) => {
                if self.dice.random_ratio(MIX_READS, MIX_READS + 1) {
                    let wallet = self.dice.random_range(0..count);
                    self.read(wallet, request);
                    Some(Asked::Read)
                } else {
                    let (source, target) = self.pair(Wallets::Uniform(count));
                    self.transfer(source, target, request);
                    Some(Asked::Transfer)
                }
            }
            Ask::Health => {
                request.extend_from_slice(b"GET /healthz HTTP/1.1\r\nHost: remit\r\n\r\n");
                Some(Asked::Read)
            }
        }
    }

    fn read(&self, wallet: usize, request: &mut Vec<u8>) {
        let id = self.script.ids[wallet];
        write(
            request,
            format_args!("GET /wallets/{id} HTTP/1.1\r\n{}\r\n", self.script.head),
        );
    }

    /// Writes a transfer between the wallets of these numbers in place of the last request.
    pub fn transfer(&mut self, source: usize, target: usize, request: &mut Vec<u8>) {
        request.clear();
        let ids = &self.script.ids;
        let key = Builder::from_random_bytes(self.dice.random()).into_uuid();
        let amount = self.dice.random_range(1..=AMOUNT_MAX);
        let (source, target) = (ids[source], ids[target]);
        let body =
            format!(r#"{{"source_id":"{source}","target_id":"{target}","amount":{amount}}}"#);
        let head = &self.script.head;
        let length = body.len();
        write(
            request,
            format_args!(
                "POST /transfers HTTP/1.1\r\n{head}Idempotency-Key: {key}\r\n\
                 Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            ),
        );
    }

    fn bulk(&mut self, size: usize, count: usize, request: &mut Vec<u8>) {
        let mut body = br#"{"transfers":["#.to_vec();
        for place in 0..size {
            let (source, target) = self.pair(Wallets::Uniform(count));
            let (source, target) = (self.script.ids[source], self.script.ids[target]);
            let key = Builder::from_random_bytes(self.dice.random()).into_uuid();
            let amount = self.dice.random_range(1..=AMOUNT_MAX);
            let comma = if place == 0 { "" } else { "," };
            write(
                &mut body,
                format_args!(
                    r#"{comma}{{"id":"{key}","source_id":"{source}","target_id":"{target}","amount":{amount}}}"#
                ),
            );
        }
        body.extend_from_slice(b"]}");
        let (head, length) = (&self.script.head, body.len());
        write(
            request,
            format_args!(
                "POST /transfers/bulk HTTP/1.1\r\n{head}\
                 Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
            ),
        );
        request.append(&mut body);
    }

    /// A source and another wallet as its target.
    fn pair(&mut self, wallets: Wallets) -> (usize, usize) {
        match wallets {
            Wallets::Uniform(count) => {
                let source = self.dice.random_range(0..count);
                let other = self.dice.random_range(0..count - 1);
                (source, other + usize::from(other >= source))
            }
            Wallets::Hot(count) => {
                let other = self.dice.random_range(1..count);
                if self.dice.random() {
                    (0, other)
                } else {
                    (other, 0)
                }
            }
            Wallets::Zipf(_) => {
                let source = self.zipf();
                loop {
                    let target = self.zipf();
                    if target != source {
                        return (source, target);
                    }
                }
            }
        }
    }

    fn zipf(&mut self) -> usize {
        let zipf = self.script.zipf.as_ref();
        let rank = zipf.map_or(1.0, |zipf| zipf.sample(&mut self.dice));
        rank as usize - 1
    }
}

fn write(request: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    request
        .write_fmt(text)
        .expect("a vector takes everything that is written to it");
}
