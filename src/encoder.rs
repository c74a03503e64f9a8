//! Events to bytes: at once, or in pieces as they come.

use crate::event::whole_milliseconds;
use crate::field::{self, DATA};
use crate::line::{LineEnd, Lines};
use crate::{Event, Field, Frame, text};
use alloc::vec::Vec;
use bytes::BufMut;
use core::fmt;
use core::mem;
use core::time::Duration;

/// Writes one event stream: events, at once or in pieces, and comments, reconnection times and
/// other fields between and inside them.
///
/// You pass the buffer to each call, and may flush, clear or exchange it between any two. Calls may
/// come in any order: none of them yields a malformed stream, and no text can add a line, field or
/// event. An open event is ended before another begins.
///
/// ```
/// use core::time::Duration;
/// use sse_wire::{Encoder, Event};
///
/// let mut encoder = Encoder::new();
/// let mut buf = Vec::new();
/// encoder.retry(Duration::from_secs(3), &mut buf);
/// encoder.event(&Event::new("whole").with_id(1), &mut buf);
/// assert_eq!(buf, b"retry: 3000\nid: 1\ndata: whole\n\n");
///
/// buf.clear(); // sent
/// encoder.begin(&Event::without_data().with_id(2), &mut buf);
/// encoder.data("in ", &mut buf);
/// encoder.data("pieces", &mut buf);
/// encoder.end(&mut buf);
/// assert_eq!(buf, b"id: 2\ndata: in pieces\n\n");
/// ```
///
/// An encoder allocates only for a comment, reconnection time or field that has to wait for the end
/// of a data line, and keeps at most 8 KiB for the next one.
///
/// # Panics
///
/// Its methods panic only if the buffer cannot grow and is full, as [`BufMut`] documents. Then drop
/// the encoder and the buffer: the text in the buffer may end anywhere.
#[derive(Clone)]
pub struct Encoder {
    state: State,
    /// Where the data's lines end, while a data line is open.
    lines: Lines,
    /// Complete lines that wait for the open data line to end. Empty in every other state.
    deferred: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Between two events.
    Idle,
    /// In a block that has only lines that may come before an event: other fields and a
    /// reconnection time, in milliseconds.
    Fields { retry: Option<u64> },
    /// In an event, at the start of a line, before any data; `is_empty` if it has no field yet.
    Open { is_empty: bool },
    /// In an event, in a data line. It may be empty, and ends when its line end comes, or the
    /// event's.
    Data,
}

/// The capacity kept for lines that wait, in bytes.
const KEPT: usize = 8192;

impl Encoder {
    /// The shortest comment: what [`keep_alive`](Self::keep_alive) writes.
    ///
    /// No blank line follows it. Several much-used clients take that for the end of an event, and
    /// return an empty one: `openai`, `httpx-sse` and `@microsoft/fetch-event-source`, if an id came
    /// before. The price: a parser written by hand that splits at `\n\n` and looks only at the start
    /// of each part misses an event after a comment. `docs/interop.md` has the figures.
    ///
    /// ```
    /// # use sse_wire::Encoder;
    /// let frame = bytes::Bytes::from_static(Encoder::KEEP_ALIVE);
    /// assert_eq!(frame, ":\n");
    /// ```
    pub const KEEP_ALIVE: &'static [u8] = b":\n";

