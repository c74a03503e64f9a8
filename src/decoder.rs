//! Fields to events (R3, R5, R7, R8, R13 to R21), in three parts:
//!
//! | part | what it does |
//! | --- | --- |
//! | [`feed`] | consumes one chunk, line by line, and lends the lines that are whole in it |
//! | [`cut`] | copies the pieces of a line that a chunk's end has cut |
//! | [`block`] | has the specification's buffers: what each field does to them, dispatch, the limit |
//!
//! [`cut`] could take every line; [`feed`] only saves copies. Both pass each value to the same
//! functions of the block, one for each rule. Nothing waits: a frame is returned with the byte that
//! completes it (R3).

mod block;
mod cut;
mod feed;
mod owned;

use crate::field;
use crate::line::Lines;
use crate::text::{self, Excerpt, Texts};
use crate::{DecodeError, Event, EventId, Field, Frame};
use block::Block;
use core::fmt;
use core::time::Duration;
use cut::Cut;

pub use feed::Feed;
pub use owned::OwnedFeed;

/// How many bytes one block may hold by default.
const DEFAULT_MAX_EVENT_SIZE: usize = 16 * 1024 * 1024;

/// The incremental decoder: bytes in, events out.
///
/// It consumes an event stream in chunks of any size and lends each event as soon as its last byte
/// is there. Chunk boundaries make no difference.
///
/// ```
/// use sse_wire::Decoder;
///
/// let mut decoder = Decoder::new();
/// let mut seen = vec![];
/// for chunk in ["data: hel", "lo\n", "\ndata: world\n\n"] {
///     let mut feed = decoder.feed(chunk.as_bytes());
///     while let Some(event) = feed.next_event() {
///         seen.push(event?.data().to_owned());
///     }
/// }
/// assert_eq!(seen, ["hello", "world"]);
/// # Ok::<(), sse_wire::DecodeError>(())
/// ```
///
/// # Memory
///
/// A new decoder owns no heap memory. It allocates only for text that the end of a chunk cuts, for
/// data of more than one line, for the last event ID and for text that is not UTF-8, and reuses that
/// memory. One block may hold [`max_event_size`](Self::max_event_size) bytes; the buffer for large
/// data grows by four, but to no more than that. A large buffer is kept while large events follow
/// one another. After a small event that was copied, or when a chunk ends between events, at most
/// 64 KiB are kept.
///
/// # Time
///
/// Linear in the number of bytes, however they are split into chunks.
#[derive(Clone)]
pub struct Decoder {
    lines: Lines,
    cut: Cut,
    block: Block,
}

/// A frame that is ready. It borrows nothing: a loop finds it, then the caller borrows the texts.
#[derive(Clone, Copy, Debug)]
enum Ready {
    Event,
    Undispatched,
    /// The event that the end of the stream has cut off.
    CutOff,
    /// A comment in the chunk, or else in the buffer of cut lines.
    Comment(Option<Span>),
    /// The line of a field with another name, likewise.
    Field(Option<Span>),
    /// In milliseconds.
    Retry(u64),
}

/// A part of a chunk, in bytes from its start.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: usize,
    end: usize,
}

impl Span {
    const EMPTY: Self = Self { start: 0, end: 0 };

    #[inline(always)]
    const fn len(self) -> usize {
        self.end - self.start
    }

    #[inline(always)]
    const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// If the chunk has changed, this gives another text, but never a panic.
    #[inline(always)]
    fn of(self, chunk: &[u8]) -> &[u8] {
        chunk.get(self.start..self.end).unwrap_or_default()
    }
}

