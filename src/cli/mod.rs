//! The command line: one file a command, and their configuration.

pub mod config;
pub mod health;
pub mod keys;
pub mod verify;
