//! Events to bytes: at once, or in pieces as they come.

use crate::Event;
use crate::event::whole_milliseconds;
use crate::line::Lines;
use alloc::vec::Vec;
use bytes::{BufMut, Bytes};
use core::fmt;
use core::time::Duration;

impl Event<'_> {
    /// Writes the event: its fields `event`, `id`, `retry` and `data`, in this order, and the blank
    /// line.
    ///
    /// Only what was set is written, always with the space behind the colon and with LF as line
    /// end. Data takes one line for each of its own, so that what a decoder reads is the same text,
    /// with LF for CR and CRLF. Encoded events may be concatenated: they are one stream. Nothing is
    /// allocated but what `buf` needs to grow.
    ///
    /// ```
    /// # use {core::time::Duration, sse_wire::Event};
    /// let mut buf = Vec::new();
    /// Event::new("one\r\ntwo").with_retry(Duration::from_secs(3)).encode(&mut buf);
    /// Event::new("").with_event_type("ping")?.encode(&mut buf);
    /// assert_eq!(buf, b"retry: 3000\ndata: one\ndata: two\n\nevent: ping\ndata: \n\n");
    /// # Ok::<(), sse_wire::EncodeError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If `buf` cannot grow and has less room than [`encoded_len`](Self::encoded_len), as
    /// [`BufMut`] has it.
    #[inline]
    pub fn encode(&self, buf: &mut impl BufMut) {
        put_event(self, |bytes| buf.put_slice(bytes));
    }

    /// How many bytes [`encode`](Self::encode) writes, exactly. Takes one pass over the data.
    ///
    /// ```
    /// # use sse_wire::Event;
    /// let event = Event::new("one\r\ntwo");
    /// assert_eq!(event.encoded_len(), "data: one\ndata: two\n\n".len());
    /// ```
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let mut len = 0;
        put_event(self, |bytes| len += bytes.len());
        len
    }

    /// The encoded event in memory of its own, allocated once and in the exact size: to encode once
    /// and [`clone`](Bytes::clone) for every subscriber.
    ///
    /// ```
    /// # use sse_wire::Event;
    /// assert_eq!(&Event::new("hello").to_bytes()[..], b"data: hello\n\n");
    /// ```
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let mut buf = Vec::with_capacity(self.encoded_len());
        self.encode(&mut buf);
        buf.into()
    }
}

/// Writes one event stream: events, at once or in pieces, and what may stand between and inside
/// them.
///
/// The buffer is handed over with each call, and may be flushed, cleared or exchanged between any
/// two. Calls may come in any order: none of them yields a malformed stream, and no text yields
/// more lines, fields or events than it was asked for. An open event is ended before another
/// begins.
///
/// ```
/// use core::time::Duration;
/// use sse_wire::{Encoder, Event};
///
/// let mut encoder = Encoder::new();
/// let mut buf = Vec::new();
/// encoder.retry(Duration::from_secs(3), &mut buf);
/// encoder.event(&Event::new("whole").with_id("1")?, &mut buf);
/// assert_eq!(buf, b"retry: 3000\n\nid: 1\ndata: whole\n\n");
///
/// buf.clear(); // sent
/// encoder.begin(&Event::without_data().with_id("2")?, &mut buf);
/// encoder.data("in ", &mut buf);
/// encoder.data("pieces", &mut buf);
/// encoder.end(&mut buf);
/// assert_eq!(buf, b"id: 2\ndata: in pieces\n\n");
/// # Ok::<(), sse_wire::EncodeError>(())
/// ```
///
/// An encoder allocates only for a comment or reconnection time that has to wait for the end of a
/// data line.
///
/// # Panics
///
/// Its methods panic only if the buffer cannot grow and is full, as [`BufMut`] has it.
#[derive(Clone, Debug)]
pub struct Encoder {
    state: State,
    /// Where the data's lines end, while a data line is open.
    lines: Lines,
    /// Whole lines that came while a data line was open, and go behind it. Empty in every other
    /// state.
    behind: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Between two events.
    Idle,
    /// In an event, at the start of a line, before any data.
    Open,
    /// In an event, in a data line. It may be empty, and ends once its line end comes, or the
    /// event's.
    Data,
}

