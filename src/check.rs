//! Diagnostics: what is wrong with an event stream, where, and what to do about it (R27).
//!
//! A decoder never complains. Whatever is no field it ignores, and a client shows nothing: a name
//! in the wrong case, a blank line that is missing, a page of HTML. The [`Checker`] reads a stream
//! along with it, in chunks as they come, and tells what a client will make of that.
//!
//! # Testing a server
//!
//! Take the body of a response, feed it to a checker, and assert that nothing was found. Here
//! `respond` stands for the server; somebody has joined its lines without the last line end.
//!
//! ```should_panic
//! use sse_wire::check::{Checker, Diagnostic};
//!
//! fn respond() -> Vec<u8> {
//!     ["event: progress", "id: 1", "data: {\"done\": 50}", ""].join("\n").into()
//! }
//!
//! let mut checker = Checker::new();
//! checker.feed(&respond());
//! let diagnostics: Vec<Diagnostic> = checker.finish().collect();
//! for diagnostic in &diagnostics {
//!     println!("{diagnostic}\n    {}", diagnostic.excerpt());
//! }
//! assert!(diagnostics.is_empty());
//! ```
//!
//! The test fails, and says why:
//!
//! ```text
//! 4:1: error: the stream ends before the blank line of a block: an event of type `progress`
//! with 12 bytes of data and the id `1` are lost; end each event with an empty line (R20, 9.2.6)
//! ```
//!
//! Once there is nothing to complain about, the [`Summary`] tells whether the stream is the one
//! that was meant:
//!
//! ```
//! # use core::time::Duration;
//! # use sse_wire::check::Checker;
//! # let body = b"retry: 3000\n\nid: 1\ndata: {\"done\": 50}\n\nid: 2\ndata: [DONE]\n\n";
//! let mut checker = Checker::new();
//! checker.feed(body);
//! assert_eq!(checker.finish().next(), None);
//!
//! let summary = checker.summary();
//! assert_eq!(summary.events, 2);
//! assert_eq!(summary.events_with_id, summary.events, "a client can resume behind each event");
//! assert_eq!(summary.retry_values, [Duration::from_secs(3)]);
//! assert_eq!((summary.line_ends.crlf, summary.line_ends.cr), (0, 0));
//! assert!(summary.largest_event < 64 * 1024, "what our smallest client takes");
//! ```
//!
//! A stream may have what looks wrong and is meant: assert on [`Diagnostic::kind`] then, or on
//! [`Summary::count`] of the kinds that matter.
//!
//! # What is found
//!
//! [`Kind`] lists it all. An [error](Severity::Error) is a loss: a client that does as the
//! specification says drops or alters something that was sent. A [warning](Severity::Warning) is
//! legal, but probably not what was meant, or not what every client can do. What is written in fine
//! style and what is not is told only to those who [ask](Checker::with_style).
//!
//! A JSON document or an HTML page where a stream should be is one error, and so is a JSON text
//! that a line end has cut: its other lines are not reported one by one.

mod diagnostic;
mod fields;
mod json;
mod kind;
mod looks;
mod summary;

use crate::line::{LineEnd, Lines};
use crate::text::BOM;
use crate::{DecodeError, Decoder, Frame};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::time::Duration;
use fields::Block;
use json::Json;

pub use diagnostic::{Diagnostic, Diagnostics};
pub use kind::{Kind, Severity};
pub use summary::{LineEnds, Summary};

use diagnostic::{Findings, Line, Place};

/// So many diagnostics of a kind are handed out unless the caller says otherwise.
const DEFAULT_MAX_PER_KIND: u64 = 10;

/// What the name, colon and space of a known field take in a line, at most.
const BEFORE_VALUE: usize = crate::field::DECISIVE;

/// The capacity of the line buffer that outlives a line, in bytes.
const KEPT: usize = 8192;

