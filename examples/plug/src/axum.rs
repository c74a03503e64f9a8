//! A server with axum.

use crate::{events, every_15_seconds};
use axum::body::Body;
use axum::response::IntoResponse;
use sse_wire::headers;
use sse_wire::stream::{EncodeStream, KeepAlive};

/// The handler of a route.
pub async fn handler() -> impl IntoResponse {
    let body = KeepAlive::new(EncodeStream::new(events()), every_15_seconds());
    (headers::RESPONSE, Body::from_stream(body))
}