impl Encoder {
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
            behind: Vec::new(),
        }
    }

    /// Writes a whole event, as [`Event::encode`] does. [Ends](Self::end) an open one first.
    ///
    /// ```
    /// # use sse_wire::{Encoder, Event};
    /// let mut buf = Vec::new();
    /// Encoder::new().event(&Event::new("hello"), &mut buf);
    /// assert_eq!(buf, b"data: hello\n\n");
    /// ```
    pub fn event(&mut self, event: &Event<'_>, buf: &mut impl BufMut) {
        self.end(buf);
        event.encode(buf);
    }

    /// Writes a comment, which clients ignore: `: ` and the text, in as many lines as it has, and a
    /// blank line.
    ///
    /// A decoder that shows comments hands out all that stands behind the colon: this text's lines,
    /// each behind a space.
    ///
    /// Inside an open event there is no blank line, and the comment goes behind the data line that
    /// is open, if one is; until that ends, the encoder keeps it.
    ///
    /// ```
    /// # use sse_wire::Encoder;
    /// let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
    /// encoder.comment("hello\nworld", &mut buf);
    /// assert_eq!(buf, b": hello\n: world\n\n");
    ///
    /// buf.clear();
    /// encoder.data("one", &mut buf);
    /// encoder.comment("between", &mut buf);
    /// encoder.data("\ntwo", &mut buf);
    /// encoder.end(&mut buf);
    /// assert_eq!(buf, b"data: one\n: between\ndata: two\n\n");
    /// ```
    pub fn comment(&mut self, text: &str, buf: &mut impl BufMut) {
        self.aside(buf, |put| put_comment(text, put));
    }

    /// Writes the shortest comment, to keep idle connections open; about every 15 seconds will do
    /// (R26).
    ///
    /// It is `:` and a blank line; inside an open event only `:`, and inside an open data line
    /// nothing, since nothing can be written there that is not data.
    ///
    /// ```
    /// # use sse_wire::Encoder;
    /// let mut buf = Vec::new();
    /// Encoder::new().keep_alive(&mut buf);
    /// assert_eq!(buf, b":\n\n");
    /// ```
    pub fn keep_alive(&mut self, buf: &mut impl BufMut) {
        if !matches!(self.state, State::Data) {
            self.aside(buf, |put| put(b":\n"));
        }
    }

    /// Writes a reconnection time, in whole milliseconds, saturating at `u64::MAX`, and a blank
    /// line.
    ///
    /// Inside an open event it becomes a field of that, in the place where a
    /// [comment](Self::comment) would go.
    ///
    /// ```
    /// # use {core::time::Duration, sse_wire::Encoder};
    /// let mut buf = Vec::new();
    /// Encoder::new().retry(Duration::from_millis(1500), &mut buf);
    /// assert_eq!(buf, b"retry: 1500\n\n");
    /// ```
    pub fn retry(&mut self, retry: Duration, buf: &mut impl BufMut) {
        self.aside(buf, |put| put_retry(whole_milliseconds(retry), put));
    }

    /// Begins an event, whose data may follow in pieces: writes its fields, with the data it has as
    /// the first piece. [Ends](Self::end) an open one first.
    ///
    /// ```
    /// # use sse_wire::{Encoder, Event};
    /// let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
    /// encoder.begin(&Event::new("so ").with_event_type("answer")?, &mut buf);
    /// encoder.data("far", &mut buf);
    /// encoder.end(&mut buf);
    /// assert_eq!(buf, b"event: answer\ndata: so far\n\n");
    /// # Ok::<(), sse_wire::EncodeError>(())
    /// ```
    #[inline]
    pub fn begin(&mut self, event: &Event<'_>, buf: &mut impl BufMut) {
        self.end(buf);
        put_fields_before_data(event, &mut |bytes| buf.put_slice(bytes));
        self.state = State::Open;
        if event.has_data() {
            self.data(event.data(), buf);
        }
    }

    /// Writes a piece of data to the open event, or begins one without event type and id if none is
    /// open.
    ///
    /// Any cut yields the same bytes, also one between CR and LF. An empty piece makes an event
    /// that has none yet one with empty data.
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
    pub fn data(&mut self, piece: &str, buf: &mut impl BufMut) {
        if !matches!(self.state, State::Data) {
            buf.put_slice(b"data: ");
            self.state = State::Data;
            self.lines = Lines::new();
        }
        let mut put = |bytes: &[u8]| buf.put_slice(bytes);
        put_text((b"", b""), piece, &mut self.lines, &mut put, |put| {
            put_line_end(b"\ndata: ", &mut self.behind, put);
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
    pub fn end(&mut self, buf: &mut impl BufMut) {
        match self.state {
            State::Idle => {}
            State::Open => buf.put_slice(b"\n"),
            State::Data => {
                put_line_end(b"\n\n", &mut self.behind, &mut |bytes| buf.put_slice(bytes));
            }
        }
        self.state = State::Idle;
    }

    /// Whatever is written to it becomes data of the open event, or of a new one, as by
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
    pub fn data_writer<'e, B: BufMut>(&'e mut self, buf: &'e mut B) -> DataWriter<'e, B> {
        DataWriter { encoder: self, buf }
    }

    /// Writes lines that are no data where they may stand: alone, in the open event, or behind its
    /// open data line.
    fn aside(&mut self, buf: &mut impl BufMut, lines: impl FnOnce(&mut dyn FnMut(&[u8]))) {
        match self.state {
            State::Idle => {
                lines(&mut |bytes| buf.put_slice(bytes));
                buf.put_slice(b"\n");
            }
            State::Open => lines(&mut |bytes| buf.put_slice(bytes)),
            State::Data => lines(&mut |bytes| self.behind.extend_from_slice(bytes)),
        }
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
/// Each write is taken whole, and is in the buffer when the call returns. Bytes have to be UTF-8 in
/// each write: if they are not, the error is of kind `InvalidData` with an
/// [`EncodeError::NotUtf8`](crate::EncodeError::NotUtf8) inside, and nothing of that write is
/// written. So a writer that cuts characters, as copying in blocks does, needs its text put
/// together first.
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
#[derive(Debug)]
pub struct DataWriter<'e, B> {
    encoder: &'e mut Encoder,
    buf: &'e mut B,
}

impl<B: BufMut> fmt::Write for DataWriter<'_, B> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.encoder.data(text, self.buf);
        Ok(())
    }
}

#[cfg(feature = "std")]
impl<B: BufMut> std::io::Write for DataWriter<'_, B> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = core::str::from_utf8(bytes).map_err(|error| {
            let position = error.valid_up_to();
            std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                crate::EncodeError::NotUtf8 { position },
            )
        })?;
        self.encoder.data(text, self.buf);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Hands out an encoded event from start to end, to be written or counted.
