//! The feed that owns its chunk, so that it can live in a struct.

use super::{Decoder, Ready};
use crate::text::{Alone, Together};
use crate::{DecodeError, Event, Frame};
use core::fmt;

/// A [`Decoder`] together with the chunk that it consumes: the core of an adapter for any
/// transport.
///
/// [`Feed`](super::Feed) borrows decoder and chunk, so it cannot be kept in a struct or across an
/// `await`. This one can. [`advance`](Self::advance) moves and lends nothing;
/// [`event`](Self::event) lends and moves nothing. So a wrapper may look at an event and continue.
///
/// ```
/// use sse_wire::{DecodeError, Event, OwnedFeed};
/// use std::io::{self, Read};
///
/// /// Lends the events of any reader.
/// struct Events<R> {
///     reader: R,
///     feed: OwnedFeed<Vec<u8>>,
/// }
///
/// impl<R: Read> Events<R> {
///     fn next(&mut self) -> io::Result<Option<Result<Event<'_>, DecodeError>>> {
///         loop {
///             match self.feed.advance() {
///                 Some(Ok(())) => return Ok(self.feed.event().map(Ok)),
///                 Some(Err(error)) => return Ok(Some(Err(error))),
///                 None => {}
///             }
///             let mut chunk = self.feed.take().unwrap_or_default();
///             chunk.resize(16 * 1024, 0);
///             let len = self.reader.read(&mut chunk)?;
///             if len == 0 {
///                 return Ok(None);
///             }
///             chunk.truncate(len);
///             self.feed.push(chunk);
///         }
///     }
/// }
///
/// let mut events = Events { reader: &b"data: 1\n\ndata: 2\n\n"[..], feed: OwnedFeed::new() };
/// let mut seen = vec![];
/// while let Some(event) = events.next()? {
///     seen.push(event.unwrap().data().to_owned());
/// }
/// assert_eq!(seen, ["1", "2"]);
/// # Ok::<(), io::Error>(())
/// ```
///
/// If the bytes of a chunk change between two calls, events may be wrong, but nothing panics.
#[derive(Clone)]
pub struct OwnedFeed<B> {
    chunk: Option<B>,
    finder: Finder,
}

/// All but the chunk, so that its code is compiled once, not for each type of chunk.
#[derive(Clone)]
struct Finder {
    decoder: Decoder,
    /// The chunk is consumed up to this place.
    at: usize,
    /// The result of the last call.
    ready: Option<Ready>,
}

impl<B> OwnedFeed<B> {
    /// A feed at the start of a stream, with a [new](Decoder::new) decoder.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_decoder(Decoder::new())
    }

    /// A feed that continues with a decoder: with its limit, its last event ID and its unfinished
    /// block.
    ///
    /// ```
    /// # use sse_wire::{Decoder, OwnedFeed};
    /// let decoder = Decoder::new().with_last_event_id(42);
    /// let feed: OwnedFeed<&[u8]> = OwnedFeed::with_decoder(decoder);
    /// assert_eq!(feed.decoder().last_event_id(), "42");
    /// ```
    #[must_use]
    pub const fn with_decoder(decoder: Decoder) -> Self {
        Self {
            chunk: None,
            finder: Finder {
                decoder,
                at: 0,
                ready: None,
            },
        }
    }

    /// The decoder: its last event ID and reconnection time are those after the last event or frame
    /// that was found.
    #[must_use]
    pub const fn decoder(&self) -> &Decoder {
        &self.finder.decoder
    }

    /// The decoder without the chunk. The rest of the chunk is lost.
    #[must_use]
    pub fn into_decoder(self) -> Decoder {
        self.finder.decoder
    }

    /// Prepares for a new connection as [`Decoder::reconnect`] does, and drops the chunk.
    pub fn reconnect(&mut self) {
        self.chunk = None;
        self.finder.start(&[]);
        self.finder.decoder.reconnect();
    }
}

impl<B: AsRef<[u8]>> OwnedFeed<B> {
    /// Provides the next chunk, and returns the last one.
    ///
    /// Call it when [`advance`](Self::advance) has returned `None`. If you call it earlier, the
    /// rest of the last chunk is lost.
    ///
    /// ```
    /// # use sse_wire::OwnedFeed;
    /// let mut feed = OwnedFeed::new();
    /// assert_eq!(feed.push("data: 1\n"), None);
    /// assert_eq!(feed.advance(), None);
    /// assert_eq!(feed.push("\n"), Some("data: 1\n"));
    /// assert_eq!(feed.advance(), Some(Ok(())));
    /// assert_eq!(feed.event().unwrap().data(), "1");
    /// ```
    pub fn push(&mut self, chunk: B) -> Option<B> {
        self.finder.start(chunk.as_ref());
        self.chunk.replace(chunk)
    }

    /// Takes the chunk out if it is consumed and lends nothing, to use its memory again.
    ///
    /// ```
    /// # use sse_wire::OwnedFeed;
    /// let mut feed = OwnedFeed::new();
    /// feed.push("data: 1\n\n");
    /// assert_eq!(feed.advance(), Some(Ok(())));
    /// assert_eq!(feed.take(), None);
    /// assert_eq!(feed.advance(), None);
    /// assert_eq!(feed.take(), Some("data: 1\n\n"));
    /// ```
    pub fn take(&mut self) -> Option<B> {
        if self.finder.ready.is_none() && self.remaining().is_empty() {
            self.chunk.take()
        } else {
            None
        }
    }

    /// Finds the next event that the chunk completes; `None` if it needs another chunk. After an
    /// error the next call continues.
    ///
    /// # Errors
    ///
    /// As [`Feed::next_event`](super::Feed::next_event).
    #[inline]
    pub fn advance(&mut self) -> Option<Result<(), DecodeError>> {
        self.find::<false>()
    }

