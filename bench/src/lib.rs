//! Measures Remit beside its peers, in one run on one machine.

pub mod ask;
pub mod cell;
pub mod check;
pub mod cpu;
pub mod crowd;
pub mod growth;
pub mod held;
pub mod load;
pub mod measure;
pub mod open;
pub mod pgbench;
pub mod plan;
pub mod plot;
pub mod report;
pub mod results;
pub mod single;
pub mod stand;
pub mod target;
pub mod wire;
