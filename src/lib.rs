//! Remit: HTTP in, one SQL call, HTTP out. The money rules are the SQL functions under `sql/`.
//!
//! `ARCHITECTURE.md` walks one request through these modules.

pub mod access;
pub mod answer;
pub mod answer_store;
pub mod app;
pub mod config;
pub mod contract;
pub mod database;
pub mod docs;
pub mod environment;
pub mod fields;
pub mod gather;
pub mod handlers;
pub mod health;
pub mod idempotency;
pub mod keys;
pub mod keys_cli;
pub mod ledgers;
pub mod metrics;
pub mod migrate;
pub mod postgres;
pub mod problem;
pub mod pulse;
pub mod readiness;
pub mod redis;
pub mod request;
pub mod route;
pub mod runtime;
pub mod server;
pub mod telemetry;
pub mod tls;
pub mod transfers;
pub mod verify;
pub mod wallet_cache;
pub mod wallets;
