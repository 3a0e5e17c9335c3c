//! HTTP: requests in, answers out. Every word that a client may hear is here.

pub mod access;
pub mod answer;
pub mod app;
pub mod bearer;
pub mod docs;
pub mod fields;
pub mod handlers;
pub mod idempotency_key;
pub mod problem;
pub mod readiness;
pub mod render;
pub mod request;
pub mod route;
pub mod server;
