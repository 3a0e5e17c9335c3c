//! What every program needs, whatever it is about.

pub mod clock;
pub mod environment;
pub mod metrics;
pub mod runtime;
pub mod telemetry;
pub mod tls;
