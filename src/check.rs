//! Diagnostics: what is wrong with an event stream, where, and what to do about it (R27).
//!
//! A decoder never complains. It ignores whatever is not a field, and the client shows nothing: a
//! name in the wrong case, a blank line that is missing, a page of HTML. The [`Checker`] reads a
//! stream in chunks, as they arrive, and reports what a client makes of it.
//!
//! # Testing a server
//!
//! Take the body of a response, feed it to a checker, and assert that nothing was found. Here
//! `respond` stands for a server that joins its lines without the last line end.
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
//! with 12 bytes of data and the id `1` are lost; end each event with an empty line
//! [end-inside-block]
//! ```
//!
//! Once nothing is found, the [`Summary`] shows whether the stream is the one that was meant:
//!
//! ```
//! # use core::time::Duration;
//! # use sse_wire::check::Checker;
//! # let body = b"retry: 3000\n\nid: 1\ndata: {\"done\": 50}\n\nid: 2\ndata: [DONE]\n\n";
//! let mut checker = Checker::new();
//! checker.feed(body);
//! assert_eq!(checker.finish().next(), None);
//!
//! let summary = checker.summary(); assert_eq!(summary.events, 2);
//! assert_eq!(summary.events_with_id, summary.events, "a client can resume after each event");
//! assert_eq!(summary.retry_values, [Duration::from_secs(3)]); assert_eq!((summary.line_ends.crlf,
//! summary.line_ends.cr), (0, 0)); assert!(summary.largest_event < 64 * 1024, "the limit of our
//! smallest client");
//! ```
//!
//! If something only looks wrong, assert on [`Diagnostic::kind`] instead, or on [`Summary::count`]
//! of the kinds that matter. [`Checker::with_known_field`] allows a field that is intended.
//!
//! # What is found
//!
//! [`Kind`] lists it all. An [error](Severity::Error) is a loss: a client that follows the
//! specification drops or alters something that was sent. A [warning](Severity::Warning) is legal,
//! but probably not what was meant, or not what every client can do. Matters of style are reported
//! only [on request](Checker::with_style).
//!
//! One cause is one diagnostic. A JSON document or an HTML page where a stream should be is one
//! error, and so is the output of a recording tool: its other lines are not reported. If the same
//! fault comes again, it is only [counted](Summary::count).

// The order in which a reader learns what the checker does: `lines` puts chunks together; `stream`
// passes each line to the modules that judge it: `fields` judges its value, `block` its block,
// `data` JSON and text, `ends` its end, `foreign` and `unknown` whatever is not a field. `findings`
// keeps what they report.
mod block;
mod data;
mod diagnostic;
mod ends;
mod fields;
mod findings;
mod foreign;
mod json;
mod kind;
mod lines;
mod looks;
mod place;
mod stream;
mod summary;
mod tools;
mod unknown;

use crate::text::BOM;
use crate::{DecodeError, Decoder, Frame};
use alloc::string::String;
use core::mem;
use core::time::Duration;

pub use diagnostic::{Diagnostic, Diagnostics};
pub use kind::{Kind, Severity};
pub use summary::{LineEnds, Summary};

use ends::End;
use findings::Findings;
use lines::Lines;
use stream::Stream;

/// This many diagnostics of a kind are reported unless the caller sets another number.
const DEFAULT_MAX_PER_KIND: u64 = 10;

/// The most bytes that the name, colon and space of a known field take in a line.
const BEFORE_VALUE: usize = crate::field::DECISIVE;

/// Reads an event stream in chunks, and finds what is wrong with it.
///
/// Chunk boundaries make no difference to what is found. A [`Decoder`] inside knows what a client
/// dispatches, so the two cannot disagree.
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
/// Diagnostics come in stream order, each as soon as its line is complete. Those of one line are
/// sorted by their place. A fault that only a later line reveals is reported after that line, with
/// the place that it is about. Until a field or comment comes, what is found in up to ten lines is
/// held back: perhaps this is not a stream at all.
///
/// # Memory and time
///
/// A checker holds what a [`Decoder`] holds, and the line that a chunk's end has cut. It holds no
/// more of that line than the decoder allows for a block, and keeps 8 KiB of the buffer.
/// Diagnostics that you do not take wait for the next call, at most
/// [`with_max_per_kind`](Self::with_max_per_kind) of each kind. Time is linear in the number of
/// bytes.
#[derive(Clone, Debug)]
pub struct Checker {
    /// The stream is over; what is fed next belongs to another one.
    finished: bool,
    /// Knows what a client makes of the stream.
    client: Decoder,
    heard: Heard,
    lines: Lines,
    stream: Stream,
    findings: Findings,
}

/// What the decoder has reported since the line began.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    event: bool,
    too_large: bool,
    retry: Option<Duration>,
}

impl Heard {
    const NOTHING: Self = Self {
        event: false,
        too_large: false,
        retry: None,
    };
}

impl Checker {
    /// A checker at the start of a stream, with the same limit for events as a new [`Decoder`].
    #[must_use]
    pub const fn new() -> Self {
        Self {
            finished: false,
            client: Decoder::new(),
            heard: Heard::NOTHING,
            lines: Lines::new(),
            stream: Stream::new(),
            findings: Findings::new(DEFAULT_MAX_PER_KIND),
        }
    }

    /// Sets how much one block may hold, in bytes: see [`Decoder::with_max_event_size`]. A
    /// larger block is [`Kind::EventTooLarge`].
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

