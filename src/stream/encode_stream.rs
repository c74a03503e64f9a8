//! Events to the bytes of a body.

use crate::{Encoder, Event, Frame};
use alloc::vec::Vec;
use bytes::Bytes;
use core::convert::Infallible;
use core::fmt;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::{FusedStream, Stream};
use pin_project_lite::pin_project;
use sealed::Encode;

/// A chunk that has this many bytes is full.
const FULL: usize = 16 * 1024;

pin_project! {
    /// The body of a response: encodes a stream of events, and puts all that are ready into one
    /// chunk.
    ///
    /// The items are events, frames or bytes that are encoded already, such as those that many
    /// subscribers share. Each may be wrapped in a `Result`: see [`Encodable`]. An error comes
    /// after the bytes of the items before it, and the stream continues.
    ///
    /// It never holds bytes back: it yields what is ready, even if that is one small event. A chunk
    /// of 16 KiB or more takes no more items.
    ///
    /// ```
    /// # use futures::{executor::block_on_stream, stream};
    /// use sse_wire::Event;
    /// use sse_wire::stream::EncodeStream;
    ///
    /// let events = stream::iter([Event::new("hello"), Event::new("world")]);
    /// let mut body = block_on_stream(EncodeStream::new(events));
    /// assert_eq!(body.next().unwrap().unwrap(), "data: hello\n\ndata: world\n\n");
    /// ```
    ///
    /// A gateway is
    ///
    /// ```
    /// # use futures::{executor::block_on_stream, stream};
    /// use sse_wire::stream::{EncodeStream, EventStream};
    ///
    /// # let upstream = stream::iter([Ok::<_, std::io::Error>("retry:5\r\ndata:hello\r\n\r\n")]);
    /// let body = EncodeStream::new(EventStream::new(upstream).frames());
    /// # assert_eq!(block_on_stream(body).next().unwrap().unwrap(), "retry: 5\ndata: hello\n\n");
    /// ```
    #[must_use = "streams do nothing unless polled"]
    pub struct EncodeStream<S>
    where
        S: Stream,
        S::Item: Encodable,
    {
        // `None` once it has ended.
        #[pin]
        items: Option<S>,
        encoder: Encoder,
        // The item that waits until the bytes before it are returned.
        held: Option<Result<Bytes, <S::Item as Encodable>::Error>>,
    }
}

impl<S: Stream<Item: Encodable>> EncodeStream<S> {
    /// Encodes the items of a stream.
    pub const fn new(items: S) -> Self {
        Self {
            items: Some(items),
            encoder: Encoder::new(),
            held: None,
        }
    }

    /// The stream of items, unless it has ended.
    #[must_use]
    pub const fn get_ref(&self) -> Option<&S> {
        self.items.as_ref()
    }

    /// The stream of items, unless it has ended.
    #[must_use]
    pub const fn get_mut(&mut self) -> Option<&mut S> {
        self.items.as_mut()
    }

    /// The stream of items, pinned, unless it has ended.
    #[must_use]
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Option<Pin<&mut S>> {
        self.project().items.as_pin_mut()
    }

    /// The stream of items, unless it has ended. An item that waits for its turn is lost.
    #[must_use]
    pub fn into_inner(self) -> Option<S> {
        self.items
    }
}

impl<S: Stream<Item: Encodable>> Stream for EncodeStream<S> {
    type Item = Result<Bytes, <S::Item as Encodable>::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        let mut chunk = Chunk::default();
        while chunk.len() < FULL && this.held.is_none() {
            let Some(items) = this.items.as_mut().as_pin_mut() else {
                break;
            };
            match items.poll_next(cx) {
                // Encoded where it is: an item just moved costs 5 ns to read.
                Poll::Ready(Some(ref item)) if item.encode(&mut chunk, this.encoder) => {}
                Poll::Ready(Some(item)) => match item.outside() {
                    Some(Ok(bytes)) if chunk.is_empty() => chunk.first = bytes,
                    outside => *this.held = outside,
                },
                Poll::Ready(None) => this.items.set(None),
                Poll::Pending if chunk.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready(match chunk.into_bytes() {
            Some(bytes) => Some(Ok(bytes)),
            None => this.held.take(),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.is_terminated().then_some(0))
    }
}

impl<S: Stream<Item: Encodable>> FusedStream for EncodeStream<S> {
    fn is_terminated(&self) -> bool {
        self.items.is_none() && self.held.is_none()
    }
}

impl<S: Stream<Item: Encodable> + fmt::Debug> fmt::Debug for EncodeStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodeStream")
            .field("items", &self.items)
            .finish_non_exhaustive()
    }
}

