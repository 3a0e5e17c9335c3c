//! HTTP: requests in, answers out. Every word that a client may hear is here.

pub mod access;
pub mod answer;
pub mod app;
pub mod body;
pub mod docs;
pub mod feed;
pub mod handlers;
pub mod idempotency_key;
pub mod item;
pub mod page;
pub mod problem;
pub mod readiness;
pub mod render;
pub mod route;
pub mod server;
pub mod stream;
pub mod trace;
