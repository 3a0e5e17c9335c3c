//! Breaks a private Remit under load, and checks that nothing was lost and nothing doubled.

#![forbid(unsafe_code)]

pub mod books;
pub mod check;
pub mod history;
pub mod model;
pub mod rule;
pub mod script;
pub mod world;
