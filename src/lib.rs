//! Remit: HTTP in, one SQL call, HTTP out. The money rules are the SQL functions under `sql/`.
//!
//! The rooms stand from the top down. Each uses only those below it; `redis` and `sql` do not use
//! each other. `ARCHITECTURE.md` draws them, and walks one request through them.

pub mod cli;
pub mod http;
pub mod ledger;
pub mod redis;
pub mod sql;
pub mod types;

pub mod base;
