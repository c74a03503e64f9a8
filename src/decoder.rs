//! Fields to events: the specification's buffers, dispatch, limits, reconnecting (R7, R8, R13 to
//! R21).

use crate::event::{check_last_event_id, has_nul};
use crate::field::{self, COMMENT, DECISIVE, Digits, Name};
use crate::line::Lines;
use crate::text::{self, BOM, Window};
use crate::{DecodeError, EncodeError, Event};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::time::Duration;

/// What one block may hold unless the caller says otherwise, in bytes.
const DEFAULT_MAX_EVENT_SIZE: usize = 16 * 1024 * 1024;

/// The capacity that outlives an event, in bytes: of the data buffer, and of each of the four
/// others; 64 KiB together.
const KEPT_DATA: usize = 32_768;
const KEPT_OTHER: usize = 8192;

/// The incremental decoder: bytes in, events out.
///
/// It takes an event stream in chunks of any size and lends each event as soon as its last byte is
/// in. How the stream is cut into chunks cannot be observed.
///
/// ```
/// use sse_wire::Decoder;
///
/// let mut decoder = Decoder::new();
/// let mut seen = vec![];
/// for chunk in ["data: hel", "lo\n", "\ndata: world\n\n"] {
///     let mut feed = decoder.feed(chunk.as_bytes());
///     while let Some(event) = feed.next_event()? {
///         seen.push(event.data().to_owned());
///     }
/// }
/// assert_eq!(seen, ["hello", "world"]);
/// # Ok::<(), sse_wire::DecodeError>(())
/// ```
///
/// # Memory
///
/// A new decoder owns no heap memory. It allocates only for what a chunk's end cuts, for data of
/// more than one line, for the last event ID, and for text that is not UTF-8; the memory is used
/// again for later events. One block may hold [`max_event_size`](Self::max_event_size) bytes; the
/// buffer for large data grows by four, but to no more than that. What a large event needed serves
/// the next large one; once a small one was copied, or a chunk has ended between events, at most 64
/// KiB of capacity stay.
///
/// # Time
///
/// Linear in the number of bytes, however they are cut into chunks.
#[derive(Clone)]
pub struct Decoder {
    max_event_size: usize,
    /// The last event ID string: what a blank line has committed.
    last_event_id: String,
    /// The reconnection time, in milliseconds.
    retry: Option<u64>,

    /// Nothing was seen yet, but perhaps a part of a byte order mark.
    at_start: bool,
    lines: Lines,
    cut: Line,
    /// The value of the line that was cut, unless that is data.
    value: Vec<u8>,

    block: Block,
    /// The data buffer, less its last line feed. Empty while a single line of data lies whole in
    /// the chunk.
    data: Vec<u8>,
    /// The event type buffer. Empty while the event type lies whole in the chunk.
    event_type: String,
    /// The last event ID buffer. Empty while the id lies whole in the chunk.
    id: String,
    /// Text that had to be mended before it could be lent.
    mended: String,
}

/// What is known of the block between two blank lines, beside its texts.
#[derive(Clone, Copy)]
struct Block {
    /// What it holds of data with joining line feeds, event type and id, in bytes: never over the
    /// limit.
    size: usize,
    /// The reconnection time that it sets, if it does, in milliseconds.
    retry: u64,
    /// None of them means that there is nothing to do at its end.
    flags: u8,
}

/// It has data, perhaps empty.
const DATA: u8 = 1;
const ID: u8 = 1 << 1;
const RETRY: u8 = 1 << 2;
/// It was over the limit: only its ids and reconnection times count.
const TOO_LARGE: u8 = 1 << 3;
/// Something of it was copied to the decoder's buffers.
const COPIED: u8 = 1 << 4;
/// Something of it lies whole in the chunk, and was not copied.
const LENT: u8 = 1 << 5;
/// It is over. Its texts may be lent to the caller until the next call.
const ENDED: u8 = 1 << 7;

/// What is known of the line that a chunk's end has cut.
#[derive(Clone, Copy)]
// A tag of its own is told faster than one that hides in the digits'.
#[repr(u8)]
enum Line {
    /// No line was cut.
    Whole,
    /// Too few bytes came to tell what it is.
    Start(Start),
    /// The cut is in the value of this field.
    Value(Name),
    /// The cut is in the value of a `retry` field.
    Retry(Digits),
}

/// The first bytes of a line.
#[derive(Clone, Copy)]
struct Start {
    bytes: [u8; DECISIVE],
    len: u8,
}

impl Start {
    const NEW: Self = Self {
        bytes: [0; DECISIVE],
        len: 0,
    };

    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Takes bytes in as long as they may be needed. Returns how many those are.
    #[inline(always)]
    fn extend(&mut self, more: &[u8]) -> usize {
        let seen = usize::from(self.len);
        for (place, byte) in self.bytes[seen..].iter_mut().zip(more) {
            *place = *byte;
            self.len += 1;
        }
        usize::from(self.len) - seen
    }
}

