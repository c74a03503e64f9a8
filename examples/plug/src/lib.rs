//! `sse-wire` in about ten lines for each HTTP library. `tests/loopback.rs` runs all of them: each
//! server with each client.

pub mod actix;
pub mod axum;
pub mod framed;
pub mod hyper;
pub mod reqwest;

use futures::{Stream, stream};
use sse_wire::Event;
use std::time::Duration;
use tokio::time::interval;
use tokio_stream::wrappers::IntervalStream;

/// What the servers send.
pub fn events() -> impl Stream<Item = Event<'static>> + Send + 'static {
    let hello = Event::new("hello").with_id(1).with_retry(Duration::ZERO);
    stream::iter([hello, Event::new("two\nlines").with_id(2)])
}

/// After this much silence the servers send a comment.
pub fn every_15_seconds() -> IntervalStream {
    IntervalStream::new(interval(Duration::from_secs(15)))
}
