//! The worker against real servers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cache;
mod command_line;
mod dead_letters;
mod fuzz;
#[path = "../../../tests/support/fuzz.rs"]
mod mutate;
mod notifier;
mod outages;
mod relay;
mod relay_batches;
mod relay_floor;
mod restore;
mod rights;
mod stand;
#[path = "../../../tests/support/mod.rs"]
mod support;
mod tls;
mod topology;