impl Decoder {
    /// A decoder at the start of a stream, with a limit of 16 MiB for one event.
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// assert!(decoder.feed(b"data: hello\n\n").next_event()?.is_some());
    /// # Ok::<(), sse_wire::DecodeError>(())
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_event_size: DEFAULT_MAX_EVENT_SIZE,
            last_event_id: String::new(),
            retry: None,
            at_start: true,
            lines: Lines::new(),
            cut: Line::Start(Start::NEW),
            value: Vec::new(),
            block: Block::NEW,
            data: Vec::new(),
            event_type: String::new(),
            id: String::new(),
            mended: String::new(),
        }
    }

    /// Sets how much one block may hold, in bytes: data with the line feeds that join its lines,
    /// event type, id, and the value of the line that is being taken in. Comments are held to it as
    /// well; ignored fields are not stored.
    ///
    /// A block that holds more gives one [`DecodeError::EventTooLarge`] and is dropped.
    ///
    /// ```
    /// # use sse_wire::{DecodeError, Decoder};
    /// let mut decoder = Decoder::new().with_max_event_size(5);
    /// let mut feed = decoder.feed(b"data: hello!\n\ndata: hello\n\n");
    /// assert_eq!(feed.next_event(), Err(DecodeError::EventTooLarge { limit: 5 }));
    /// assert_eq!(feed.next_event()?.unwrap().data(), "hello");
    /// # Ok::<(), DecodeError>(())
    /// ```
    #[must_use]
    pub const fn with_max_event_size(mut self, bytes: usize) -> Self {
        self.max_event_size = bytes;
        self
    }

    /// Seeds the last event ID, for a stream that goes on from an earlier one.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] if the id has a CR, LF or NUL: it would be no valid `Last-Event-ID` (R24).
    ///
    /// ```
    /// # use sse_wire::{Decoder, EncodeError};
    /// assert_eq!(Decoder::new().with_last_event_id("42")?.last_event_id(), "42");
    /// # Ok::<(), EncodeError>(())
    /// ```
    pub fn with_last_event_id(mut self, id: &str) -> Result<Self, EncodeError> {
        check_last_event_id(id)?;
        replace(&mut self.last_event_id, id);
        Ok(self)
    }

    /// Takes in the next chunk of the stream, event by event. An empty one is fine and does
    /// nothing.
    ///
    /// Call [`Feed::next_event`] or [`Feed::next_frame`] until it returns `Ok(None)`: then the whole
    /// chunk is taken in. Before the first call nothing is, but an LF that belongs to a CR at the
    /// end of the chunk before. What a `Feed` that is dropped earlier has not taken in is its
    /// [`remaining`](Feed::remaining) part, and only that has to be fed again.
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// let mut feed = decoder.feed(b"data: 1\n\ndata: 2\n\n");
    /// while let Some(event) = feed.next_event()? {
    ///     println!("{}", event.data());
    /// }
    /// # Ok::<(), sse_wire::DecodeError>(())
    /// ```
    #[inline]
    pub fn feed<'d, 'i>(&'d mut self, chunk: &'i [u8]) -> Feed<'d, 'i> {
        let at = self.lines.start_chunk(chunk);
        Feed {
            decoder: self,
            chunk,
            at,
            window: Window::new(),
            lent: Lent::default(),
        }
    }

    /// Ends the stream, and hands over the event that its end has cut off, if there is one with
    /// data.
    ///
    /// The specification discards it (R20), so ignoring it is right for most; but many servers
    /// forget the last blank line. The end of the stream is taken for the end of a line and a block
    /// here, so a value may be incomplete. The event's id does not become the
    /// [`last_event_id`](Self::last_event_id), nor does an unfinished `retry` field act.
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
    /// assert_eq!(decoder.feed(b"id: 7\ndata: [DONE]").next_event()?, None);
    /// assert_eq!(decoder.finish()?.unwrap().data(), "[DONE]");
    /// assert_eq!(decoder.last_event_id(), "");
    /// # Ok::<(), sse_wire::DecodeError>(())
    /// ```
    pub fn finish(&mut self) -> Result<Option<Event<'_>>, DecodeError> {
        if self.block.has(ENDED) {
            self.clear_block();
        }
        let taken = self.extend_line::<false>(b"", true);
        if matches!(self.cut, Line::Retry(_)) {
            self.cut = Line::Whole;
        }
        let ended = self.end_line::<false>();
        self.expect_stream();
        self.block.set([ENDED, COPIED]);
        taken.and(ended)?;
        if !self.block.has(DATA) {
            return Ok(None);
        }
        let id = if self.block.has(ID) {
            &self.id
        } else {
            &self.last_event_id
        };
        let data = self
            .block
            .decode(&self.data, &mut self.mended, self.max_event_size)?;
        Ok(Some(self.block.event(&self.event_type, data, id)))
    }

    /// Prepares for a new connection: drops everything partial and expects a byte order mark again,
    /// but keeps the last event ID and the reconnection time, as browsers do.
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// let mut feed = decoder.feed(b"id: 1\ndata: a\n\ndata: lost");
    /// while let Some(event) = feed.next_event()? {}
    /// decoder.reconnect();
    /// assert_eq!(decoder.last_event_id(), "1");
    /// assert_eq!(decoder.feed(b"\n\n").next_event()?, None);
    /// # Ok::<(), sse_wire::DecodeError>(())
    /// ```
    pub fn reconnect(&mut self) {
        self.block.set([COPIED]);
        self.clear_block();
        self.trim();
        self.expect_stream();
    }

    /// Makes the decoder as good as new. Only [`max_event_size`](Self::max_event_size) stays.
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new().with_last_event_id("1")?;
    /// decoder.reset();
    /// assert_eq!(decoder.last_event_id(), "");
    /// # Ok::<(), sse_wire::EncodeError>(())
    /// ```
    pub fn reset(&mut self) {
        *self = Self::new().with_max_event_size(self.max_event_size);
    }

    /// The last event ID: what a client sends as `Last-Event-ID` when it reconnects, unless it is
    /// empty (R23).
    ///
    /// An id counts from the blank line behind it on, also where its block dispatches nothing
    /// (R18).
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// assert_eq!(decoder.feed(b"id: 1\n\nid: 2\n").next_event()?, None);
    /// assert_eq!(decoder.last_event_id(), "1");
    /// # Ok::<(), sse_wire::DecodeError>(())
    /// ```
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// The reconnection time that the stream has set, if it has: it counts from the end of its line
    /// on (R16).
    ///
    /// ```
    /// # use {core::time::Duration, sse_wire::Decoder};
    /// let mut decoder = Decoder::new();
    /// assert_eq!(decoder.feed(b"retry: 1500\n").next_event()?, None);
    /// assert_eq!(decoder.retry(), Some(Duration::from_millis(1500)));
    /// # Ok::<(), sse_wire::DecodeError>(())
    /// ```
    #[must_use]
    pub fn retry(&self) -> Option<Duration> {
        self.retry.map(Duration::from_millis)
    }

    /// The limit for one block, in bytes.
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// assert_eq!(Decoder::new().max_event_size(), 16 * 1024 * 1024);
    /// ```
    #[must_use]
    pub const fn max_event_size(&self) -> usize {
        self.max_event_size
    }

    /// How many bytes of an unfinished block the decoder holds.
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// assert_eq!(decoder.feed(b"data: hello").next_event()?, None);
    /// assert_eq!(decoder.buffered(), 5);
    /// # Ok::<(), sse_wire::DecodeError>(())
    /// ```
    #[must_use]
    pub fn buffered(&self) -> usize {
        if self.block.has(ENDED) {
            return 0;
        }
        let line = match self.cut {
            Line::Start(start) => start.bytes().len(),
            Line::Value(Name::EventType | Name::Id | Name::Comment) => self.value.len(),
            Line::Value(_) | Line::Whole | Line::Retry(_) => 0,
        };
        self.data.len() + self.event_type.len() + self.id.len() + line
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
            .field("last_event_id", &Excerpt(&self.last_event_id))
            .field("retry", &self.retry())
            .field("buffered", &self.buffered())
            .field("max_event_size", &self.max_event_size)
            .finish_non_exhaustive()
    }
}

