//! The public names of sse-stream 0.2.6 on sse-wire. What both versions have is in the other one.

#![forbid(unsafe_code)]

#[path = "../../sse-stream/src/block.rs"]
mod block;
mod body;
#[path = "../../sse-stream/src/keep_alive.rs"]
mod keep_alive;
#[path = "../../sse-stream/src/stream.rs"]
mod stream;

pub use block::Sse;
pub use body::SseBody;
pub use keep_alive::{KeepAlive, NeverTimer, Timer};
pub use stream::{ByteStreamBody, SseStream};

use bytes::{Buf, Bytes};
use futures_util::Stream;
use sse_wire::{Event, EventId, EventType};
use std::num::ParseIntError;
use std::str::Utf8Error;
use std::time::Duration;
use thiserror::Error;

/// Why there are no more blocks.
#[derive(Debug, Error)]
pub enum Error {
    /// The body has failed, or a block is over the limit, which theirs does not have.
    #[error("body error: {0}")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Never: a line without a colon is a field without a value (R11), others are ignored (R17).
    #[error("invalid line")]
    InvalidLine,
    /// Never: the last one counts (R13).
    #[error("duplicated event line")]
    DuplicatedEventLine,
    /// Never: the last one counts (R15).
    #[error("duplicated id line")]
    DuplicatedIdLine,
    /// Never: the last one counts (R16).
    #[error("duplicated retry line")]
    DuplicatedRetry,
    /// Never: the specification requires that invalid UTF-8 is replaced (R5).
    #[error("utf8 parse error: {0}")]
    Utf8Parse(#[source] Utf8Error),
    /// Never: what is not only digits is ignored (R16).
    #[error("int parse error: {0}")]
    IntParse(#[source] ParseIntError),
}

/// The bytes of a block. An event type or id that the wire cannot carry is left out: theirs writes
/// it, and whoever chose it has written fields and events of their own.
impl From<Sse> for Bytes {
    fn from(block: Sse) -> Self {
        let mut event = block.data.map_or_else(Event::without_data, Event::new);
        if let Some(Ok(event_type)) = block.event.map(EventType::new) {
            event = event.with_event_type(event_type);
        }
        if let Some(Ok(id)) = block.id.map(EventId::new) {
            event = event.with_id(id);
        }
        if let Some(milliseconds) = block.retry {
            event = event.with_retry(Duration::from_millis(milliseconds));
        }
        event.to_bytes()
    }
}

impl KeepAlive {
    /// Sends this block during silence.
    pub fn event(self, block: Sse) -> Self {
        self.bytes(block.into())
    }
}

impl<S, D, E> SseStream<ByteStreamBody<S, D>>
where
    S: Stream<Item = Result<D, E>>,
    D: Buf,
{
    /// The former name of [`from_bytes_stream`](Self::from_bytes_stream).
    #[deprecated(since = "0.2.4", note = "use `from_bytes_stream`")]
    pub fn from_byte_stream(stream: S) -> Self {
        Self::from_bytes_stream(stream)
    }
}
