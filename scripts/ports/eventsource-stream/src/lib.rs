//! The public names of eventsource-stream 0.2.3 on the decoder of sse-wire.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::string::{FromUtf8Error, String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use futures_core::stream::Stream;
use nom::error::{Error as NomError, ErrorKind};
use pin_project_lite::pin_project;
use sse_wire::{DecodeError, EventId, OwnedFeed};

/// Makes a stream of events from a stream of chunks.
pub trait Eventsource: Sized {
    /// The events of this stream.
    fn eventsource(self) -> EventStream<Self>;
}

impl<S, B, E> Eventsource for S
where
    S: Stream<Item = Result<B, E>>,
    B: AsRef<[u8]>,
{
    fn eventsource(self) -> EventStream<Self> {
        EventStream::new(self)
    }
}

/// An event; `id` is the last event ID, its own or an earlier one.
#[allow(missing_docs, reason = "the specification's terms")]
#[derive(Default, Debug, Eq, PartialEq, Clone)]
pub struct Event {
    pub event: String,
    pub data: String,
    pub id: String,
    pub retry: Option<Duration>,
}

impl From<sse_wire::Event<'_>> for Event {
    fn from(event: sse_wire::Event<'_>) -> Self {
        Self {
            event: event.event_type().to_string(),
            id: event.last_event_id().to_string(),
            retry: event.retry(),
            data: event.into_data().into_owned(),
        }
    }
}

pin_project! {
    /// The events of a stream of chunks.
    // Their type has no bound on `S`, so the chunk's type cannot be named here: chunks are copied.
    pub struct EventStream<S> {
        #[pin]
        body: S,
        feed: OwnedFeed<Vec<u8>>,
        ended: bool,
    }
}

impl<S> EventStream<S> {
    /// The events of a stream of chunks.
    pub fn new(body: S) -> Self {
        Self {
            body,
            feed: OwnedFeed::new(),
            ended: false,
        }
    }

    /// Sets the last event ID, unless an ID cannot be `id`: if it has a line end or a NUL.
    pub fn set_last_event_id(&mut self, id: impl Into<String>) {
        if let Ok(id) = EventId::new(id.into()) {
            let rest = self.feed.remaining().to_vec();
            let mut decoder = mem::take(&mut self.feed).into_decoder();
            decoder.set_last_event_id(id);
            self.feed = OwnedFeed::with_decoder(decoder);
            self.feed.push(rest);
        }
    }

    /// The last event ID.
    pub fn last_event_id(&self) -> &str {
        self.feed.decoder().last_event_id()
    }
}

impl<S, B, E> Stream for EventStream<S>
where
    S: Stream<Item = Result<B, E>>,
    B: AsRef<[u8]>,
{
    type Item = Result<Event, EventStreamError<E>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        loop {
            if let Some(found) = this.feed.advance() {
                let event = this.feed.event().map(Event::from).unwrap_or_default();
                return Poll::Ready(Some(found.map(|()| event).map_err(Into::into)));
            }
            if *this.ended {
                return Poll::Ready(None);
            }
            match ready!(this.body.as_mut().poll_next(cx)) {
                Some(Ok(chunk)) => drop(this.feed.push(chunk.as_ref().to_vec())),
                Some(Err(error)) => {
                    return Poll::Ready(Some(Err(EventStreamError::Transport(error))));
                }
                None => *this.ended = true,
            }
        }
    }
}

/// Why there is no event.
#[derive(Debug, PartialEq)]
pub enum EventStreamError<E> {
    /// Never: the specification requires that invalid UTF-8 is replaced.
    Utf8(FromUtf8Error),
    /// An event over the limit, which theirs does not have. The stream continues.
    Parser(NomError<String>),
    /// The stream of chunks has failed.
    Transport(E),
}

impl<E> From<DecodeError> for EventStreamError<E> {
    fn from(error: DecodeError) -> Self {
        Self::Parser(NomError::new(error.to_string(), ErrorKind::TooLarge))
    }
}

impl<E: fmt::Display> fmt::Display for EventStreamError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utf8(error) => write!(f, "UTF8 error: {error}"),
            Self::Parser(error) => write!(f, "Parse error: {error}"),
            Self::Transport(error) => write!(f, "Transport error: {error}"),
        }
    }
}

impl<E: fmt::Display + fmt::Debug + Send + Sync> core::error::Error for EventStreamError<E> {}