/// One chunk on its way into a [`Decoder`]: lends the events that it completes.
///
/// An event borrows from the chunk where its texts lie whole in it, else from the decoder, until
/// the next call.
pub struct Feed<'d, 'i> {
    decoder: &'d mut Decoder,
    chunk: &'i [u8],
    /// What stands before this place is taken in.
    at: usize,
    window: Window<'i>,
    lent: Lent<'i>,
}

/// The texts of the block that lie whole in the chunk and need no copy.
#[derive(Clone, Copy, Default)]
struct Lent<'i> {
    /// Checked for UTF-8 only when it is handed over: more data may follow, and then it is copied
    /// after all.
    data: Option<Span>,
    event_type: Option<&'i str>,
    id: Option<&'i str>,
}

/// A part of a chunk, in bytes from its start.
#[derive(Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
}

impl Span {
    #[inline(always)]
    fn of(self, chunk: &[u8]) -> &[u8] {
        &chunk[self.start..self.end]
    }
}

/// What is ready to be handed over: plain data, so that it can be found in a loop and borrowed
/// behind it.
#[derive(Clone, Copy)]
enum Ready {
    Event,
    /// A comment in the chunk, or else in the decoder's value buffer.
    Comment(Option<Span>),
    Retry(u64),
}

/// Something that a stream says, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame<'a> {
    /// A block with data has ended.
    Event(Event<'a>),
    /// A comment line: everything behind its colon, untouched (R9).
    Comment(&'a str),
    /// A line has set the reconnection time. [`Event::retry`] repeats it where the block becomes an
    /// event.
    Retry(Duration),
}

impl<'i> Feed<'_, 'i> {
    /// The next event that this chunk completes; `Ok(None)` once the whole chunk is taken in.
    ///
    /// # Errors
    ///
    /// [`DecodeError::EventTooLarge`], once for each block over the limit. The next call goes on
    /// behind it.
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// let mut feed = decoder.feed(b"event: tick\ndata: 1\n\n: a comment\n");
    /// let event = feed.next_event()?.unwrap();
    /// assert_eq!((event.event_type(), event.data()), ("tick", "1"));
    /// assert_eq!(feed.next_event()?, None);
    /// # Ok::<(), sse_wire::DecodeError>(())
    /// ```
    // As a call of its own, it would hand the event over through memory: 5 ns more for each.
    #[inline(always)]
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>, DecodeError> {
        match self.advance::<false>()? {
            Some(_) => self.event().map(Some),
            None => Ok(None),
        }
    }

    /// Like [`next_event`](Self::next_event), but with comments and changes of the reconnection
    /// time as well, in the order of the stream.
    ///
    /// The two may be mixed. A comment that began while only events were asked for may be left out.
    ///
    /// # Errors
    ///
    /// As [`next_event`](Self::next_event), and [`DecodeError::CommentTooLarge`] for a comment over
    /// the limit.
    ///
    /// ```
    /// # use sse_wire::{Decoder, Event, Frame};
    /// let mut decoder = Decoder::new();
    /// let mut feed = decoder.feed(b": ping\ndata: 1\n\n");
    /// assert_eq!(feed.next_frame()?, Some(Frame::Comment(" ping")));
    /// assert_eq!(feed.next_frame()?, Some(Frame::Event(Event::new("1"))));
    /// assert_eq!(feed.next_frame()?, None);
    /// # Ok::<(), sse_wire::DecodeError>(())
    /// ```
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, DecodeError> {
        Ok(match self.advance::<true>()? {
            None => None,
            Some(Ready::Event) => Some(Frame::Event(self.event()?)),
            Some(Ready::Comment(span)) => Some(Frame::Comment(self.comment(span)?)),
            Some(Ready::Retry(retry)) => Some(Frame::Retry(Duration::from_millis(retry))),
        })
    }

    /// The part of the chunk that is not taken in yet: everything before it need not be fed again.
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// let mut feed = decoder.feed(b"data: 1\n\ndata: 2\n\n");
    /// feed.next_event()?;
    /// assert_eq!(feed.remaining(), b"data: 2\n\n");
    /// # Ok::<(), sse_wire::DecodeError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn remaining(&self) -> &'i [u8] {
        &self.chunk[self.at..]
    }

    /// Takes bytes in until something is ready; what the block has by then outlives the feed.
    #[inline(always)]
    fn advance<const FRAMES: bool>(&mut self) -> Result<Option<Ready>, DecodeError> {
        if self.decoder.block.has(ENDED) {
            self.begin_block();
        }
        if self.is_all_taken_in() {
            return Ok(None);
        }
        if !matches!(self.decoder.cut, Line::Whole) {
            let ready = self.take_rest_of_line::<FRAMES>();
            if !matches!(ready, Ok(None)) || self.is_all_taken_in() {
                return ready;
            }
        }
        if !FRAMES && Lines::may_skip(self.chunk, self.at, COMMENT) && self.decoder.block.flags == 0
        {
            self.at = self.decoder.lines.skip(self.chunk, self.at, COMMENT);
            if self.is_all_taken_in() {
                return Ok(None);
            }
        }
        let ready = self.take_lines::<FRAMES>();
        if !matches!(ready, Ok(Some(Ready::Event))) {
            self.settle();
        }
        ready
    }

    #[inline(always)]
    fn take_lines<const FRAMES: bool>(&mut self) -> Result<Option<Ready>, DecodeError> {
        let mut start = self.at;
        while let Some(line) = self.decoder.lines.next(self.chunk, start) {
            self.at = line.next;
            let ready = if start == line.end {
                self.end_block()
            } else {
                self.take_line::<FRAMES>(Span {
                    start,
                    end: line.end,
                })?
            };
            if ready.is_some() {
                return Ok(ready);
            }
            start = line.next;
        }
        if !self.is_all_taken_in() {
            self.take_start_of_line::<FRAMES>()?;
        }
        Ok(None)
    }

    /// R8, R18: a blank line dispatches.
    #[inline(always)]
    fn end_block(&mut self) -> Option<Ready> {
        let decoder = &mut *self.decoder;
        if decoder.block.flags == 0 {
            return None;
        }
        if decoder.block.has(ID) {
            match self.lent.id {
                Some(id) => replace(&mut decoder.last_event_id, id),
                None => mem::swap(&mut decoder.last_event_id, &mut decoder.id),
            }
        }
        if decoder.block.has(DATA) {
            decoder.block.set([ENDED]);
            return Some(Ready::Event);
        }
        self.begin_block();
        None
    }

    /// A line that lies whole in the chunk and is not blank.
    #[inline(always)]
    fn take_line<const FRAMES: bool>(&mut self, line: Span) -> Result<Option<Ready>, DecodeError> {
        let (name, value) = field::split(&self.chunk[line.start..line.end]);
        let value = Span {
            start: line.start + value,
            end: line.end,
        };
        let size = value.end - value.start;
        let decoder = &mut *self.decoder;
        let fits = decoder.has_room(size);
        let block = &mut decoder.block;
        match name {
            Name::Data if fits && !block.has(DATA) && !block.has(TOO_LARGE) => {
                block.set([DATA, LENT]);
                block.size += size;
                self.lent.data = Some(value);
            }
            Name::Data if block.has(DATA) => {
                self.settle();
                self.decoder.join_data(value.of(self.chunk))?;
            }
            Name::EventType if fits && !block.has(TOO_LARGE) => {
                let Some(text) = self.window.lend(self.chunk, value.start, value.end) else {
                    return self.copy_line::<FRAMES>(line);
                };
                let old = self.lent.event_type.unwrap_or(&decoder.event_type).len();
                block.set([LENT]);
                block.size = block.size - old + size;
                self.lent.event_type = Some(text);
            }
            Name::Id if fits => {
                let Some(text) = self.window.lend(self.chunk, value.start, value.end) else {
                    return self.copy_line::<FRAMES>(line);
                };
                if !has_nul(text.as_bytes()) {
                    let old = self.lent.id.unwrap_or(&decoder.id).len();
                    block.set([ID, LENT]);
                    block.size = block.size - old + size;
                    self.lent.id = Some(text);
                }
            }
            Name::Retry => {
                let digits = Digits::default().push(value.of(self.chunk));
                return Ok(decoder.set_retry::<FRAMES>(digits));
            }
            Name::Comment if !FRAMES => {}
            Name::Comment if fits => return Ok(Some(Ready::Comment(Some(value)))),
            Name::Unknown => {}
            _ => return self.copy_line::<FRAMES>(line),
        }
        Ok(None)
    }

    /// A line that cannot be lent: it is not UTF-8, or does not fit.
    #[cold]
    fn copy_line<const FRAMES: bool>(&mut self, line: Span) -> Result<Option<Ready>, DecodeError> {
        self.settle();
        let line = &self.chunk[line.start..line.end];
        let taken = self.decoder.begin_line::<FRAMES>(line);
        let ready = self.decoder.end_line::<FRAMES>();
        taken.and(ready)
    }

    /// Goes on with the line that the end of an earlier chunk has cut.
    #[inline(never)]
    fn take_rest_of_line<const FRAMES: bool>(&mut self) -> Result<Option<Ready>, DecodeError> {
        if self.decoder.at_start {
            self.at += self.decoder.strip_bom(self.chunk);
            if self.at == self.chunk.len() || matches!(self.decoder.cut, Line::Whole) {
                return Ok(None);
            }
        }
        let line = self.decoder.lines.next(self.chunk, self.at);
        let end = line.map_or(self.chunk.len(), |line| line.end);
        let rest = &self.chunk[self.at..end];
        self.at = line.map_or(end, |line| line.next);
        let taken = self.decoder.extend_line::<FRAMES>(rest, line.is_some());
        let ready = if line.is_some() {
            self.decoder.end_line::<FRAMES>()
        } else {
            Ok(None)
        };
        taken.and(ready)
    }

    /// Whether the chunk is at its end, where memory is given back.
    #[inline(always)]
    fn is_all_taken_in(&mut self) -> bool {
        let is_all = self.at == self.chunk.len();
        if is_all {
            self.decoder.trim();
        }
        is_all
    }

    /// Takes in what the end of this chunk has cut.
    #[inline(never)]
    fn take_start_of_line<const FRAMES: bool>(&mut self) -> Result<(), DecodeError> {
        let start = mem::replace(&mut self.at, self.chunk.len());
        self.settle();
        let start = &self.chunk[start..];
        if field::is_decisive(start) {
            self.decoder.begin_line::<FRAMES>(start)
        } else {
            self.decoder.cut = Line::Start(Start::NEW);
            self.decoder.extend_line::<FRAMES>(start, false)
        }
    }

    /// Lets nothing of the block depend on the chunk any more.
    #[inline(always)]
    fn settle(&mut self) {
        if self.decoder.block.has(LENT) {
            self.copy_lent();
        }
    }

    #[inline(never)]
    fn copy_lent(&mut self) {
        let decoder = &mut *self.decoder;
        let Lent {
            data,
            event_type,
            id,
        } = mem::take(&mut self.lent);
        decoder.block.flags = decoder.block.flags & !LENT | COPIED;
        if let Some(data) = data {
            decoder.push_data(data.of(self.chunk));
        }
        if let Some(event_type) = event_type {
            replace(&mut decoder.event_type, event_type);
        }
        if let Some(id) = id {
            replace(&mut decoder.id, id);
        }
    }

    #[inline(always)]
    fn begin_block(&mut self) {
        self.lent = Lent::default();
        self.decoder.clear_block();
    }

    #[inline(always)]
    fn event(&mut self) -> Result<Event<'_>, DecodeError> {
        let Decoder {
            max_event_size,
            block,
            data,
            event_type,
            last_event_id,
            mended,
            ..
        } = &mut *self.decoder;
        let lent = match self.lent.data {
            Some(Span { start, end }) => self.window.lend(self.chunk, start, end),
            None => None,
        };
        let data = match lent {
            Some(text) => text,
            None => {
                let bytes = self.lent.data.map_or(&data[..], |span| span.of(self.chunk));
                block.set([COPIED]);
                block.decode(bytes, mended, *max_event_size)?
            }
        };
        Ok(block.event(
            self.lent.event_type.unwrap_or(event_type),
            data,
            last_event_id,
        ))
    }

    fn comment(&mut self, span: Option<Span>) -> Result<&str, DecodeError> {
        let Decoder {
            max_event_size: limit,
            value,
            mended,
            block,
            ..
        } = &mut *self.decoder;
        block.set([COPIED]);
        let bytes = span.map_or(&value[..], |span| span.of(self.chunk));
        text::decode(bytes, mended, block.room(*limit))
            .ok_or(DecodeError::CommentTooLarge { limit: *limit })
    }
}

