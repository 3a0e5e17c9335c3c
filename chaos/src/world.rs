//! The users and wallets that are there before the load begins, and where random numbers come from.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

const USERS: usize = 3;
const HOT_WALLETS: usize = 4;
const COLD_WALLETS: usize = 60;
/// Of the cold ones, so many are in another currency.
const FOREIGN_WALLETS: usize = 3;
const PROBE_WALLETS: usize = 2;

/// A generator for one purpose. Streams of one seed do not overlap.
pub fn rng(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// A random UUID of version 4.
pub fn uuid_of(rng: &mut ChaCha8Rng) -> Uuid {
    uuid::Builder::from_random_bytes(rng.random()).into_uuid()
}

/// A wallet as its client wants it. Its key is its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWallet {
    pub id: Uuid,
    pub user_id: Uuid,
    pub currency: &'static str,
    pub initial_balance: i64,
}

/// A user as its client wants it. Its key is its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    pub id: Uuid,
    pub name: String,
}

/// Everything here follows from the seed.
#[derive(Debug, Clone)]
pub struct World {
    pub users: Vec<Uuid>,
    /// Few, with much money: everybody uses them.
    pub hot: Vec<NewWallet>,
    /// Many, with little money, so that transfers are refused now and then.
    pub cold: Vec<NewWallet>,
    /// For the transfers that find out whether Remit works.
    pub probes: Vec<NewWallet>,
}

impl World {
    /// The world of a seed.
    pub fn new(seed: u64) -> Self {
        let mut rng = rng(seed, 0);
        let users: Vec<_> = (0..USERS).map(|_| uuid_of(&mut rng)).collect();
        let user_id = users[1];
        let mut wallets = |count: usize, foreign: usize, balances: std::ops::Range<i64>| {
            (0..count)
                .map(|place| NewWallet {
                    id: uuid_of(&mut rng),
                    user_id,
                    currency: if place < foreign { "USD" } else { "EUR" },
                    initial_balance: rng.random_range(balances.clone()),
                })
                .collect()
        };
        Self {
            hot: wallets(HOT_WALLETS, 0, 900_000..1_000_000),
            cold: wallets(COLD_WALLETS, FOREIGN_WALLETS, 0..3_000),
            probes: wallets(PROBE_WALLETS, 0, 900_000..1_000_000),
            users,
        }
    }

    /// All wallets.
    pub fn wallets(&self) -> impl Iterator<Item = &NewWallet> {
        self.hot.iter().chain(&self.cold).chain(&self.probes)
    }
}