#[inline]
fn put_event(event: &Event<'_>, mut put: impl FnMut(&[u8])) {
    let put = &mut put;
    put_fields_before_data(event, put);
    if event.has_data() {
        let ends = (b"data: ", b"\n\n");
        put_text(ends, event.data(), &mut Lines::new(), put, |put| {
            put(b"\ndata: ");
        });
    } else {
        put(b"\n");
    }
}

#[inline]
fn put_fields_before_data(event: &Event<'_>, put: &mut impl FnMut(&[u8])) {
    if !event.event_type_field().is_empty() {
        put_field(b"event: ", event.event_type_field().as_bytes(), put);
    }
    if let Some(id) = event.id() {
        put_field(b"id: ", id.as_bytes(), put);
    }
    if let Some(milliseconds) = event.retry_milliseconds() {
        put_retry(milliseconds, put);
    }
}

/// A reconnection time is decimal digits (R16).
fn put_retry<P: FnMut(&[u8]) + ?Sized>(mut milliseconds: u64, put: &mut P) {
    let mut digits = [0; "18446744073709551615".len()];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (milliseconds % 10) as u8;
        milliseconds /= 10;
        if milliseconds == 0 {
            break;
        }
    }
    put_field(b"retry: ", &digits[start..], put);
}

/// `value` is known to have no line end.
#[inline]
fn put_field<P: FnMut(&[u8]) + ?Sized>(start: &[u8], value: &[u8], put: &mut P) {
    put(start);
    put(value);
    put(b"\n");
}

