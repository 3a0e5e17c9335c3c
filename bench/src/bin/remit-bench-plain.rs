//! The peer that gathers nothing: a plain hyper server that calls the textbook function once for
//! each request.
//!
//! It takes the same requests as Remit, and leaves out keys, replays, the cache and all checks but
//! the function's own.

use std::convert::Infallible;
use std::env;
use std::sync::Arc;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio_postgres::NoTls;
use uuid::Uuid;

/// Where the textbook function is fastest, as a rule.
const SESSIONS: usize = 32;

#[derive(Deserialize)]
struct Transfer {
    source_id: Uuid,
    target_id: Uuid,
    amount: i64,
}

// A thread for two cores, as Remit has.
#[tokio::main(worker_threads = 1)]
#[expect(clippy::disallowed_methods, reason = "this is no product")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = env::var("DATABASE_URL")?.parse()?;
    let settings = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = Manager::from_config(config, NoTls, settings);
    let pool = Arc::new(Pool::builder(manager).max_size(SESSIONS).build()?);
    let listener = TcpListener::bind(env::var("REMIT_LISTEN")?).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let pool = Arc::clone(&pool);
        let service = service_fn(move |request| {
            let pool = Arc::clone(&pool);
            async move { Ok::<_, Infallible>(respond(&pool, request).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn respond(pool: &Pool, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (status, body) = match transfer(pool, request).await {
        Ok(id) => (201, format!(r#"{{"id":"{id}"}}"#)),
        Err(error) => (500, error.to_string()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response
}

async fn transfer(
    pool: &Pool,
    request: Request<Incoming>,
) -> Result<Uuid, Box<dyn std::error::Error + Send + Sync>> {
    let key = request.headers().get("idempotency-key");
    let id: Uuid = key.ok_or("no key")?.to_str()?.parse()?;
    let body = request.into_body().collect().await?.to_bytes();
    let transfer: Transfer = serde_json::from_slice(&body)?;
    let client = pool.get().await?;
    let statement = client
        .prepare_cached("select textbook.transfer($1, $2, $3, $4)")
        .await?;
    client
        .execute(
            &statement,
            &[
                &id,
                &transfer.source_id,
                &transfer.target_id,
                &transfer.amount,
            ],
        )
        .await?;
    Ok(id)
}
