//! What is said of money in Rust: the mirrors of the SQL types, and ids as text.

mod cache_state;
mod event;
mod ids;
mod mirrors;
mod secret;
mod standstill;
mod transfers;
mod webhook_secret;
mod webhooks;

pub use cache_state::*;
pub use event::*;
pub use ids::*;
pub use mirrors::*;
pub use secret::*;
pub use standstill::*;
pub use transfers::*;
pub use webhook_secret::*;
pub use webhooks::*;