fn put_comment(text: &str, put: &mut dyn FnMut(&[u8])) {
    put_text((b": ", b"\n"), text, &mut Lines::new(), put, |put| {
        put(b"\n: ");
    });
}

/// So many bytes of a long text are searched and then copied, while they are in the fastest cache.
const PIECE: usize = 8192;

/// Hands out a text between a start and an end, with something else in place of each line end.
#[inline]
fn put_text<const S: usize, const E: usize, P: FnMut(&[u8]) + ?Sized>(
    (start, end): (&[u8; S], &[u8; E]),
    text: &str,
    lines: &mut Lines,
    put: &mut P,
    put_line_end: impl FnMut(&mut P),
) {
    if text.len() <= PIECE {
        put_piece((start, end), text.as_bytes(), lines, put, put_line_end);
    } else {
        put_fixed(start, put);
        put_pieces(text.as_bytes(), lines, put, put_line_end);
        put_fixed(end, put);
    }
}

/// Apart, since most text is one piece, and would pay for the loop.
#[inline(never)]
fn put_pieces<P: FnMut(&[u8]) + ?Sized>(
    text: &[u8],
    lines: &mut Lines,
    put: &mut P,
    mut put_line_end: impl FnMut(&mut P),
) {
    for piece in text.chunks(PIECE) {
        put_piece((b"", b""), piece, lines, put, &mut put_line_end);
    }
}

/// Searches first: what is written without a search in between is written faster, and most text is
/// one line.
#[inline(always)]
fn put_piece<const S: usize, const E: usize, P: FnMut(&[u8]) + ?Sized>(
    (start, end): (&[u8; S], &[u8; E]),
    piece: &[u8],
    lines: &mut Lines,
    put: &mut P,
    mut put_line_end: impl FnMut(&mut P),
) {
    let (from, first) = lines.first(piece);
    let Some(first) = first else {
        put_fixed(start, put);
        put(&piece[from..]);
        return put_fixed(end, put);
    };
    put_fixed(start, put);
    let last = lines.split(piece, from, first, |line| {
        put(line);
        put_line_end(put);
    });
    put(last);
    put_fixed(end, put);
}

/// Nothing is not written: that costs some buffers as much as a few bytes.
#[inline(always)]
fn put_fixed<const N: usize, P: FnMut(&[u8]) + ?Sized>(bytes: &[u8; N], put: &mut P) {
    if N > 0 {
        put(bytes);
    }
}

/// Hands out the LF that ends a data line and the start of the line behind it, and in between what
/// waited for that.
#[inline]
fn put_line_end<const N: usize>(
    lf_and_start: &[u8; N],
    behind: &mut Vec<u8>,
    put: &mut impl FnMut(&[u8]),
) {
    if behind.is_empty() {
        return put(lf_and_start);
    }
    let (lf, start) = lf_and_start.split_at(1);
    put(lf);
    put(behind);
    put(start);
    behind.clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn long_data_goes_out_in_pieces() {
        for (len, pieces) in [
            (PIECE, &[PIECE][..]),
            (PIECE + 1, &[PIECE, 1]),
            (3 * PIECE - 1, &[PIECE, PIECE, PIECE - 1]),
        ] {
            let data = "x".repeat(len);
            let mut sizes = vec![];
            put_event(&Event::new(&data), |bytes| sizes.push(bytes.len()));
            assert_eq!(&sizes[1..sizes.len() - 1], pieces, "{len} bytes");
        }
    }
}
