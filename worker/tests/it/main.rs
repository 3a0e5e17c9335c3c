//! The worker against real servers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asyncapi;
mod cache;
mod command_line;
mod consumers;
mod dead_letters;
mod fuzz;
mod holds;
mod lead;
mod metrics;
mod notifier;
mod outages;
mod package_files;
mod receiver;
mod relay;
mod relay_batches;
mod relay_floor;
mod relay_gone;
mod relay_refusals;
mod replay;
mod restore;
mod rights;
mod sessions;
mod stand;
mod tls;
mod topology;
mod webhooks;
mod webhooks_client;
mod webhooks_failures;
mod witness;