impl fmt::Debug for Feed<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed")
            .field("decoder", &self.decoder)
            .field("remaining", &self.remaining().len())
            .finish_non_exhaustive()
    }
}

/// What is done with memory of the decoder's own: lines that a chunk's end has cut, and the rare
/// ones.
impl Decoder {
    /// R5: takes a byte order mark off the very start, however it is cut. Returns how much of the
    /// chunk was taken in.
    fn strip_bom(&mut self, chunk: &[u8]) -> usize {
        let Line::Start(mut start) = self.cut else {
            return 0;
        };
        let missing = &BOM[start.bytes().len()..];
        let more = &chunk[..chunk.len().min(missing.len())];
        if !missing.starts_with(more) {
            self.at_start = false;
            if start.len == 0 {
                self.cut = Line::Whole;
            }
            return 0;
        }
        if more.len() == missing.len() {
            self.at_start = false;
            self.cut = Line::Whole;
        } else {
            start.extend(more);
            self.cut = Line::Start(start);
        }
        more.len()
    }

    /// Takes in more of the line that was cut: all the rest of it, if it is `whole` then.
    #[inline(always)]
    fn extend_line<const FRAMES: bool>(
        &mut self,
        more: &[u8],
        whole: bool,
    ) -> Result<(), DecodeError> {
        match self.cut {
            Line::Start(start) => self.extend_start::<FRAMES>(start, more, whole),
            _ => self.extend_value::<FRAMES>(more),
        }
    }

