//! What the five test beds share: real servers, the project's programs, connections that can be
//! broken, and clients.
//!
//! Nothing here is the product's code. What a test of `tests/` cannot get ends it; chaos and bench
//! hear why.

pub mod cache;
pub mod cluster;
pub mod folder;
#[cfg(feature = "fuzz")]
pub mod fuzz;
pub mod http;
pub mod install;
pub mod management;
pub mod nginx;
pub mod options;
pub mod place;
pub mod poll;
pub mod pooler;
pub mod port;
pub mod postgres;
pub mod process;
pub mod program;
pub mod proxy;
pub mod rabbitmq;
pub mod redis;
pub mod server;
pub mod services;
pub mod session;
pub mod stranger;
pub mod tls;
pub mod words;
