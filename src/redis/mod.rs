//! All that knows Redis. It is a helper: PostgreSQL alone decides.

pub mod answer_store;
pub mod connection;
pub mod knowledge;
mod replication;
pub mod wallet_cache;