    #[inline(never)]
    fn extend_start<const FRAMES: bool>(
        &mut self,
        mut start: Start,
        more: &[u8],
        whole: bool,
    ) -> Result<(), DecodeError> {
        let taken = start.extend(more);
        if !whole && !field::is_decisive(start.bytes()) {
            self.cut = Line::Start(start);
            return Ok(());
        }
        let begun = self.begin_line::<FRAMES>(start.bytes());
        begun.and(self.extend_value::<FRAMES>(&more[taken..]))
    }

    /// Takes in a line from its start on, of which enough is here to tell its field.
    #[inline(always)]
    fn begin_line<const FRAMES: bool>(&mut self, line: &[u8]) -> Result<(), DecodeError> {
        let (name, value) = field::split(line);
        let value = &line[value..];
        self.value.clear();
        self.cut = match name {
            Name::Data | Name::EventType if self.block.has(TOO_LARGE) => Line::Value(Name::Unknown),
            Name::Retry => Line::Retry(Digits::default()),
            name => Line::Value(name),
        };
        if !matches!(self.cut, Line::Value(Name::Data)) {
            return self.extend_other_value::<FRAMES>(value);
        }
        let joins = self.block.has(DATA);
        self.block.set([DATA, COPIED]);
        if joins {
            self.join_data(value)
        } else {
            self.append_data(value)
        }
    }

