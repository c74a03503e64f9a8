//! The public names of sse-stream 0.3.0 on sse-wire.

#![forbid(unsafe_code)]

mod block;
mod body;
mod error;
mod keep_alive;
mod stream;

pub use block::Sse;
pub use body::SseBody;
pub use error::{BodyError, EncodeError, Error};
pub use keep_alive::{KeepAlive, NeverTimer, Timer};
pub use stream::{ByteStreamBody, SseByteStream, SseStream};

use bytes::Bytes;
use sse_wire::{Event, EventId, EventType};
use std::time::Duration;

impl Sse {
    /// The bytes of this block. Its fields come in another order than theirs: the data is the last.
    pub fn encode(self) -> Result<Bytes, EncodeError> {
        let mut event = self.data.map_or_else(Event::without_data, Event::new);
        if let Some(event_type) = self.event {
            let event_type = EventType::new(event_type).map_err(|_| EncodeError::InvalidEvent)?;
            event = event.with_event_type(event_type);
        }
        if let Some(id) = self.id {
            event = event.with_id(EventId::new(id).map_err(|_| EncodeError::InvalidId)?);
        }
        if let Some(milliseconds) = self.retry {
            event = event.with_retry(Duration::from_millis(milliseconds));
        }
        Ok(event.to_bytes())
    }
}

impl TryFrom<Sse> for Bytes {
    type Error = EncodeError;

    fn try_from(block: Sse) -> Result<Self, EncodeError> {
        block.encode()
    }
}

impl KeepAlive {
    /// Sends this block during silence.
    pub fn event(self, block: Sse) -> Result<Self, EncodeError> {
        Ok(self.bytes(block.encode()?))
    }
}