impl Decoder {
    /// A decoder at the start of a stream, with a limit of 16 MiB for one block.
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// assert!(decoder.feed(b"data: hello\n\n").next_event().is_some());
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self {
            lines: Lines::new(),
            cut: Cut::new(),
            block: Block::new(DEFAULT_MAX_EVENT_SIZE),
        }
    }

    /// Sets how much one block may hold, in bytes: data with the line feeds that join its lines,
    /// event type, id, and the unfinished line. A comment or a field with another name must fit
    /// into what the block leaves of the limit.
    ///
    /// Bytes are counted as they come. Text that is not UTF-8 may be longer after replacement: up
    /// to three bytes for each byte.
    ///
    /// A block that holds more gives one [`DecodeError::EventTooLarge`] and is dropped, except for
    /// its id and reconnection time.
    ///
    /// ```
    /// # use sse_wire::{DecodeError, Decoder};
    /// let mut decoder = Decoder::new().with_max_event_size(5);
    /// let mut feed = decoder.feed(b"data: hello!\n\ndata: hello\n\n");
    /// assert!(matches!(feed.next_event(), Some(Err(DecodeError::EventTooLarge { limit: 5, .. }))));
    /// assert_eq!(feed.next_event().unwrap()?.data(), "hello");
    /// # Ok::<(), DecodeError>(())
    /// ```
    #[must_use]
    pub const fn with_max_event_size(mut self, bytes: usize) -> Self {
        self.block.set_limit(bytes);
        self
    }

    /// Sets the last event ID to begin with, for a stream that continues an earlier one.
    ///
    /// ```
    /// # use sse_wire::{Decoder, EventId};
    /// assert_eq!(Decoder::new().with_last_event_id(42).last_event_id(), "42");
    ///
    /// let stored = EventId::new("a-42")?;
    /// assert_eq!(Decoder::new().with_last_event_id(stored).last_event_id(), "a-42");
    /// # Ok::<(), sse_wire::InvalidText>(())
    /// ```
    #[must_use]
    pub fn with_last_event_id<'a>(mut self, id: impl Into<EventId<'a>>) -> Self {
        self.set_last_event_id(id);
        self
    }

    /// Sets the last event ID of a decoder that is in use.
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// decoder.set_last_event_id(42);
    /// assert_eq!(decoder.last_event_id(), "42");
    /// ```
    pub fn set_last_event_id<'a>(&mut self, id: impl Into<EventId<'a>>) {
        self.block.set_last_event_id(id.into().as_str());
    }

    /// Consumes the next chunk of the stream, event by event. An empty chunk is fine and does
    /// nothing.
    ///
    /// Call [`Feed::next_event`] or [`Feed::next_frame`] until it returns `None`: then the whole
    /// chunk is consumed. Nothing is consumed before the first call, except an LF that completes a
    /// CRLF from the previous chunk. If you drop the feed early, the rest of the chunk is not
    /// consumed: take it from [`remaining`](Feed::remaining) first, and feed it again.
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// let mut feed = decoder.feed(b"data: 1\n\ndata: 2\n\n");
    /// while let Some(event) = feed.next_event() {
    ///     println!("{}", event?.data());
    /// }
    /// # Ok::<(), sse_wire::DecodeError>(())
    /// ```
    #[inline]
    pub fn feed<'d, 'i>(&'d mut self, chunk: &'i [u8]) -> Feed<'d, 'i> {
        Feed::new(self, chunk)
    }

    /// Ends the stream, and returns the event that its end has cut off, if there is one with data.
    ///
    /// The specification discards it (R20), so most callers may ignore it; but many servers forget
    /// the last blank line. Here the end of the stream also ends the line and the block, so the last
    /// value may be incomplete: ask [`in_line`](Self::in_line) before. The event's id does not
    /// become the [`last_event_id`](Self::last_event_id), and an unfinished `retry` is ignored.
    ///
    /// Afterwards the decoder is as after [`reconnect`](Self::reconnect).
    ///
    /// # Errors
    ///
    /// [`DecodeError::EventTooLarge`] if only the stream's end shows that the event is over the
    /// limit.
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// assert_eq!(decoder.feed(b"id: 7\ndata: {\"answer\": \"fort").next_event(), None);
    /// assert!(decoder.in_line(), "the last line is not whole");
    /// assert_eq!(decoder.finish().unwrap()?.data(), "{\"answer\": \"fort");
    /// assert_eq!(decoder.last_event_id(), "");
    /// # Ok::<(), sse_wire::DecodeError>(())
    /// ```
    pub fn finish(&mut self) -> Option<Result<Event<'_>, DecodeError>> {
        match self.end_of_stream()? {
            Ok(_) => Some(Ok(self.block.peek(&[], true))),
            Err(error) => Some(Err(error)),
        }
    }

    /// Prepares for a new connection: drops everything partial and expects a byte order mark again,
    /// but keeps the last event ID and the reconnection time, as browsers do.
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// let mut feed = decoder.feed(b"id: 1\ndata: a\n\ndata: lost");
    /// while let Some(event) = feed.next_event() {}
    /// decoder.reconnect();
    /// assert_eq!(decoder.last_event_id(), "1");
    /// assert_eq!(decoder.feed(b"\n\n").next_event(), None);
    /// ```
    pub fn reconnect(&mut self) {
        self.block.discard();
        self.expect_stream();
    }

    /// Makes the decoder like a new one. Only [`max_event_size`](Self::max_event_size) stays.
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new().with_last_event_id(1);
    /// decoder.reset();
    /// assert_eq!(decoder.last_event_id(), "");
    /// ```
    pub fn reset(&mut self) {
        *self = Self::new().with_max_event_size(self.max_event_size());
    }

    /// The last event ID: what a client sends as `Last-Event-ID` when it reconnects, unless it is
    /// empty (R23).
    ///
    /// An id takes effect at the blank line that ends its block, even if the block dispatches
    /// nothing (R18).
    ///
    /// The peer chooses it. An HTTP library refuses control characters in a header's value, and
    /// white space at its ends is lost: see [`headers::LAST_EVENT_ID`](crate::headers::LAST_EVENT_ID).
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// assert_eq!(decoder.feed(b"id: 1\n\nid: 2\n").next_event(), None);
    /// assert_eq!(decoder.last_event_id(), "1");
    /// ```
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.block.last_event_id()
    }

    /// The reconnection time, if the stream has set one. It takes effect as soon as its line ends
    /// (R16).
    ///
    /// Until then, choose a few seconds (R25). The peer chooses the time, from 0 to `u64::MAX`
    /// milliseconds, which is 584 million years: set your own bounds.
    ///
    /// ```
    /// # use {core::time::Duration, sse_wire::Decoder};
    /// let mut decoder = Decoder::new();
    /// assert_eq!(decoder.feed(b"retry: 1500\n").next_event(), None);
    /// let wait = decoder.retry().unwrap_or(Duration::from_secs(3));
    /// assert_eq!(wait, Duration::from_millis(1500));
    /// let wait = wait.clamp(Duration::from_secs(1), Duration::from_secs(60));
    /// ```
    #[must_use]
    pub fn retry(&self) -> Option<Duration> {
        self.block.reconnection_time().map(Duration::from_millis)
    }

    /// The limit for one block, in bytes.
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// assert_eq!(Decoder::new().max_event_size(), 16 * 1024 * 1024);
    /// ```
    #[must_use]
    pub const fn max_event_size(&self) -> usize {
        self.block.limit()
    }

    /// How many bytes of an unfinished block the decoder holds.
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// assert_eq!(decoder.feed(b"data: hello").next_event(), None);
    /// assert_eq!(decoder.buffered(), 5);
    /// ```
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.block.buffered() + self.cut.buffered()
    }

    /// Whether the end of the stream here would cut something off: a line that has not ended, or a
    /// block with a field that waits for its blank line.
    ///
    /// [`buffered`](Self::buffered) does not show it: an empty `data` field takes no memory.
    /// Comments are not counted, nor fields whose value has no effect, such as an empty event type.
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// assert_eq!(decoder.feed(b"data\n").next_event(), None);
    /// assert!(decoder.in_block() && decoder.buffered() == 0);
    /// assert!(decoder.feed(b"\n: comment\n").next_event().is_some());
    /// ```
    #[must_use]
    pub fn in_block(&self) -> bool {
        self.in_line() || self.block.is_open()
    }

    /// Whether the stream so far ends in the middle of a line, so that its last value may be
    /// incomplete.
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// assert_eq!(decoder.feed(b"data: [DO").next_event(), None);
    /// assert!(decoder.in_line());
    /// assert_eq!(decoder.feed(b"NE]\n").next_event(), None);
    /// assert!(!decoder.in_line());
    /// ```
    #[must_use]
    pub fn in_line(&self) -> bool {
        self.cut.is_in_line()
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("last_event_id", &Excerpt(self.last_event_id()))
            .field("retry", &self.retry())
            .field("buffered", &self.buffered())
            .field("max_event_size", &self.max_event_size())
            .finish_non_exhaustive()
    }
}