    /// R14: a line feed joins a line of data to the one before.
    #[inline]
    fn join_data(&mut self, line: &[u8]) -> Result<(), DecodeError> {
        self.claim(self.has_room(1 + line.len()))?;
        self.block.size += 1 + line.len();
        self.reserve_data(1 + line.len());
        self.data.push(b'\n');
        self.data.extend_from_slice(line);
        Ok(())
    }

    #[inline]
    fn append_data(&mut self, more: &[u8]) -> Result<(), DecodeError> {
        self.claim(self.has_room(more.len()))?;
        self.block.size += more.len();
        self.push_data(more);
        Ok(())
    }

    #[inline(always)]
    fn push_data(&mut self, more: &[u8]) {
        self.reserve_data(more.len());
        self.data.extend_from_slice(more);
    }

    /// Makes room for more data.
    #[inline(always)]
    fn reserve_data(&mut self, more: usize) {
        if more > self.data.capacity() - self.data.len() {
            self.grow_data(more);
        }
    }

    /// A large buffer grows by four, so that less of it is moved, and to no more than a block may
    /// hold; a smaller one to no more than is kept.
    #[cold]
    fn grow_data(&mut self, more: usize) {
        let size = self.data.len() + more;
        let (factor, most) = if size > KEPT_DATA {
            (4, self.max_event_size)
        } else {
            (2, KEPT_DATA)
        };
        let capacity = self.data.capacity().saturating_mul(factor);
        let capacity = capacity.clamp(size, most.max(size));
        self.data.reserve_exact(capacity - self.data.len());
    }

    /// Where an error takes the block away, what is left of the value is ignored with it, but for
    /// an id.
    #[inline(always)]
    fn extend_value<const FRAMES: bool>(&mut self, more: &[u8]) -> Result<(), DecodeError> {
        if let Line::Value(Name::Data) = self.cut {
            return self.append_data(more);
        }
        self.extend_other_value::<FRAMES>(more)
    }

