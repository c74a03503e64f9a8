//! sse-wire in the place of the parser of eventsource-client 0.18.0.

use crate::error::{Error, Result};
use crate::response::Response;
use bytes::Bytes;
use sse_wire::{Decoder, Frame};
use std::collections::VecDeque;

#[derive(Debug, Eq, PartialEq)]
pub enum SSE {
    Connected(ConnectionDetails),
    Event(Event),
    Comment(String),
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConnectionDetails {
    response: Response,
}

impl ConnectionDetails {
    pub(crate) fn new(response: Response) -> Self {
        Self { response }
    }

    /// The response that began this connection.
    pub fn response(&self) -> &Response {
        &self.response
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    pub event_type: String,
    pub data: String,
    pub id: Option<String>,
    pub retry: Option<u64>,
}

impl From<sse_wire::Event<'_>> for Event {
    fn from(event: sse_wire::Event<'_>) -> Self {
        let id = event.last_event_id();
        Self {
            event_type: event.event_type().to_owned(),
            id: (!id.is_empty()).then(|| id.to_owned()),
            retry: event.retry().map(|time| time.as_millis() as u64),
            data: event.into_data().into_owned(),
        }
    }
}

pub struct EventParser {
    decoder: Decoder,
    ready: VecDeque<SSE>,
}

impl EventParser {
    pub fn new() -> Self {
        Self {
            decoder: Decoder::new(),
            ready: VecDeque::new(),
        }
    }

    pub fn was_processing(&self) -> bool {
        self.decoder.in_block() || !self.ready.is_empty()
    }

    pub fn get_event(&mut self) -> Option<SSE> {
        self.ready.pop_front()
    }

    pub fn process_bytes(&mut self, bytes: Bytes) -> Result<()> {
        let mut feed = self.decoder.feed(&bytes);
        while let Some(frame) = feed.next_frame() {
            match frame.map_err(|error| Error::InvalidLine(error.to_string()))? {
                Frame::Event(event) => self.ready.push_back(SSE::Event(event.into())),
                Frame::Comment(text) => self.ready.push_back(SSE::Comment(text.into_owned())),
                _ => {}
            }
        }
        Ok(())
    }
}
