//! A server and a client with hyper.

use crate::{events, every_15_seconds};
use bytes::Bytes;
use futures::TryStreamExt;
use http_body_util::{BodyDataStream, StreamBody};
use hyper::body::{Body, Frame, Incoming};
use hyper::{Request, Response};
use sse_wire::headers;
use sse_wire::stream::{EncodeStream, EventStream, KeepAlive};
use std::convert::Infallible;

/// The function of a service.
pub async fn service(
    _: Request<Incoming>,
) -> hyper::http::Result<Response<impl Body<Data = Bytes, Error = Infallible>>> {
    let body = KeepAlive::new(EncodeStream::new(events()), every_15_seconds());
    let mut response = Response::builder();
    for (name, value) in headers::RESPONSE {
        response = response.header(name, value);
    }
    response.body(StreamBody::new(body.map_ok(Frame::data)))
}

/// The data of all events in a response.
pub async fn client(response: Response<Incoming>) -> Vec<String> {
    let mut events = EventStream::new(BodyDataStream::new(response.into_body()));
    let mut seen = Vec::new();
    while let Some(event) = events.next_event().await {
        match event {
            Ok(event) => seen.push(event.data().to_owned()),
            Err(error) => eprintln!("{error}"),
        }
    }
    seen
}
