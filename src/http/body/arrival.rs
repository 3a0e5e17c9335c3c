//! How a body arrives: as JSON, within its limits.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use tokio::time::timeout;

use crate::http::problem::{Code, Problem};

/// The same as nginx's `client_max_body_size`. Metadata of 4 KiB fits even with every character
/// escaped.
pub const BODY_BYTES_MAX: usize = 16_384;
/// The same of the routes that take many items: bulk and groups.
pub const BODY_OF_ITEMS_BYTES_MAX: usize = 1_048_576;
/// What is read of a body that is too large, beyond its limit.
const DRAINED_BYTES_MAX: usize = BODY_OF_ITEMS_BYTES_MAX;
/// How long a body may take to arrive: as long as a head. It is less than `server::REQUEST_MS_MAX`,
/// so that a slow client hears that it is slow. nginx sends a body when it has all of it.
const BODY_MS_MAX: u64 = 5_000;

/// Reads a JSON body within its limits.
pub(super) async fn read(
    headers: &HeaderMap,
    incoming: Incoming,
    bytes_max: usize,
) -> Result<Bytes, Problem> {
    check_media_type(headers)?;
    check_encoding(headers)?;
    let limit = Duration::from_millis(BODY_MS_MAX);
    let read = timeout(limit, take(incoming, bytes_max)).await;
    read.unwrap_or_else(|_| {
        let detail = "The request took too long to arrive.";
        Err(Problem::new(Code::RequestTimeout, detail))
    })
}

/// What arrives, up to so many bytes. Some more are taken and thrown away: a client that is still
/// sending when the connection ends would not see the answer.
async fn take(mut incoming: Incoming, bytes_max: usize) -> Result<Bytes, Problem> {
    let taken_max = bytes_max + DRAINED_BYTES_MAX;
    if incoming.size_hint().lower() > taken_max as u64 {
        return Err(too_large(bytes_max));
    }
    let (mut body, mut taken) = (Vec::new(), 0);
    while let Some(frame) = incoming.frame().await {
        let broken = |_| Problem::new(Code::MalformedJson, "The body broke off.");
        let Ok(data) = frame.map_err(broken)?.into_data() else {
            continue; // Trailers.
        };
        taken += data.len();
        if taken > taken_max {
            break;
        }
        if taken <= bytes_max {
            body.extend_from_slice(&data);
        }
    }
    if taken > bytes_max {
        return Err(too_large(bytes_max));
    }
    Ok(body.into())
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = value
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    if media_type.trim().eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(
        Code::UnsupportedMediaType,
        "Send the header Content-Type: application/json.",
    ))
}

/// Nobody decodes a body: what was compressed would be read as text, or let a small request become
/// a large one.
fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let mut values = headers.get_all(CONTENT_ENCODING).iter();
    if values.all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    Err(Problem::new(
        Code::UnsupportedEncoding,
        "Send the body as it is, without Content-Encoding.",
    ))
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(Code::BodyTooLarge, format!("Allowed: {bytes_max} bytes."))
}