    /// An encoder at the start of a stream, or between two events of one. Owns no heap memory.
    ///
    /// ```
    /// # use sse_wire::Encoder;
    /// let encoder = Encoder::new();
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self {
            state: State::Idle,
            lines: Lines::new(),
            deferred: Vec::new(),
        }
    }

    /// Writes a whole event, as [`Event::encode`] does. [Ends](Self::end) an open one first, but
    /// continues a block that has only a
    /// [reconnection time](Self::retry) and [other fields](Self::field) so far.
    ///
    /// ```
    /// # use sse_wire::{Encoder, Event};
    /// let mut buf = Vec::new();
    /// Encoder::new().event(&Event::new("hello"), &mut buf);
    /// assert_eq!(buf, b"data: hello\n\n");
    /// ```
    #[inline]
    pub fn event(&mut self, event: &Event<'_>, buf: &mut (impl BufMut + ?Sized)) {
        let retry = self.end_event(buf);
        self.state = State::Idle;
        put_event(event, retry, |bytes| buf.put_slice(bytes));
    }

    /// Writes a frame back in its place, as a gateway does with each frame of a stream.
    ///
    /// Comments stay untouched; reconnection times and other fields stay inside their block, and
    /// nothing is written twice. A decoder reads the same frames again.
    ///
    /// A block is complete with its [`Event`](Frame::Event) or
    /// [`Undispatched`](Frame::Undispatched) frame. If the stream that you read ends earlier, call
    /// [`end`](Self::end).
    ///
    /// ```
    /// use sse_wire::{Decoder, Encoder, Frame};
    ///
    /// let upstream = b":hello\nretry: 500\ntopics: news\ndata: a\n\nid: 8\n\n";
    /// let (mut decoder, mut encoder, mut buf) = (Decoder::new(), Encoder::new(), Vec::new());
    /// let mut feed = decoder.feed(upstream);
    /// while let Some(frame) = feed.next_frame() {
    ///     match frame? {
    ///         Frame::Event(event) => encoder.event(&event.with_data("b"), &mut buf),
    ///         frame => encoder.frame(&frame, &mut buf),
    ///     }
    /// }
    /// assert_eq!(buf, b":hello\nretry: 500\ntopics: news\ndata: b\n\nid: 8\n\n");
    /// # Ok::<(), sse_wire::DecodeError>(())
    /// ```
    pub fn frame(&mut self, frame: &Frame<'_>, buf: &mut (impl BufMut + ?Sized)) {
        match frame {
            Frame::Event(event) | Frame::Undispatched(event) => self.event(event, buf),
            Frame::Field(field) => self.field(field, buf),
            Frame::Retry(time) => self.retry(*time, buf),
            Frame::Comment(text) => {
                self.put_lines(buf, |put| put_comment(b"\n:", text, put));
            }
        }
    }

    /// Writes a field with another name into the open event, or begins a block with it: the next
    /// event, or data, belongs to the same block.
    ///
    /// If a data line is open, the field is held back until that line ends.
    ///
    /// ```
    /// # use sse_wire::{Encoder, Event, Field};
    /// let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
    /// encoder.field(&Field::new("topics", "news")?, &mut buf);
    /// encoder.event(&Event::new("hello"), &mut buf);
    /// assert_eq!(buf, b"topics: news\ndata: hello\n\n");
    /// # Ok::<(), sse_wire::InvalidText>(())
    /// ```
    pub fn field(&mut self, field: &Field<'_>, buf: &mut (impl BufMut + ?Sized)) {
        let may_be_first = matches!(self.state, State::Idle | State::Open { is_empty: true });
        if may_be_first && text::bom_len(field.name().as_bytes()) > 0 {
            // At the start of a stream, the byte order mark would be dropped (R5). A blank line does
            // nothing.
            buf.put_slice(b"\n");
        }
        self.begin_fields();
        let (name, value) = (field.name().as_bytes(), field.value().as_bytes());
        self.put_lines(buf, |put| field::put_other(name, value, put));
    }

    /// Writes a comment, which clients ignore: `: ` and the text, in as many lines as it has.
    ///
    /// Decoders that report comments return each line with its leading space. No blank line follows,
    /// for the reason at [`KEEP_ALIVE`](Self::KEEP_ALIVE).
    ///
    /// If a data line is open, the comment is held back until that line ends.
    ///
    /// ```
    /// # use sse_wire::Encoder;
    /// let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
    /// encoder.comment("hello\nworld", &mut buf);
    /// assert_eq!(buf, b": hello\n: world\n");
    ///
    /// buf.clear();
    /// encoder.data("one", &mut buf);
    /// encoder.comment("between", &mut buf);
    /// encoder.data("\ntwo", &mut buf);
    /// encoder.end(&mut buf);
    /// assert_eq!(buf, b"data: one\n: between\ndata: two\n\n");
    /// ```
    pub fn comment(&mut self, text: &str, buf: &mut (impl BufMut + ?Sized)) {
        self.put_lines(buf, |put| put_comment(b"\n: ", text, put));
    }

    /// Writes the shortest comment, to keep idle connections open; about every 15 seconds (R26).
    ///
    /// It is [`KEEP_ALIVE`](Self::KEEP_ALIVE). Inside an open data line it writes nothing: only data can
    /// go there.
    ///
    /// ```
    /// # use sse_wire::Encoder;
    /// let mut buf = Vec::new();
    /// Encoder::new().keep_alive(&mut buf);
    /// assert_eq!(buf, b":\n");
    /// ```
    pub fn keep_alive(&mut self, buf: &mut (impl BufMut + ?Sized)) {
        if !matches!(self.state, State::Data) {
            buf.put_slice(Self::KEEP_ALIVE);
        }
    }

    /// Writes a reconnection time, in whole milliseconds, saturating at `u64::MAX`. It takes effect
    /// at once (R16).
    ///
    /// It is a field of the open event, or begins a block: the next event belongs to the same one. If
    /// a data line is open, it is held back until that line ends.
    ///
    /// ```
    /// # use {core::time::Duration, sse_wire::{Encoder, Event}};
    /// let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
    /// encoder.retry(Duration::from_millis(1500), &mut buf);
    /// encoder.event(&Event::new("hello"), &mut buf);
    /// assert_eq!(buf, b"retry: 1500\ndata: hello\n\n");
    /// ```
    pub fn retry(&mut self, retry: Duration, buf: &mut (impl BufMut + ?Sized)) {
        let milliseconds = whole_milliseconds(retry);
        self.begin_fields();
        if let State::Fields { retry } = &mut self.state {
            *retry = Some(milliseconds);
        }
        self.put_lines(buf, |put| field::put_retry(milliseconds, put));
    }

    /// Begins an event, whose data may follow in pieces: writes its fields, and the data it has as
    /// the first piece. [Ends](Self::end) an open one first, but continues a block that has only
    /// [fields](Self::field) so far.
    ///
    /// ```
    /// # use sse_wire::{Encoder, Event, EventType};
    /// const ANSWER: EventType = EventType::from_static("answer");
    /// let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
    /// encoder.begin(&Event::new("so ").with_event_type(ANSWER), &mut buf);
    /// encoder.data("far", &mut buf);
    /// encoder.end(&mut buf);
    /// assert_eq!(buf, b"event: answer\ndata: so far\n\n");
    /// ```
    #[inline]
    pub fn begin(&mut self, event: &Event<'_>, buf: &mut (impl BufMut + ?Sized)) {
        let mut is_empty = !matches!(self.state, State::Fields { .. });
        let retry = self.end_event(buf);
        put_fields_before_data(event, retry, &mut |bytes| {
            is_empty = false;
            buf.put_slice(bytes);
        });
        self.state = State::Open { is_empty };
        if event.has_data() {
            self.data(event.data(), buf);
        }
    }

    /// Writes a piece of data to the open event, or begins one without event type and id if none is
    /// open.
    ///
    /// Pieces may be cut anywhere, even between CR and LF. Even an empty piece gives the event
    /// (empty) data.
    ///
    /// ```
    /// # use sse_wire::Encoder;
    /// let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
    /// encoder.data("one\r", &mut buf);
    /// encoder.data("\ntwo", &mut buf);
    /// encoder.end(&mut buf);
    /// assert_eq!(buf, b"data: one\ndata: two\n\n");
    /// ```
    #[inline]
    pub fn data(&mut self, piece: &str, buf: &mut (impl BufMut + ?Sized)) {
        let mut put = |bytes: &[u8]| buf.put_slice(bytes);
        if !matches!(self.state, State::Data) {
            self.state = State::Data;
            self.lines = Lines::new();
            put(DATA);
        }
        Text::new(piece, &mut self.lines).put(&mut put, |put| {
            put_line_end(b"\ndata: ", &mut self.deferred, put);
        });
    }

    /// Ends the open event, with a blank line. Does nothing if none is open.
    ///
    /// ```
    /// # use sse_wire::Encoder;
    /// let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
    /// encoder.data("hello", &mut buf);
    /// encoder.end(&mut buf);
    /// encoder.end(&mut buf);
    /// assert_eq!(buf, b"data: hello\n\n");
    /// ```
    #[inline]
    pub fn end(&mut self, buf: &mut (impl BufMut + ?Sized)) {
        match mem::replace(&mut self.state, State::Idle) {
            State::Idle => {}
            State::Fields { .. } | State::Open { .. } => buf.put_slice(b"\n"),
            State::Data => {
                put_line_end(b"\n\n", &mut self.deferred, &mut |bytes| {
                    buf.put_slice(bytes)
                });
            }
        }
    }

    /// All text that is written to it becomes data of the open event, or of a new one, as by
    /// [`data`](Self::data).
    ///
    /// ```
    /// # use sse_wire::Encoder;
    /// let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
    /// serde_json::to_writer(encoder.data_writer(&mut buf), &["a", "b\n"])?;
    /// encoder.end(&mut buf);
    /// assert_eq!(buf, b"data: [\"a\",\"b\\n\"]\n\n");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn data_writer<'e, B: BufMut + ?Sized>(&'e mut self, buf: &'e mut B) -> DataWriter<'e, B> {
        DataWriter { encoder: self, buf }
    }

    /// Ends an open event, unless it can take the next one's fields. Returns the reconnection time
    /// that it has then.
    #[inline]
    fn end_event(&mut self, buf: &mut (impl BufMut + ?Sized)) -> Option<u64> {
        if let State::Fields { retry } = self.state {
            return retry;
        }
        self.end(buf);
        None
    }

    /// Begins a block that may continue with an event, if none is open.
    fn begin_fields(&mut self) {
        match &mut self.state {
            State::Idle => self.state = State::Fields { retry: None },
            State::Open { is_empty } => *is_empty = false,
            State::Fields { .. } | State::Data => {}
        }
    }

    /// Writes lines that are not data, if a data line is open after that.
    fn put_lines(
        &mut self,
        buf: &mut (impl BufMut + ?Sized),
        lines: impl FnOnce(&mut dyn FnMut(&[u8])),
    ) {
        match self.state {
            State::Data => lines(&mut |bytes| self.deferred.extend_from_slice(bytes)),
            _ => lines(&mut |bytes| buf.put_slice(bytes)),
        }
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder")
            .field("state", &self.state)
            .field("deferred", &self.deferred.len())
            .finish_non_exhaustive()
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes data to the open event of an [`Encoder`]: text as [`fmt::Write`], and with the feature
/// `std` bytes as `std::io::Write`.
///
/// Each write is accepted as a whole, and is in the buffer when the call returns. The bytes of each
/// write have to be UTF-8: if they are not, the error is of kind `InvalidData` with an
/// [`InvalidText::NotUtf8`](crate::InvalidText::NotUtf8) inside, and nothing of that write is
/// written. A source that may split a character, such as `io::copy`, has to be buffered first.
///
/// ```
/// use core::fmt::Write;
/// use sse_wire::Encoder;
///
/// let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
/// write!(encoder.data_writer(&mut buf), "{} of {}\n", 1, 3)?;
/// encoder.end(&mut buf);
/// assert_eq!(buf, b"data: 1 of 3\ndata: \n\n");
/// # Ok::<(), core::fmt::Error>(())
/// ```
pub struct DataWriter<'e, B: ?Sized> {
    encoder: &'e mut Encoder,
    buf: &'e mut B,
}