    /// Sets how many diagnostics of each kind are reported; the default is 10. The same message is
    /// reported only once. Everything that is found is [counted](Summary::count).
    ///
    /// ```
    /// # use sse_wire::check::{Checker, Kind};
    /// let mut checker = Checker::new().with_max_per_kind(3);
    /// assert_eq!(checker.feed(b"a: 1\nb: 1\nc: 1\nd: 1\n: ok\n").count(), 3);
    /// assert_eq!(checker.feed(&b"Data: x\n".repeat(1000)).count(), 1);
    /// assert_eq!(checker.summary().count(Kind::FieldNameCase), 1000);
    /// ```
    #[must_use]
    pub const fn with_max_per_kind(mut self, diagnostics: u64) -> Self {
        self.findings.max_per_kind = diagnostics;
        self
    }

    /// Adds the name of a field that is intended, though it is none of the four: Mercure sends
    /// `topics`, for example. Clients ignore it, and it is not reported.
    ///
    /// ```
    /// # use sse_wire::check::Checker;
    /// let mut checker = Checker::new().with_known_field("topics");
    /// assert_eq!(checker.feed(b"topics: [\"/a\"]\ndata: a\n\n").next(), None);
    /// ```
    #[must_use]
    pub fn with_known_field(mut self, name: impl Into<String>) -> Self {
        self.stream.known.insert(name.into());
        self
    }

    /// Sets whether to report matters of style as well: see [`Kind::is_style`].
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

    /// Consumes the next chunk of the stream, all of it, and returns what was found so far.
    ///
    /// The next call returns what you do not take from the iterator, so you may ignore it until
    /// [`finish`](Self::finish). After that, a chunk that is not empty begins another stream.
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
            self.consume(chunk);
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

    /// What the stream so far consists of; after `finish`, what the finished stream consisted of.
    ///
    /// ```
    /// # use sse_wire::check::Checker;
    /// let mut checker = Checker::new();
    /// checker.feed(b"data: hello\n\n");
    /// assert_eq!(checker.summary().events, 1);
    /// ```
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.findings.summary
    }

    fn begin_stream(&mut self) {
        let limit = self.client.max_event_size();
        let mut next = Self::new().with_max_event_size(limit);
        mem::swap(&mut next.findings, &mut self.findings);
        mem::swap(&mut next.stream.known, &mut self.stream.known);
        next.findings.begin_stream();
        *self = next;
    }

    fn consume(&mut self, chunk: &[u8]) {
        let mut start = self.lines.start_chunk(chunk);
        self.listen(&chunk[..start]);
        self.stream.decide_end(start > 0, &mut self.findings);
        while let Some(line) = self.lines.next(chunk, start) {
            self.listen(&chunk[start..line.next]);
            let is_last = line.next == chunk.len();
            self.end_line(
                &chunk[start..line.end],
                &chunk[line.end..line.next],
                is_last,
            );
            start = line.next;
        }
        self.listen(&chunk[start..]);
        let most = self.max_line();
        self.lines.cut(&chunk[start..], most);
    }

    /// Lets the decoder consume these bytes, and notes what it reports.
    fn listen(&mut self, bytes: &[u8]) {
        let summary = &mut self.findings.summary;
        summary.bytes += bytes.len() as u64;
        let mut feed = self.client.feed(bytes);
        while let Some(frame) = feed.next_frame() {
            match frame {
                Ok(Frame::Event(event)) => {
                    self.heard.event = true;
                    summary.add_event(&event);
                }
                Ok(Frame::Retry(retry)) => {
                    self.heard.retry = Some(retry);
                    summary.add_retry(retry);
                }
                Err(DecodeError::EventTooLarge { .. }) => self.heard.too_large = true,
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// How many bytes of a line are judged: the longest value that the decoder accepts, and a byte
    /// order mark.
    fn max_line(&self) -> usize {
        self.client
            .max_event_size()
            .saturating_add(BOM.len() + BEFORE_VALUE)
    }

    /// `rest` completes the current line.
    fn end_line(&mut self, rest: &[u8], line_end: &[u8], chunk_ends: bool) {
        let (limit, most) = (self.client.max_event_size(), self.max_line());
        let findings = &mut self.findings;
        let line = self.lines.complete(rest, line_end.len(), most);
        let longest = &mut findings.summary.longest_line;
        *longest = line.length.max(*longest);
        if line.length == 0 {
            let id = self.client.last_event_id();
            self.stream
                .blank_line(&line, &self.heard, id, limit, findings);
        } else {
            self.stream.field_line(&line, &self.heard, limit, findings);
        }
        self.heard = Heard::NOTHING;
        let may_continue = chunk_ends && line_end == b"\r";
        self.stream
            .line_ended(&line, End::of(line_end), may_continue, findings);
    }

    fn end_stream(&mut self) {
        self.stream.decide_end(false, &mut self.findings);
        let limit = self.client.max_event_size();
        let line = self.lines.unfinished();
        let longest = &mut self.findings.summary.longest_line;
        *longest = line.length.max(*longest);
        let event = match self.client.finish() {
            Some(Ok(event)) => Some(event),
            Some(Err(_)) => {
                self.heard.too_large = true;
                None
            }
            None => None,
        };
        self.stream.end(
            &line,
            event.as_ref(),
            &self.heard,
            limit,
            &mut self.findings,
        );
    }
}

impl Default for Checker {
    fn default() -> Self {
        Self::new()
    }
}
