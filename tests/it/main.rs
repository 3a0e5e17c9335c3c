//! The server against real PostgreSQL, Redis, RabbitMQ and nginx. Run by `make test`.
//!
//! Each test has a database, a Redis and a server process of its own.

mod entries;
#[allow(dead_code)]
mod http;
#[allow(dead_code)]
mod stack;
#[path = "../support/mod.rs"]
mod support;

mod transfers;
mod users;
mod wallets;