impl<B: ?Sized> fmt::Debug for DataWriter<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataWriter")
            .field("encoder", &self.encoder)
            .finish_non_exhaustive()
    }
}

impl<B: BufMut + ?Sized> fmt::Write for DataWriter<'_, B> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.encoder.data(text, self.buf);
        Ok(())
    }
}

#[cfg(feature = "std")]
impl<B: BufMut + ?Sized> std::io::Write for DataWriter<'_, B> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = core::str::from_utf8(bytes).map_err(|error| {
            let position = error.valid_up_to();
            std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                crate::InvalidText::NotUtf8 { position },
            )
        })?;
        self.encoder.data(text, self.buf);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Passes an encoded event to `put` from start to end, to be written or counted. `written` is a
/// reconnection time that the block has already.
#[inline]
pub(crate) fn put_event(event: &Event<'_>, written: Option<u64>, mut put: impl FnMut(&[u8])) {
    let put = &mut put;
    put_fields_before_data(event, written, put);
    if event.has_data() {
        let mut lines = Lines::new();
        let text = Text::new(event.data(), &mut lines);
        put(DATA);
        text.put(put, |put| put(b"\ndata: "));
        put(b"\n\n");
    } else {
        put(b"\n");
    }
}

#[inline]
fn put_fields_before_data(event: &Event<'_>, written: Option<u64>, put: &mut impl FnMut(&[u8])) {
    if let Some(event_type) = event.explicit_event_type() {
        field::put(field::EVENT_TYPE, event_type.as_bytes(), put);
    }
    if let Some(id) = event.id() {
        field::put(field::ID, id.as_bytes(), put);
    }
    if let Some(milliseconds) = event.retry_milliseconds() {
        if written != Some(milliseconds) {
            field::put_retry(milliseconds, put);
        }
    }
}

