//! Remit: HTTP in, one SQL call, HTTP out. The money rules are the SQL functions under `sql/`.

pub mod contract;
pub mod environment;
pub mod migrate;
pub mod postgres;
pub mod redis;
pub mod telemetry;
pub mod wallet_cache;