    /// Finds the next frame, as [`Feed::next_frame`](super::Feed::next_frame) does.
    ///
    /// # Errors
    ///
    /// As [`Feed::next_frame`](super::Feed::next_frame).
    ///
    /// ```
    /// # use sse_wire::{Frame, OwnedFeed};
    /// let mut feed = OwnedFeed::new();
    /// feed.push(": ping\n");
    /// assert_eq!(feed.advance_frame(), Some(Ok(())));
    /// assert_eq!(feed.frame(), Some(Frame::Comment(" ping".into())));
    /// ```
    #[inline]
    pub fn advance_frame(&mut self) -> Option<Result<(), DecodeError>> {
        self.find::<true>()
    }

    /// Ends the stream, and finds the event that its end has cut off, as [`Decoder::finish`] does.
    ///
    /// ```
    /// # use sse_wire::OwnedFeed;
    /// let mut feed = OwnedFeed::new();
    /// feed.push("data: [DONE]\n");
    /// assert_eq!(feed.advance(), None);
    /// assert_eq!(feed.finish(), Some(Ok(())));
    /// assert_eq!(feed.event().unwrap().data(), "[DONE]");
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Decoder::finish`].
    pub fn finish(&mut self) -> Option<Result<(), DecodeError>> {
        self.chunk = None;
        self.finder.finish()
    }

    /// The event that the last call has found, as often as you like; `None` if it has found none.
    ///
    /// It allocates only for text that is not UTF-8.
    #[must_use]
    #[inline]
    pub fn event(&self) -> Option<Event<'_>> {
        let block = &self.finder.decoder.block;
        match self.finder.ready? {
            Ready::Event => Some(block.peek(self.chunk(), false)),
            Ready::CutOff => Some(block.peek(self.chunk(), true)),
            _ => None,
        }
    }

    /// The same at less cost. [`event`](Self::event) cannot change the decoder, so it has to check
    /// each text separately, and to allocate for text that is not UTF-8.
    ///
    /// ```
    /// # use sse_wire::OwnedFeed;
    /// let mut feed = OwnedFeed::new();
    /// feed.push("data: 1\n\n");
    /// assert_eq!(feed.advance(), Some(Ok(())));
    /// assert_eq!(feed.lend().unwrap().data(), "1");
    /// ```
    #[inline(always)]
    pub fn lend(&mut self) -> Option<Event<'_>> {
        let Some(Ready::Event) = self.finder.ready else {
            return self.event();
        };
        let chunk = bytes(self.chunk.as_ref());
        let mut texts = Together::up_to(self.finder.at);
        Some(self.finder.decoder.block.lend(chunk, &mut texts, true))
    }

    /// The frame that the last call has found, as often as you like; `None` if it has found none.
    #[must_use]
    pub fn frame(&self) -> Option<Frame<'_>> {
        Some(self.finder.decoder.peek(self.finder.ready?, self.chunk()))
    }

    /// The part of the chunk that is not consumed yet, as [`Feed::remaining`](super::Feed::remaining)
    /// returns it.
    #[must_use]
    pub fn remaining(&self) -> &[u8] {
        self.chunk().get(self.finder.at..).unwrap_or_default()
    }

    #[inline(always)]
    fn chunk(&self) -> &[u8] {
        bytes(self.chunk.as_ref())
    }

    #[inline(always)]
    pub(crate) fn find<const FRAMES: bool>(&mut self) -> Option<Result<(), DecodeError>> {
        self.finder.find::<FRAMES>(bytes(self.chunk.as_ref()))
    }

    /// Consumes a chunk where it is before it is stored: a chunk just moved costs 5 ns to read.
    #[cfg(feature = "stream")]
    #[inline(always)]
    pub(crate) fn push_and_find<const FRAMES: bool>(
        &mut self,
        chunk: B,
    ) -> Option<Result<(), DecodeError>> {
        self.finder.start(chunk.as_ref());
        let found = self.finder.find::<FRAMES>(chunk.as_ref());
        self.chunk = Some(chunk);
        found
    }
}

impl Finder {
    fn start(&mut self, chunk: &[u8]) {
        self.ready = None;
        self.at = self.decoder.lines.start_chunk(chunk);
    }

    #[inline(never)]
    fn find<const FRAMES: bool>(&mut self, chunk: &[u8]) -> Option<Result<(), DecodeError>> {
        self.at = self.at.min(chunk.len());
        let found = self
            .decoder
            .advance::<FRAMES>(chunk, &mut self.at, &mut Alone);
        self.found(found.transpose())
    }

    fn finish(&mut self) -> Option<Result<(), DecodeError>> {
        self.at = 0;
        let ended = self.decoder.end_of_stream();
        self.found(ended)
    }

    #[inline(always)]
    fn found(
        &mut self,
        found: Option<Result<Ready, DecodeError>>,
    ) -> Option<Result<(), DecodeError>> {
        self.ready = match found {
            Some(Ok(ready)) => Some(ready),
            _ => None,
        };
        found.map(|found| found.map(|_| ()))
    }
}

/// The bytes of a chunk, borrowed apart from the finder.
#[inline(always)]
fn bytes<B: AsRef<[u8]>>(chunk: Option<&B>) -> &[u8] {
    chunk.map_or(&[], B::as_ref)
}

impl<B> Default for OwnedFeed<B> {
    fn default() -> Self {
        Self::new()
    }
}

impl<B: AsRef<[u8]>> fmt::Debug for OwnedFeed<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedFeed")
            .field("decoder", &self.finder.decoder)
            .field("remaining", &self.remaining().len())
            .finish_non_exhaustive()
    }
}
