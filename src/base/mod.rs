//! What every program needs, whatever it is about.

pub mod clock;
pub mod command_line;
pub mod complaint;
pub mod environment;
pub mod metrics;
pub mod moment;
pub mod number;
pub mod open_metrics;
pub mod panics;
pub mod runtime;
pub mod signals;
pub mod telemetry;
pub mod tls;
pub mod version;