/// Reads an event stream in chunks, and finds what is wrong with it.
///
/// How the stream is cut into chunks cannot be observed in what is found. A [`Decoder`] inside
/// tells what a client dispatches, so the two cannot disagree.
///
/// ```
/// use sse_wire::check::{Checker, Kind};
///
/// let mut checker = Checker::new();
/// let mut found = vec![];
/// for chunk in ["data: hello\n", "\nretry: 1", ".5\n\n"] {
///     found.extend(checker.feed(chunk.as_bytes()));
/// }
/// found.extend(checker.finish());
/// assert_eq!(found[0].kind(), Kind::InvalidRetry);
/// assert_eq!(checker.summary().events, 1);
/// ```
///
/// # Order
///
/// Diagnostics come in the order of the stream: each as soon as its line is complete, those of one
/// line by their place in it. Only where a block's end shows what is wrong with a line inside it,
/// that comes with the block's end.
///
/// # Memory and time
///
/// A checker holds what a [`Decoder`] holds, and of a line that a chunk's end has cut as many bytes
/// as the decoder may hold of a block. Diagnostics that were not taken wait for the next call;
/// there are at most so many of each kind as [`with_max_per_kind`](Self::with_max_per_kind) says.
/// Time is linear in the number of bytes.
#[derive(Clone, Debug)]
pub struct Checker {
    findings: Findings,
    summary: Summary,
    /// The stream is over; what is fed next belongs to another one.
    finished: bool,

    /// Tells what a client makes of the stream.
    client: Decoder,
    heard: Heard,

    lines: Lines,
    /// The line that a chunk's end has cut: not more of it than is looked at.
    cut: Vec<u8>,
    /// How long it is so far.
    cut_length: u64,
    /// Where the current line starts, and its number.
    offset: u64,
    number: u64,
    /// The last chunk ended in a CR: the next byte tells whether that is all of a line's end.
    cr: Option<Place>,

    block: Block,
    /// The data of the block, or of the last one that had any.
    json: Json,
    /// What is neither field nor comment is part of something else, which was reported as this.
    foreign: Option<Kind>,
    /// The first field, if it looks like the size of an HTTP chunk and the end of its line is not
    /// known.
    chunk_size: Option<Place>,
    /// HTTP chunks were not taken apart.
    chunked: bool,
    /// Any field was there, be it an unknown one.
    has_fields: bool,
    /// Hashes of the ids that became the last event ID.
    ids: BTreeSet<u64>,
}

/// What the decoder has said since the line began.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    event: bool,
    too_large: bool,
    retry: Option<Duration>,
}