/// `between` ends a line and starts the next one.
fn put_comment(between: &[u8], text: &str, put: &mut dyn FnMut(&[u8])) {
    put(&between[1..]);
    Text::new(text, &mut Lines::new()).put(put, |put| put(between));
    put(b"\n");
}

/// Long text is searched and copied in pieces of this size, which stay in the fastest cache in
/// between.
const PIECE: usize = 8192;

/// A text to write. Its first line end is found before anything is written: writes without a search
/// in between are faster, and most text is one line.
struct Text<'t, 'l> {
    lines: &'l mut Lines,
    bytes: &'t [u8],
    /// Where the first line starts, and its end, if the first piece has it.
    start: usize,
    first: Option<LineEnd>,
}

impl<'t, 'l> Text<'t, 'l> {
    #[inline(always)]
    fn new(text: &'t str, lines: &'l mut Lines) -> Self {
        let bytes = text.as_bytes();
        let (start, first) = lines.first(&bytes[..bytes.len().min(PIECE)]);
        Self {
            lines,
            bytes,
            start,
            first,
        }
    }

    /// Writes the text, with something else in place of each line end.
    #[inline(always)]
    fn put<P: FnMut(&[u8]) + ?Sized>(self, put: &mut P, mut put_line_end: impl FnMut(&mut P)) {
        let first = (self.start, self.first);
        if self.bytes.len() <= PIECE {
            put_piece(self.lines, self.bytes, first, put, put_line_end);
        } else {
            let (piece, rest) = self.bytes.split_at(PIECE);
            put_piece(self.lines, piece, first, put, &mut put_line_end);
            put_rest(self.lines, rest, put, put_line_end);
        }
    }
}

