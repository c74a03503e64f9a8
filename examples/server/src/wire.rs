//! What of the codec this server uses.

use crate::hub::Start;
use crate::id::Id;
use bytes::Bytes;
use sse_wire::{EncodeError, Event};
use std::time::Duration;

pub const RESPONSE: [(&str, &str); 3] = [
    ("content-type", sse_wire::http::MIME_TYPE),
    ("cache-control", "no-cache, no-transform"),
    ("x-accel-buffering", "no"),
];

pub const KEEP_ALIVE: Bytes = Bytes::from_static(b":\n\n");

pub const NO_EVENT: Bytes = Bytes::from_static(b": no event\n\n");

/// An event that anybody may have sent.
#[derive(Clone, Debug)]
pub struct Message(Event<'static>);

impl Message {
    pub fn new(event_type: Option<String>, data: String) -> Result<Self, EncodeError> {
        let event = Event::new(data);
        Ok(Self(match event_type {
            Some(event_type) => event.with_event_type(event_type)?,
            None => event,
        }))
    }

    pub fn event_type(&self) -> &str {
        self.0.event_type()
    }

    pub fn data(&self) -> &str {
        self.0.data()
    }

    pub fn encode(self, id: Id) -> Bytes {
        encode(self.0, id)
    }
}

/// The first event of a stream: where it starts, and how long to wait before a reconnect.
pub fn hello(start: Start, retry: Duration) -> Bytes {
    let event_type = if start.gap { "gap" } else { "hello" };
    let event = Event::new(start.after.to_string()).with_event_type(event_type);
    encode(event.expect("no line end").with_retry(retry), start.after)
}

fn encode(event: Event<'_>, id: Id) -> Bytes {
    let event = event.with_id(id.to_string()).expect("no line end");
    let mut bytes = Vec::with_capacity(event.encoded_len());
    event.encode(&mut bytes);
    bytes.into()
}