impl Checker {
    /// A checker at the start of a stream, with the limit for events that a [`Decoder`] has.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            findings: Findings::new(DEFAULT_MAX_PER_KIND),
            summary: Summary::new(),
            finished: false,
            client: Decoder::new(),
            heard: Heard {
                event: false,
                too_large: false,
                retry: None,
            },
            lines: Lines::new(),
            cut: Vec::new(),
            cut_length: 0,
            offset: 0,
            number: 1,
            cr: None,
            block: Block::new(),
            json: Json::START,
            foreign: None,
            chunk_size: None,
            chunked: false,
            has_fields: false,
            ids: BTreeSet::new(),
        }
    }

    /// Sets how much one block may hold, in bytes: see [`Decoder::with_max_event_size`]. More is
    /// [`Kind::EventTooLarge`].
    ///
    /// ```
    /// # use sse_wire::check::{Checker, Kind};
    /// let mut checker = Checker::new().with_max_event_size(5);
    /// let diagnostic = checker.feed(b"data: hello\n\ndata: hello!\n\n").next().unwrap();
    /// assert_eq!((diagnostic.kind(), diagnostic.line()), (Kind::EventTooLarge, 3));
    /// ```
    #[must_use]
    pub fn with_max_event_size(mut self, bytes: usize) -> Self {
        self.client = self.client.with_max_event_size(bytes);
        self
    }

    /// Sets how many diagnostics of each kind are handed out, 10 unless set. Further ones are only
    /// [counted](Summary::count).
    ///
    /// ```
    /// # use sse_wire::check::Checker;
    /// let mut checker = Checker::new().with_max_per_kind(3);
    /// assert_eq!(checker.feed(&b"Data: x\n".repeat(1000)).count(), 3);
    /// ```
    #[must_use]
    pub const fn with_max_per_kind(mut self, diagnostics: u64) -> Self {
        self.findings.max_per_kind = diagnostics;
        self
    }

    /// Sets whether to tell of matters of style as well: see [`Kind::is_style`].
    ///
    /// ```
    /// # use sse_wire::check::{Checker, Kind};
    /// let stream = b"data:hello\n\n";
    /// assert_eq!(Checker::new().feed(stream).next(), None);
    /// let diagnostic = Checker::new().with_style(true).feed(stream).next().unwrap();
    /// assert_eq!(diagnostic.kind(), Kind::NoSpaceAfterColon);
    /// ```
    #[must_use]
    pub const fn with_style(mut self, style: bool) -> Self {
        self.findings.style = style;
        self
    }

    /// Takes in the next chunk of the stream, whole, and returns what was found so far.
    ///
    /// What is not taken from the iterator is returned by the next call, so it may be ignored up to
    /// [`finish`](Self::finish). Behind that, a chunk that is not empty begins another stream.
    ///
    /// ```
    /// # use sse_wire::check::Checker;
    /// let mut checker = Checker::new();
    /// for chunk in ["Data: hel", "lo\n\n"] {
    ///     for diagnostic in checker.feed(chunk.as_bytes()) {
    ///         println!("{diagnostic}");
    ///     }
    /// }
    /// # assert_eq!(checker.summary().errors(), 1);
    /// ```
    pub fn feed(&mut self, chunk: &[u8]) -> Diagnostics<'_> {
        if !chunk.is_empty() {
            if self.finished {
                self.begin_stream();
            }
            self.take_in(chunk);
        }
        self.findings.drain()
    }

    /// Ends the stream, and returns what was found and not yet taken. Ending it again changes
    /// nothing.
    ///
    /// ```
    /// # use sse_wire::check::{Checker, Kind};
    /// let mut checker = Checker::new();
    /// assert_eq!(checker.feed(b"data: hello\n").next(), None);
    /// assert_eq!(checker.finish().next().unwrap().kind(), Kind::EndInsideBlock);
    /// ```
    pub fn finish(&mut self) -> Diagnostics<'_> {
        if !mem::replace(&mut self.finished, true) {
            self.end_stream();
        }
        self.findings.drain()
    }

    /// What the stream was made of, as far as it was fed: of the last one, if that was finished.
    ///
    /// ```
    /// # use sse_wire::check::Checker;
    /// let mut checker = Checker::new();
    /// checker.feed(b"data: hello\n\n");
    /// assert_eq!(checker.summary().events, 1);
    /// ```
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    fn begin_stream(&mut self) {
        let findings = mem::replace(&mut self.findings, Findings::new(0));
        let limit = self.client.max_event_size();
        *self = Self {
            findings,
            ..Self::new().with_max_event_size(limit)
        };
    }

    fn take_in(&mut self, chunk: &[u8]) {
        let mut start = self.lines.start_chunk(chunk);
        self.end_after_cr(&chunk[..start]);
        while let Some(LineEnd { end, next }) = self.lines.next(chunk, start) {
            self.listen(&chunk[start..next]);
            self.end_line(&chunk[start..end], &chunk[end..next], next == chunk.len());
            start = next;
        }
        self.listen(&chunk[start..]);
        self.cut_line(&chunk[start..]);
    }

    /// Lets the decoder read on, and notes what it says.
    fn listen(&mut self, bytes: &[u8]) {
        self.summary.bytes += bytes.len() as u64;
        let mut feed = self.client.feed(bytes);
        while let Some(frame) = feed.next_frame() {
            match frame {
                Ok(Frame::Event(event)) => {
                    self.heard.event = true;
                    self.summary.add_event(&event);
                }
                Ok(Frame::Retry(retry)) => {
                    self.heard.retry = Some(retry);
                    self.summary.add_retry(retry);
                }
                Err(DecodeError::EventTooLarge { .. }) => self.heard.too_large = true,
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// Adds to the line that was cut, but not more than is looked at.
    fn cut_line(&mut self, more: &[u8]) {
        let room = self.max_line().saturating_sub(self.cut.len());
        self.cut.extend_from_slice(&more[..more.len().min(room)]);
        self.cut_length += more.len() as u64;
    }

    /// So many bytes of a line are looked at: all of a value that the decoder takes, and a byte
    /// order mark.
    fn max_line(&self) -> usize {
        self.client
            .max_event_size()
            .saturating_add(BOM.len() + BEFORE_VALUE)
    }

    /// The current line is complete.
    fn end_line(&mut self, rest: &[u8], line_end: &[u8], chunk_ends: bool) {
        if self.cut_length == 0 {
            let looked_at = rest.len().min(self.max_line());
            self.take_line(&rest[..looked_at], rest.len() as u64, line_end, chunk_ends);
        } else {
            self.cut_line(rest);
            let mut cut = mem::take(&mut self.cut);
            self.take_line(&cut, self.cut_length, line_end, chunk_ends);
            self.cut_length = 0;
            if cut.capacity() <= KEPT {
                cut.clear();
                self.cut = cut;
            }
        }
    }

    fn take_line(&mut self, bytes: &[u8], length: u64, line_end: &[u8], chunk_ends: bool) {
        let line = self.line(bytes, length);
        self.summary.longest_line = self.summary.longest_line.max(line.length);
        if line.length == 0 {
            self.blank_line(&line);
        } else {
            self.field_line(&line);
        }
        self.findings.end_line();
        self.heard = Heard::default();
        self.offset += length + line_end.len() as u64;
        self.number += 1;
        if line_end == b"\r" && chunk_ends {
            self.cr = Some(line.end(1));
        } else {
            self.end_with(line_end, |length| line.end(length));
        }
    }

    /// The line of these bytes, without the byte order mark at the start of the stream (R5).
    fn line<'a>(&self, bytes: &'a [u8], length: u64) -> Line<'a> {
        let bom = if self.offset == 0 && bytes.starts_with(&BOM) {
            BOM.len()
        } else {
            0
        };
        Line {
            bytes: &bytes[bom..],
            length: length - bom as u64,
            offset: self.offset + bom as u64,
            number: self.number,
        }
    }

    /// A chunk has ended in a CR: `line_feed` is what the next one has of that line's end, if
    /// anything.
    fn end_after_cr(&mut self, line_feed: &[u8]) {
        self.listen(line_feed);
        self.offset += line_feed.len() as u64;
        if let Some(place) = self.cr.take() {
            let line_end: &[u8] = if line_feed.is_empty() { b"\r" } else { b"\r\n" };
            self.end_with(line_end, |length| place.with_length(length));
        }
    }

    fn end_with(&mut self, line_end: &[u8], place: impl Fn(u64) -> Place) {
        self.settle_chunk_size(line_end == b"\r\n");
        let LineEnds { lf, crlf, cr } = &mut self.summary.line_ends;
        let (this, name, others) = match line_end {
            b"\n" => (lf, "an LF", [(crlf, "CRLF"), (cr, "CR")]),
            b"\r\n" => (crlf, "a CRLF", [(lf, "LF"), (cr, "CR")]),
            _ => (cr, "a CR alone", [(lf, "LF"), (crlf, "CRLF")]),
        };
        *this += 1;
        if *this > 1 || self.foreign.is_some() || self.chunked {
            return self.findings.end_line();
        }
        let before = others
            .into_iter()
            .find(|(count, _)| **count > 0)
            .map(|(_, name)| name);
        let place = || place(line_end.len() as u64);
        if let Some(before) = before {
            self.report(
                Kind::MixedLineEnds,
                place,
                format_args!(
                    "this line ends with {name}, earlier ones with {before}: use one kind of line \
                     end, and none in a value"
                ),
            );
        }
        if line_end == b"\r" {
            self.report(
                Kind::BareCr,
                place,
                format_args!(
                    "this line ends with a CR alone, which is legal but not known to every client: \
                     use LF"
                ),
            );
        }
        self.findings.end_line();
    }

    fn end_stream(&mut self) {
        self.end_after_cr(b"");
        let cut = mem::take(&mut self.cut);
        let length = mem::take(&mut self.cut_length);
        let line = self.line(&cut, length);
        self.summary.longest_line = self.summary.longest_line.max(line.length);
        let lost = match self.client.finish() {
            None => fields::lost(None),
            Some(Ok(event)) => fields::lost(Some(&event)),
            Some(Err(_)) => {
                self.heard.too_large = true;
                fields::lost(None)
            }
        };
        self.cut_off(&line, &lost);
        self.findings.end_line();
    }

    fn report(&mut self, kind: Kind, place: impl FnOnce() -> Place, message: fmt::Arguments<'_>) {
        self.findings
            .report(&mut self.summary, kind, place, message);
    }
}

impl Default for Checker {
    fn default() -> Self {
        Self::new()
    }
}
