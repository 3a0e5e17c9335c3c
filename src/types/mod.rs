//! What is said of money in Rust: the mirrors of the SQL types, and ids as text.

mod ids;
mod mirrors;
mod secret;

pub use ids::*;
pub use mirrors::*;
pub use secret::*;