#[inline(always)]
fn put_piece<P: FnMut(&[u8]) + ?Sized>(
    lines: &mut Lines,
    piece: &[u8],
    (start, first): (usize, Option<LineEnd>),
    put: &mut P,
    mut put_line_end: impl FnMut(&mut P),
) {
    let last = match first {
        None => &piece[start..],
        Some(first) => lines.split(piece, start, first, |line| {
            put(line);
            put_line_end(put);
        }),
    };
    put(last);
}

/// Not inlined: most texts are one piece.
#[inline(never)]
fn put_rest<P: FnMut(&[u8]) + ?Sized>(
    lines: &mut Lines,
    rest: &[u8],
    put: &mut P,
    mut put_line_end: impl FnMut(&mut P),
) {
    for piece in rest.chunks(PIECE) {
        let first = lines.first(piece);
        put_piece(lines, piece, first, put, &mut put_line_end);
    }
}

/// Writes the LF that ends a data line, then the lines that waited for it, and the start of the
/// next line.
#[inline]
fn put_line_end<const N: usize>(
    lf_and_start: &[u8; N],
    deferred: &mut Vec<u8>,
    put: &mut impl FnMut(&[u8]),
) {
    if deferred.is_empty() {
        return put(lf_and_start);
    }
    let (lf, start) = lf_and_start.split_at(1);
    put(lf);
    put(deferred);
    put(start);
    deferred.clear();
    if deferred.capacity() > KEPT {
        *deferred = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn long_data_is_written_in_pieces() {
        for (len, pieces) in [
            (PIECE, &[PIECE][..]),
            (PIECE + 1, &[PIECE, 1]),
            (3 * PIECE - 1, &[PIECE, PIECE, PIECE - 1]),
        ] {
            let data = "x".repeat(len);
            let mut sizes = vec![];
            put_event(&Event::new(&data), None, |bytes| sizes.push(bytes.len()));
            assert_eq!(&sizes[1..sizes.len() - 1], pieces, "{len} bytes");
        }
    }

    #[test]
    fn memory_for_lines_that_wait_is_given_back() {
        let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
        encoder.data("", &mut buf);
        encoder.comment(&"x".repeat(2 << 20), &mut buf);
        assert!(encoder.deferred.capacity() > KEPT);
        encoder.end(&mut buf);
        assert!(encoder.deferred.capacity() <= KEPT);
    }
}
