//! Adapters for async streams, for any runtime. Feature `stream`.
//!
//! | adapter | from | to |
//! | --- | --- | --- |
//! | [`EventStream`] | the chunks of a response's body | events, lent or owned |
//! | [`FrameStream`] | the same | owned frames |
//! | [`EncodeStream`] | events, frames or encoded bytes | the chunks of a body |
//! | [`KeepAlive`] | the chunks of a body, and ticks | the same, with comments during silence |
//!
//! # A client
//!
//! A body is any stream of chunks that may fail: `bytes_stream()` of reqwest, `BodyDataStream` of
//! http-body-util, `ReaderStream` of tokio-util.
//!
//! ```
//! # use futures::{executor::block_on, stream};
//! use core::time::Duration;
//! use sse_wire::stream::{EventStream, StreamError};
//!
//! # let body = || stream::iter([Ok::<_, std::io::Error>("id: 1\ndata: hello\n\n")]);
//! # block_on(async {
//! let mut events = EventStream::new(body());
//! loop {
//!     while let Some(event) = events.next_event().await {
//!         match event {
//!             Ok(event) => println!("{}", event.data()),
//!             Err(StreamError::Decode(error)) => eprintln!("skipped: {error}"),
//!             Err(error) => eprintln!("lost the connection: {error}"),
//!         }
//!     }
//!     let wait = events.decoder().retry().unwrap_or(Duration::from_secs(3));
//!     let id = events.decoder().last_event_id(); // sent as `headers::LAST_EVENT_ID`
//! #   assert_eq!(id, "1");
//! #   break;
//!     events.reconnect(body());
//! }
//! # });
//! ```
//!
//! The chunks of a generic [`http_body::Body`](https://docs.rs/http-body) are [`bytes::Buf`], and may
//! be in several pieces. Make each one piece; one that is [`bytes::Bytes`] already is not copied:
//!
//! ```
//! # use futures::{executor::block_on, stream, TryStreamExt};
//! # use sse_wire::stream::EventStream;
//! use bytes::Buf;
//!
//! # let pieces = b"data: hel".chain(&b"lo\n\n"[..]);
//! # let body = stream::iter([Ok::<_, std::io::Error>(pieces)]);
//! let body = body.map_ok(|mut chunk| chunk.copy_to_bytes(chunk.remaining()));
//! let mut events = EventStream::new(body);
//! # let event = block_on(events.next_event()).unwrap()?;
//! # assert_eq!(event.data(), "hello");
//! # Ok::<(), sse_wire::stream::StreamError<std::io::Error>>(())
//! ```
//!
//! # A server
//!
//! The body of a response, in axum, actix-web, hyper or warp: events from any stream, and a comment
//! at each tick of any timer, unless something was sent.
//!
//! ```
//! # use futures::{executor::block_on_stream, stream};
//! use sse_wire::Event;
//! use sse_wire::stream::{EncodeStream, KeepAlive};
//!
//! let events = stream::iter(["hello", "world"]).map(Event::new);
//! # use futures::StreamExt;
//! # let every_15_seconds = stream::pending::<()>();
//! let body = KeepAlive::new(EncodeStream::new(events), every_15_seconds);
//! # let body: Vec<_> = block_on_stream(body).map(Result::unwrap).collect();
//! # assert_eq!(body, ["data: hello\n\ndata: world\n\n"]);
//! ```

mod encode_stream;
mod event_stream;
mod keep_alive;

pub use encode_stream::{Encodable, EncodeStream};
pub use event_stream::{EventStream, FrameStream};
pub use keep_alive::KeepAlive;

use crate::DecodeError;
use thiserror::Error;

/// Why an [`EventStream`] could not yield something.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StreamError<E> {
    /// Something was over the limit, and is skipped. The stream continues.
    #[error(transparent)]
    Decode(DecodeError),
    /// The body has failed: nothing follows, unless it is replaced by
    /// [`reconnect`](EventStream::reconnect).
    #[error(transparent)]
    Transport(E),
}
