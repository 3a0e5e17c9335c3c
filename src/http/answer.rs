//! What handlers answer.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::Full;
use hyper::body::{Bytes, Frame, SizeHint};
use hyper::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
    RETRY_AFTER, WWW_AUTHENTICATE,
};
use hyper::{HeaderMap, Response, StatusCode};
use serde::Serialize;
use tokio::sync::mpsc;

use crate::http::problem::{Code, Problem};
use crate::http::render::to_json;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A status, headers and a body.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Body,
}

/// A body: ready, or told part by part, as long as there is a sender.
#[derive(Debug)]
pub enum Body {
    Whole(Full<Bytes>),
    Parts(mpsc::Receiver<Bytes>),
}

impl Body {
    /// None.
    pub fn empty() -> Self {
        Self::Whole(Full::default())
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(whole) => Pin::new(whole).poll_frame(context),
            Self::Parts(parts) => {
                let part = parts.poll_recv(context);
                part.map(|part| part.map(|part| Ok(Frame::data(part))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(whole) => whole.is_end_stream(),
            Self::Parts(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => whole.size_hint(),
            Self::Parts(_) => SizeHint::default(),
        }
    }
}

impl Answer {
    /// 200 with a JSON body.
    ///
    /// # Errors
    /// Those of `to_json`.
    pub fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self::json(StatusCode::OK, to_json(body)?))
    }

    /// 201 with a JSON body and the place of what was created.
    pub fn created(location: &str, body: impl Into<Bytes>) -> Self {
        let mut answer = Self::json(StatusCode::CREATED, body);
        let location = HeaderValue::from_str(location).expect("paths of routes and ids are ASCII");
        answer.headers.insert(LOCATION, location);
        answer
    }

    /// 302 to another place, which the body names too.
    ///
    /// # Errors
    /// Those of `to_json`.
    pub fn found(location: &'static str, body: &impl Serialize) -> Result<Self, Problem> {
        let answer = Self::json(StatusCode::FOUND, to_json(body)?);
        Ok(answer.with(LOCATION, HeaderValue::from_static(location)))
    }

    /// 204.
    pub fn no_content() -> Self {
        let mut answer = Self::json(StatusCode::NO_CONTENT, Bytes::new());
        answer.headers.remove(CONTENT_TYPE);
        answer
    }

    /// A JSON body that is ready.
    pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Self {
        // Balances and transfers belong to the caller, not to caches on the way.
        let mut answer = Self::bytes(JSON, body);
        answer.status = status;
        answer
            .headers
            .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
    }

    /// 200 with any body.
    pub fn bytes(content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type);
        Self {
            status: StatusCode::OK,
            headers,
            body: Body::Whole(Full::new(body.into())),
        }
    }

    /// A problem, for the request with this id.
    pub fn problem(problem: &Problem, request_id: &str) -> Self {
        let mut answer = Self::problem_json(problem.code.status(), problem.to_json(request_id));
        if let Some(seconds) = problem.code.retry_after_s() {
            answer
                .headers
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(allow) = problem.allow {
            answer
                .headers
                .insert(ALLOW, HeaderValue::from_static(allow));
        }
        if problem.code == Code::UnsupportedEncoding {
            // RFC 9110, section 15.5.16: the encodings that would have been taken.
            let none = HeaderValue::from_static("identity");
            answer.headers.insert(ACCEPT_ENCODING, none);
        }
        if let Some(challenge) = problem.challenge() {
            answer
                .headers
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        answer
    }

    /// A problem's body that is ready.
    pub fn problem_json(status: u16, body: impl Into<Bytes>) -> Self {
        let status = StatusCode::from_u16(status).expect("the table of problems has good statuses");
        let mut answer = Self::json(status, body);
        answer.headers.insert(CONTENT_TYPE, PROBLEM_JSON);
        answer
    }

    /// Marks the answer as one that was given before.
    pub fn replayed(mut self, is_replay: bool) -> Self {
        if is_replay {
            self.headers
                .insert(REPLAYED, HeaderValue::from_static("true"));
        }
        self
    }

    /// Adds a header.
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// As hyper wants it.
    pub fn into_response(self) -> Response<Body> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}
