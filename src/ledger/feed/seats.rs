//! How many readers may wait: each of them has a connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::base::metrics::Metrics;

/// Readers of a server that wait; a quarter of its connections.
pub const READERS_MAX: usize = 4_096;
/// Those that have the same key.
pub const READERS_OF_KEY_MAX: usize = 64;

/// Why a reader may not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoSeat {
    OfKey,
    OfServer,
}

/// Who waits.
pub struct Seats {
    taken: Mutex<Taken>,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_key: HashMap<Uuid, usize>,
}

/// The right to wait, until it is dropped.
pub struct Seat {
    seats: Arc<Seats>,
    key_id: Uuid,
}

impl Seats {
    /// All of them free.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            taken: Mutex::default(),
            metrics,
        }
    }

    /// A seat for the reader with a key.
    pub fn take(seats: &Arc<Self>, key_id: Uuid) -> Result<Seat, NoSeat> {
        let mut taken = seats.taken();
        if taken.all >= READERS_MAX {
            return Err(NoSeat::OfServer);
        }
        let of_key = taken.by_key.entry(key_id).or_default();
        if *of_key >= READERS_OF_KEY_MAX {
            return Err(NoSeat::OfKey);
        }
        *of_key += 1;
        taken.all += 1;
        drop(taken);
        seats.metrics.feed_readers(1);
        Ok(Seat {
            seats: Arc::clone(seats),
            key_id,
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        taken.all -= 1;
        if let Some(of_key) = taken.by_key.get_mut(&self.key_id) {
            *of_key -= 1;
            if *of_key == 0 {
                taken.by_key.remove(&self.key_id);
            }
        }
        drop(taken);
        self.seats.metrics.feed_readers(-1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_and_a_server_have_so_many_and_each_is_given_back() {
        let seats = Arc::new(Seats::new(Arc::new(Metrics::new())));
        let key = Uuid::from_u128(1);
        let of_key: Vec<_> = (0..READERS_OF_KEY_MAX)
            .map(|_| Seats::take(&seats, key).expect("a seat"))
            .collect();
        assert_eq!(Seats::take(&seats, key).err(), Some(NoSeat::OfKey));
        let others: Vec<_> = (0..READERS_MAX - READERS_OF_KEY_MAX)
            .map(|number| Seats::take(&seats, Uuid::from_u128(2 + number as u128)).expect("a seat"))
            .collect();
        let another = Uuid::from_u128(1 << 70);
        assert_eq!(Seats::take(&seats, another).err(), Some(NoSeat::OfServer));
        drop((of_key, others));
        let taken = seats.taken();
        assert_eq!((taken.all, taken.by_key.len()), (0, 0));
    }
}