/// What an [`EncodeStream`] encodes: an [`Event`], a [`Frame`], [`Bytes`] of whole encoded events,
/// or a `Result` of one of these.
pub trait Encodable: Encode<Failure = Self::Error> {
    /// The error that may come in the place of an item; [`Infallible`] unless items are `Result`s.
    type Error;
}

impl<T: Encode> Encodable for T {
    type Error = T::Failure;
}

#[allow(
    unnameable_types,
    reason = "so that there are no other implementations"
)]
mod sealed {
    use super::Chunk;
    use crate::Encoder;
    use bytes::Bytes;

    pub trait Encode: Sized {
        type Failure;

        /// Appends to the chunk, unless the item had better be a chunk by itself.
        fn encode(&self, chunk: &mut Chunk, encoder: &mut Encoder) -> bool;

        /// What the stream yields instead, if it was not appended.
        fn outside(self) -> Option<Result<Bytes, Self::Failure>> {
            None
        }
    }
}

impl Encode for Event<'_> {
    type Failure = Infallible;

    #[inline(always)]
    fn encode(&self, chunk: &mut Chunk, encoder: &mut Encoder) -> bool {
        encoder.event(self, chunk.buffer(|| self.encoded_len()));
        true
    }
}

impl Encode for Frame<'_> {
    type Failure = Infallible;

    #[inline]
    fn encode(&self, chunk: &mut Chunk, encoder: &mut Encoder) -> bool {
        let buffer = chunk.buffer(|| match self {
            Frame::Event(event) | Frame::Undispatched(event) => event.encoded_len(),
            _ => 0,
        });
        encoder.frame(self, buffer);
        true
    }
}

impl Encode for Bytes {
    type Failure = Infallible;

    #[inline]
    fn encode(&self, chunk: &mut Chunk, _: &mut Encoder) -> bool {
        let joins = !chunk.is_empty() && self.len() < FULL;
        if joins {
            chunk.buffer(|| 0).extend_from_slice(self);
        }
        joins
    }

    fn outside(self) -> Option<Result<Bytes, Infallible>> {
        Some(Ok(self))
    }
}

impl<T: Encode<Failure = Infallible>, E> Encode for Result<T, E> {
    type Failure = E;

    #[inline]
    fn encode(&self, chunk: &mut Chunk, encoder: &mut Encoder) -> bool {
        self.as_ref().is_ok_and(|item| item.encode(chunk, encoder))
    }

    fn outside(self) -> Option<Result<Bytes, E>> {
        match self {
            Ok(item) => item
                .outside()
                .map(|bytes| bytes.map_err(|never| match never {})),
            Err(error) => Some(Err(error)),
        }
    }
}

/// The bytes of items that were ready at once.
#[derive(Debug, Default)]
#[allow(
    unreachable_pub,
    unnameable_types,
    reason = "seen by the sealed trait alone"
)]
pub struct Chunk {
    /// The bytes of the first item, if it came encoded and is alone: they are not copied.
    first: Bytes,
    // Faster to write to than a `BytesMut`.
    buffer: Vec<u8>,
}

impl Chunk {
    fn len(&self) -> usize {
        self.first.len() + self.buffer.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The buffer, for the next item: as large as the first one, since most are alone; for more, as
    /// large as a chunk.
    #[inline(always)]
    fn buffer(&mut self, first: impl FnOnce() -> usize) -> &mut Vec<u8> {
        if self.is_empty() {
            self.buffer.reserve(first());
        } else if self.buffer.capacity() < FULL {
            self.buffer.reserve(FULL);
        }
        if !self.first.is_empty() {
            self.buffer.extend_from_slice(&mem::take(&mut self.first));
        }
        &mut self.buffer
    }

    fn into_bytes(self) -> Option<Bytes> {
        let bytes = if self.buffer.is_empty() {
            self.first
        } else {
            self.buffer.into()
        };
        Some(bytes).filter(|bytes| !bytes.is_empty())
    }
}
