//! Remit: HTTP in, one SQL call, HTTP out. The money rules are the SQL functions under `sql/`.
//!
//! The rooms, of which each uses only those below it: `ARCHITECTURE.md` walks one request through them.

pub mod cli;
pub mod http;
pub mod ledger;
pub mod redis;
pub mod sql;
pub mod types;

pub mod base;
