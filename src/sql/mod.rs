//! All that knows PostgreSQL: connections, what may go wrong with them, and the contract.

pub mod contract;
pub mod database;
pub mod failure;
pub mod fault;
pub mod migrate;
pub mod patience;
pub mod places;
pub mod pools;
pub mod pulse;
pub mod session;
