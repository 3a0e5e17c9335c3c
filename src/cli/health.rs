//! `remit health`: asks a running server whether it is ready, for container health checks.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::base::complaint::{Complaint, with_causes};

const HEALTH_MS_MAX: u64 = 3_000;

/// Whether the server that listens there is ready.
///
/// # Errors
/// It is not, or does not answer.
pub async fn check(listen: SocketAddr) -> Result<(), Complaint> {
    let server = reachable(listen);
    let asking = timeout(Duration::from_millis(HEALTH_MS_MAX), ask(server));
    let fault = match asking.await {
        Ok(Ok(StatusCode::OK)) => return Ok(()),
        Ok(Ok(status)) => {
            let advice = format!("http://{server}/readyz names what is away");
            return Err(Complaint::new(
                format!("not ready: status {status}"),
                advice,
            ));
        }
        Ok(Err(error)) => with_causes(&*error),
        Err(_) => format!("no answer within {HEALTH_MS_MAX} ms"),
    };
    let advice = "see that `remit serve` runs, with the same REMIT_LISTEN";
    Err(Complaint::new(format!("asking {server}: {fault}"), advice))
}

/// A server that listens on every address is reached on loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

async fn ask(server: SocketAddr) -> Result<StatusCode, Box<dyn Error>> {
    let stream = TcpStream::connect(server).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get("/readyz").header("host", server.to_string());
    let response = sender
        .send_request(request.body(Empty::<Bytes>::new())?)
        .await?;
    Ok(response.status())
}
