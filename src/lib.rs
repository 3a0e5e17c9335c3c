//! Remit: HTTP in, one SQL call, HTTP out. The money rules are the SQL functions under `sql/`.

pub mod environment;
pub mod postgres;
pub mod redis;
pub mod telemetry;
pub mod wallet_cache;
