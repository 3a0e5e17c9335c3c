//! The worker against real servers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../tests/support/mod.rs"]
mod support;