    #[inline(never)]
    fn extend_other_value<const FRAMES: bool>(&mut self, more: &[u8]) -> Result<(), DecodeError> {
        match self.cut {
            Line::Value(Name::EventType) => {
                self.claim(self.has_room(self.value.len() + more.len()))?;
                self.extend_kept_value(more);
            }
            Line::Value(Name::Id) => {
                let claimed = self.claim(self.has_room(self.value.len() + more.len()));
                if self.has_room(self.value.len() + more.len()) {
                    self.extend_kept_value(more);
                } else {
                    self.cut = Line::Value(Name::Unknown);
                }
                return claimed;
            }
            Line::Value(Name::Comment) if FRAMES => {
                if !self.has_room(self.value.len() + more.len()) {
                    self.cut = Line::Value(Name::Unknown);
                    return Err(DecodeError::CommentTooLarge {
                        limit: self.max_event_size,
                    });
                }
                self.extend_kept_value(more);
            }
            Line::Value(Name::Comment) => self.cut = Line::Value(Name::Unknown),
            Line::Retry(digits) => self.cut = Line::Retry(digits.push(more)),
            Line::Value(_) | Line::Whole | Line::Start(_) => {}
        }
        Ok(())
    }

    fn extend_kept_value(&mut self, more: &[u8]) {
        self.block.set([COPIED]);
        self.value.extend_from_slice(more);
    }

    /// The line that was cut is whole now.
    fn end_line<const FRAMES: bool>(&mut self) -> Result<Option<Ready>, DecodeError> {
        match mem::replace(&mut self.cut, Line::Whole) {
            Line::Value(Name::EventType) => self.set_event_type()?,
            Line::Value(Name::Id) => self.set_id()?,
            Line::Value(Name::Comment) => return Ok(Some(Ready::Comment(None))),
            Line::Retry(digits) => return Ok(self.set_retry::<FRAMES>(digits)),
            Line::Value(_) | Line::Whole | Line::Start(_) => {}
        }
        Ok(None)
    }

    /// R13.
    fn set_event_type(&mut self) -> Result<(), DecodeError> {
        self.claim(self.has_room_for_value())?;
        self.block.set([COPIED]);
        self.block.replace(&mut self.event_type, &self.value);
        Ok(())
    }

    /// R15.
    fn set_id(&mut self) -> Result<(), DecodeError> {
        if has_nul(&self.value) {
            return Ok(());
        }
        let claimed = self.claim(self.has_room_for_value());
        if self.has_room_for_value() {
            self.block.set([ID, COPIED]);
            self.block.replace(&mut self.id, &self.value);
        }
        claimed
    }

    /// R16.
    fn set_retry<const FRAMES: bool>(&mut self, digits: Digits) -> Option<Ready> {
        let retry = digits.milliseconds()?;
        self.retry = Some(retry);
        self.block.set([RETRY]);
        self.block.retry = retry;
        FRAMES.then_some(Ready::Retry(retry))
    }

    /// Whether the block has room for so many bytes that are in memory, and a line feed: the sum is
    /// no more than there are addresses.
    #[inline(always)]
    fn has_room(&self, bytes: usize) -> bool {
        self.block.size + bytes <= self.max_event_size
    }

    fn has_room_for_value(&self) -> bool {
        !text::is_longer(&self.value, self.block.room(self.max_event_size))
    }

    /// Drops the block if it has no room for more, once.
    #[inline]
    fn claim(&mut self, has_room: bool) -> Result<(), DecodeError> {
        if has_room || self.block.has(TOO_LARGE) {
            Ok(())
        } else {
            Err(self.drop_block())
        }
    }

    #[cold]
    fn drop_block(&mut self) -> DecodeError {
        self.block.flags &= !DATA;
        self.block.set([TOO_LARGE, COPIED]);
        self.block.size = self.id.len();
        if matches!(self.cut, Line::Value(Name::Data | Name::EventType)) {
            self.cut = Line::Value(Name::Unknown);
        }
        self.data.clear();
        self.event_type.clear();
        DecodeError::EventTooLarge {
            limit: self.max_event_size,
        }
    }

    #[inline(always)]
    fn clear_block(&mut self) {
        let copied = self.block.has(COPIED);
        self.block = Block::NEW;
        if copied {
            self.empty_buffers();
        }
    }

    #[inline(never)]
    fn empty_buffers(&mut self) {
        // One large event is often followed by another, one small event ends that.
        let large = self.data.len() > KEPT_DATA;
        self.data.clear();
        if !large {
            self.trim();
        }
        if self.value.capacity() > KEPT_OTHER {
            self.value = Vec::new();
        }
        self.value.clear();
        for text in [&mut self.event_type, &mut self.id, &mut self.mended] {
            empty(text);
        }
    }

    /// Gives memory back where no event is under way.
    #[inline(always)]
    fn trim(&mut self) {
        if self.data.capacity() > KEPT_DATA && self.data.is_empty() {
            exchange(&mut self.data);
        }
    }

    fn expect_stream(&mut self) {
        self.at_start = true;
        self.cut = Line::Start(Start::NEW);
        self.lines = Lines::new();
    }
}

impl Block {
    const NEW: Self = Self {
        size: 0,
        retry: 0,
        flags: 0,
    };

    #[inline(always)]
    fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    #[inline(always)]
    fn set<const N: usize>(&mut self, flags: [u8; N]) {
        for flag in flags {
            self.flags |= flag;
        }
    }

    /// How many bytes more it may hold.
    fn room(self, limit: usize) -> usize {
        limit.saturating_sub(self.size)
    }

    /// Puts a value in the place of a text that the block holds.
    fn replace(&mut self, text: &mut String, value: &[u8]) {
        self.size -= text.len();
        text.clear();
        text::decode_into(value, text);
        self.size += text.len();
    }

