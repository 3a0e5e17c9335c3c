//! The threads that the programs run on.

use std::io;
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Runtime};

/// Starts the runtime.
///
/// It has a thread for every second core. Most of the work is PostgreSQL's, and a small
/// installation runs PostgreSQL on the same cores. Threads that wake each other for every request
/// cost more than they help.
///
/// # Errors
/// The system refuses.
pub fn start() -> io::Result<Runtime> {
    let cores = available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread()
        .worker_threads(cores.div_ceil(2))
        .enable_all()
        .build()
}
