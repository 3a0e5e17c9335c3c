//! Metrics in the text format of OpenMetrics 1.0, which Prometheus reads: what the server's and the
//! worker's have in common.
//!
//! Labels are names from the code, never a client's words.

use std::fmt::Write;

use prometheus_client::encoding::text;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
pub use prometheus_client::registry::Registry;

/// The media type of what `encode` gives.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// So many labels, each with its value.
pub type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Everything that a program counts: a line says how, under which name, and what it means. Names
/// begin with the prefix.
#[macro_export]
#[doc(hidden)]
macro_rules! remit_metrics {
    ($prefix:literal; $($field:ident: $kind:ty = $new:expr, $name:literal, $help:literal;)*) => {
        /// Everything that is counted.
        pub struct Metrics {
            registry: $crate::base::open_metrics::Registry,
            $($field: $kind),*
        }

        impl Metrics {
            /// All at zero.
            pub fn new() -> Self {
                let metrics = Self {
                    registry: $crate::base::open_metrics::Registry::with_prefix($prefix),
                    $($field: $new),*
                };
                metrics.registered()
            }

            fn registered(mut self) -> Self {
                $(self.registry.register($name, $help, self.$field.clone());)*
                self
            }

            /// All metrics as text.
            pub fn encode(&self) -> String {
                $crate::base::open_metrics::encode(&self.registry)
            }
        }

        impl Default for Metrics {
            fn default() -> Self {
                Self::new()
            }
        }
    };
}

pub use remit_metrics as metrics;

/// From 0.25 ms to 8 s.
pub fn latency() -> Histogram {
    Histogram::new(exponential_buckets(0.000_25, 2.0, 16))
}

/// Sizes from 1 to 1,024.
pub fn sizes() -> Histogram {
    Histogram::new(exponential_buckets(1.0, 2.0, 11))
}

/// A size, to be observed.
pub fn size(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// All metrics of a registry as text.
pub fn encode(registry: &Registry) -> String {
    let mut all = String::new();
    if text::encode(&mut all, registry).is_err() {
        all.clear();
        let _ = writeln!(all, "# encoding failed");
    }
    all
}
