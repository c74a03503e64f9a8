//! A server with actix-web.

use crate::{events, every_15_seconds};
use actix_web::HttpResponse;
use sse_wire::headers;
use sse_wire::stream::{EncodeStream, KeepAlive};

/// The handler of a route.
pub async fn handler() -> HttpResponse {
    let mut response = HttpResponse::Ok();
    for header in headers::RESPONSE {
        response.insert_header(header);
    }
    response.streaming(KeepAlive::new(
        EncodeStream::new(events()),
        every_15_seconds(),
    ))
}