/// For both kinds of feed.
impl Decoder {
    /// The frame that is ready.
    #[inline]
    fn frame<'a, 'c: 'a>(
        &'a mut self,
        ready: Ready,
        chunk: &'c [u8],
        texts: &mut impl Texts<'c>,
    ) -> Frame<'a> {
        match ready {
            Ready::Event => Frame::Event(self.block.lend(chunk, texts, true)),
            Ready::Undispatched => Frame::Undispatched(self.block.lend(chunk, texts, false)),
            _ => self.peek(ready, chunk),
        }
    }

    /// The same without changing the decoder. It allocates only for text that is not UTF-8.
    fn peek<'a>(&'a self, ready: Ready, chunk: &'a [u8]) -> Frame<'a> {
        let line = |span: Option<Span>| span.map_or(self.cut.value(), |span| span.of(chunk));
        match ready {
            Ready::Event => Frame::Event(self.block.peek(chunk, false)),
            Ready::Undispatched => Frame::Undispatched(self.block.peek(chunk, false)),
            Ready::CutOff => Frame::Event(self.block.peek(chunk, true)),
            Ready::Comment(span) => Frame::Comment(text::decode(line(span))),
            Ready::Field(span) => {
                let (name, value) = field::name_and_value(line(span));
                Frame::Field(Field::from_wire(text::decode(name), text::decode(value)))
            }
            Ready::Retry(milliseconds) => Frame::Retry(Duration::from_millis(milliseconds)),
        }
    }

    /// Ends the stream, and with it the line and the block.
    fn end_of_stream(&mut self) -> Option<Result<Ready, DecodeError>> {
        if self.block.has_ended() {
            self.block.begin();
        }
        let ended = self.cut.end_of_stream(&mut self.block);
        self.expect_stream();
        let cut_off = self.block.cut_off();
        match ended {
            Ok(()) => cut_off.map(Ok),
            Err(error) => Some(Err(error)),
        }
    }

    fn expect_stream(&mut self) {
        self.lines = Lines::new();
        self.cut.restart();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    #[test]
    fn any_thread_may_own_or_share_one() {
        fn assert_send_and_sync<T: Send + Sync>() {}
        assert_send_and_sync::<Decoder>();
        assert_send_and_sync::<Feed<'_, '_>>();
        assert_send_and_sync::<OwnedFeed<Vec<u8>>>();
        assert_send_and_sync::<Frame<'_>>();
    }

    #[test]
    fn debugging_shows_no_megabytes() {
        let id = EventId::new("\u{e9}".repeat(1 << 20)).expect("no line end, no NUL");
        let mut decoder = Decoder::new().with_last_event_id(id);
        let data = [b"data: ", &[b'x'; 1 << 20][..]].concat();
        let mut feed = decoder.feed(&data);
        assert!(format!("{feed:?}").len() < 500);
        assert_eq!(feed.next_event(), None);
        let shown = format!("{decoder:?}");
        assert!(shown.len() < 500, "{shown}");
        assert!(
            shown.contains("2097152 bytes") && shown.contains("buffered: 1048576"),
            "{shown}"
        );
    }

    /// The data of all events in a stream, and an empty text for each error.
    fn data(decoder: &mut Decoder, chunk: &[u8]) -> Vec<String> {
        let mut feed = decoder.feed(chunk);
        let mut seen = Vec::new();
        while let Some(event) = feed.next_event() {
            seen.push(event.map_or_else(|_| String::new(), |event| event.data().into()));
        }
        seen
    }

    #[test]
    fn an_event_that_is_too_large_takes_no_other_with_it() {
        let mut decoder = Decoder::new().with_max_event_size(5);
        let first = b"data: too large\n\ndata: 1\n\ndata: 2\n\n";
        assert_eq!(data(&mut decoder, first), ["", "1", "2"]);
        assert_eq!(data(&mut decoder, b"data: 4\n\n"), ["4"]);
    }

    #[test]
    fn what_is_replaced_gives_its_room_back() {
        let stream = b"event: aaaa\nid: bbbb\nevent: c\nid: d\ndata: 1234567\n\n";
        for size in [1, 2, 3, stream.len()] {
            for (limit, expected) in [(8, ""), (9, "1234567")] {
                let mut decoder = Decoder::new().with_max_event_size(limit);
                let chunks = stream.chunks(size);
                let seen: String = chunks.flat_map(|chunk| data(&mut decoder, chunk)).collect();
                assert_eq!(seen, expected, "{limit}, in chunks of {size}");
                assert_eq!(decoder.last_event_id(), "d");
            }
        }
    }

    #[test]
    fn what_has_no_effect_is_not_cut_off() {
        for (stream, in_block) in [
            (&b"event\n"[..], false),
            (b"event: a\nevent:\n", false),
            (b"event: a\n", true),
            (b"id: \0\nretry: x\n: comment\n", false),
            (b"data\n", true),
            (b"other\n", true),
            (b"data: a\n\n", false),
        ] {
            for size in [1, stream.len()] {
                let mut decoder = Decoder::new();
                stream
                    .chunks(size)
                    .for_each(|chunk| drop(data(&mut decoder, chunk)));
                assert_eq!(decoder.in_block(), in_block, "{}", stream.escape_ascii());
            }
        }
    }

    #[test]
    fn nothing_is_held_of_an_event_type_over_the_limit() {
        let stream = b"event: abcdef";
        for size in [1, 10, stream.len()] {
            let mut decoder = Decoder::new().with_max_event_size(5);
            let seen = stream
                .chunks(size)
                .flat_map(|chunk| data(&mut decoder, chunk))
                .count();
            assert_eq!((seen, decoder.buffered()), (1, 0), "in chunks of {size}");
        }
    }

    #[test]
    fn a_limit_may_be_lowered_below_what_is_held() {
        let mut decoder = Decoder::new();
        assert_eq!(decoder.feed(b"data: hello\ndata: ").next_event(), None);
        let mut decoder = decoder.with_max_event_size(3);
        assert_eq!(data(&mut decoder, b"x\n\ndata: abc\n\n"), ["", "abc"]);
    }
}