    /// The data as text, if there is room for what mending adds to it.
    #[inline]
    fn decode<'a>(
        self,
        data: &'a [u8],
        mended: &'a mut String,
        limit: usize,
    ) -> Result<&'a str, DecodeError> {
        let room = data.len() + self.room(limit);
        text::decode(data, mended, room).ok_or(DecodeError::EventTooLarge { limit })
    }

    /// The event that the block becomes.
    #[inline(always)]
    fn event<'a>(self, event_type: &'a str, data: &'a str, last_event_id: &'a str) -> Event<'a> {
        let retry = self.has(RETRY).then_some(self.retry);
        Event::from_wire(event_type, Some(data), last_event_id, self.has(ID), retry)
    }
}

/// A large buffer makes room for one of the size that is kept. An allocator that shrinks it where
/// it is may give single pages back, and hand fresh ones out when it grows again: six times slower.
#[cold]
fn exchange(data: &mut Vec<u8>) {
    drop(mem::take(data));
    data.reserve_exact(KEPT_DATA);
}

fn replace(text: &mut String, by: &str) {
    empty(text);
    text.push_str(by);
}

fn empty(text: &mut String) {
    if text.capacity() > KEPT_OTHER {
        *text = String::new();
    }
    text.clear();
}

/// The start of a text, for debugging.
struct Excerpt<'a>(&'a str);

impl fmt::Debug for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 64;
        match self.0.char_indices().nth(SHOWN) {
            Some((end, _)) => write!(f, "{:?}... ({} bytes)", &self.0[..end], self.0.len()),
            None => write!(f, "{:?}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn any_thread_may_own_or_share_one() {
        fn assert_send_and_sync<T: Send + Sync>() {}
        assert_send_and_sync::<Decoder>();
        assert_send_and_sync::<Feed<'_, '_>>();
        assert_send_and_sync::<Frame<'_>>();
    }

    #[test]
    fn debugging_shows_no_megabytes() {
        let mut decoder = Decoder::new()
            .with_last_event_id(&"\u{e9}".repeat(1 << 20))
            .expect("no line end, no NUL");
        let data = [b"data: ", &[b'x'; 1 << 20][..]].concat();
        let mut feed = decoder.feed(&data);
        assert!(format!("{feed:?}").len() < 500);
        assert_eq!(feed.next_event(), Ok(None));
        let shown = format!("{decoder:?}");
        assert!(shown.len() < 500, "{shown}");
        assert!(
            shown.contains("2097152 bytes") && shown.contains("buffered: 1048576"),
            "{shown}"
        );
    }

    #[test]
    fn what_is_replaced_gives_its_room_back() {
        let stream = b"event: aaaa\nid: bbbb\nevent: c\nid: d\ndata: 1234567\n\n";
        for size in [1, 2, 3, stream.len()] {
            for (limit, is_dispatched) in [(8, false), (9, true)] {
                let mut decoder = Decoder::new().with_max_event_size(limit);
                let mut seen = 0;
                for chunk in stream.chunks(size) {
                    let mut feed = decoder.feed(chunk);
                    loop {
                        match feed.next_event() {
                            Ok(Some(_)) => seen += 1,
                            Ok(None) => break,
                            Err(DecodeError::EventTooLarge { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
                assert_eq!(
                    seen,
                    usize::from(is_dispatched),
                    "{limit}, in chunks of {size}"
                );
                assert_eq!(decoder.last_event_id(), "d");
            }
        }
    }

    #[test]
    fn data_grows_by_two_up_to_what_is_kept_then_by_four_up_to_the_limit() {
        const LIMIT: usize = 1 << 20;
        for (len, capacity, more, grown) in [
            (0, 0, 10, 10),
            (10, 10, 1, 20),
            (5, 10, 5, 10),
            (5, 10, 6, 20),
            (10, 10, 90, 100),
            (20_000, 20_000, KEPT_DATA - 20_000, KEPT_DATA),
            (20_000, 20_000, KEPT_DATA - 19_999, 80_000),
            (KEPT_DATA, KEPT_DATA, 1, 4 * KEPT_DATA),
            (KEPT_DATA, KEPT_DATA, 5 * KEPT_DATA, 6 * KEPT_DATA),
            (300_000, 300_000, 1, LIMIT),
        ] {
            let mut decoder = Decoder::new().with_max_event_size(LIMIT);
            decoder.data.reserve_exact(capacity);
            decoder.data.resize(len, b'x');
            decoder.reserve_data(more);
            assert_eq!(decoder.data.capacity(), grown, "{len}, {capacity}, {more}");
        }
    }

    #[test]
    fn a_limit_may_be_lowered_below_what_is_held() {
        let mut decoder = Decoder::new();
        assert_eq!(decoder.feed(b"data: hello\ndata: ").next_event(), Ok(None));
        let mut decoder = decoder.with_max_event_size(3);
        let mut feed = decoder.feed(b"x\n\ndata: abc\n\n");
        assert_eq!(
            feed.next_event(),
            Err(DecodeError::EventTooLarge { limit: 3 })
        );
        assert_eq!(feed.next_event(), Ok(Some(Event::new("abc"))));
    }
}
