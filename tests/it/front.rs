//! nginx before a server of a test's own.

use testbed::http::Http;
use testbed::nginx::Nginx;
use testbed::proxy::Proxy;

use crate::stack::Stack;

/// nginx, a connection that can be cut, and a server. Dropped in this order.
pub struct Front {
    /// Through nginx.
    pub http: Http,
    pub nginx: Nginx,
    pub proxy: Proxy,
    pub stack: Stack,
}

impl Front {
    /// With a rate limit that no test reaches.
    pub async fn start() -> Self {
        Self::start_with("10000r/s", 10_000, |conf| conf).await
    }

    /// With these variables.
    pub async fn start_with_settings(settings: &[(&str, &str)]) -> Self {
        let stack = Stack::start().await;
        let proxy = Proxy::start(stack.server.port);
        let nginx = Nginx::start_with_settings(proxy.port, settings, |conf| conf).await;
        Self {
            http: Http::new(nginx.port),
            nginx,
            proxy,
            stack,
        }
    }

    /// With this rate limit and a changed configuration.
    pub async fn start_with(rate: &str, burst: u32, change: impl FnOnce(String) -> String) -> Self {
        let stack = Stack::start().await;
        let proxy = Proxy::start(stack.server.port);
        let nginx = Nginx::start_with(proxy.port, rate, burst, change).await;
        Self {
            http: Http::new(nginx.port),
            nginx,
            proxy,
            stack,
        }
    }
}
