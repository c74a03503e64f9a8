//! What is wrong, and where.

use super::{Kind, Severity, Summary};
use crate::text;
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::ops::Range;

/// How much of a line is shown, in bytes of the stream, and how much of that stands before what it
/// is about.
const SHOWN: usize = 120;
const SHOWN_BEFORE: usize = 50;

/// Something that is wrong with a stream, where it is, and what to do about it.
///
/// ```
/// use sse_wire::check::{Checker, Kind};
///
/// let mut checker = Checker::new();
/// let diagnostic = checker.feed(b"id: 7\nData: hello\n\n").next().unwrap();
/// assert_eq!(diagnostic.kind(), Kind::FieldNameCase);
/// assert_eq!((diagnostic.line(), diagnostic.column()), (2, 1));
/// assert_eq!((diagnostic.offset(), diagnostic.length()), (6, 4));
/// assert_eq!(diagnostic.excerpt(), "Data: hello");
/// assert_eq!(
///     diagnostic.to_string(),
///     "2:1: error: field `Data` is ignored: names are case-sensitive, write `data` (R12, 9.2.6)",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    kind: Kind,
    place: Place,
    message: String,
}

impl Diagnostic {
    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.kind.severity()
    }

    /// The rules that it rests on: see [`Kind::rule`].
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        self.kind.rule()
    }

    /// What a client does, and how to mend it: one sentence without a full stop.
    ///
    /// What it quotes of the stream is short, and safe to show on a terminal.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where in the stream it starts, in bytes.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.place.offset
    }

    /// How many bytes it is about; 0 for something that is missing.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.place.length
    }

    /// Its line; the first one is 1.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.place.line
    }

    /// Where in the line it starts, in characters; the first one is 1.
    ///
    /// What is not UTF-8 counts as the U+FFFD that it becomes, and the byte order mark at the start
    /// of the stream does not count.
    #[must_use]
    pub const fn column(&self) -> u64 {
        self.place.column
    }

    /// The line, or about 120 bytes of it, with U+FFFD for what is not UTF-8. Control characters
    /// are as they came.
    #[must_use]
    pub fn excerpt(&self) -> &str {
        &self.place.excerpt
    }

    /// The column of the first character of the [`excerpt`](Self::excerpt); above 1 where the start
    /// of the line is not in it.
    #[must_use]
    pub const fn excerpt_column(&self) -> u64 {
        self.place.excerpt_column
    }

    /// Whether the line goes on behind the [`excerpt`](Self::excerpt).
    #[must_use]
    pub const fn excerpt_is_cut(&self) -> bool {
        self.place.excerpt_is_cut
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, column, .. } = self.place;
        let (severity, message, rule) = (self.severity(), &self.message, self.rule());
        write!(f, "{line}:{column}: {severity}: {message} ({rule})")
    }
}

/// The diagnostics that are known, in stream order: returned by
/// [`Checker::feed`](super::Checker::feed).
#[derive(Debug)]
pub struct Diagnostics<'c> {
    queue: &'c mut VecDeque<Diagnostic>,
}

impl Iterator for Diagnostics<'_> {
    type Item = Diagnostic;

    fn next(&mut self) -> Option<Diagnostic> {
        self.queue.pop_front()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.queue.len(), Some(self.queue.len()))
    }
}

impl ExactSizeIterator for Diagnostics<'_> {}

/// Where something is, with what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    offset: u64,
    length: u64,
    line: u64,
    column: u64,
    excerpt: String,
    excerpt_column: u64,
    excerpt_is_cut: bool,
}

impl Place {
    pub(super) fn with_length(&self, length: u64) -> Self {
        Self {
            length,
            ..self.clone()
        }
    }
}

/// A line that is being looked at.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    /// Its text without its end; of a line over the limit only the start.
    pub(super) bytes: &'a [u8],
    /// Its length, all told.
    pub(super) length: u64,
    pub(super) offset: u64,
    pub(super) number: u64,
}

impl Line<'_> {
    /// The place of these bytes of the line.
    pub(super) fn place(&self, span: Range<usize>) -> Place {
        self.place_at(1 + text::characters(&self.bytes[..span.start]) as u64, span)
    }

    /// The same for those who know the column already.
    pub(super) fn place_at(&self, column: u64, span: Range<usize>) -> Place {
        let shown = self.shown(span.start);
        let before = text::characters(&self.bytes[shown.start..span.start]) as u64;
        let excerpt_is_cut = (shown.end as u64) < self.length;
        let mut excerpt = String::new();
        text::decode_into(&self.bytes[shown], &mut excerpt);
        Place {
            offset: self.offset + span.start as u64,
            length: span.len() as u64,
            line: self.number,
            column,
            excerpt,
            excerpt_column: column - before,
            excerpt_is_cut,
        }
    }

    /// The place of the whole line.
    pub(super) fn whole(&self) -> Place {
        Place {
            length: self.length,
            ..self.place(0..0)
        }
    }

    /// The place where the line stops.
    pub(super) fn end(&self, length: u64) -> Place {
        let end = self.bytes.len();
        let place = self.place(end..end);
        let cut_off = self.length - end as u64;
        Place {
            offset: place.offset + cut_off,
            length,
            ..place
        }
    }

    /// What is shown of the line for something that starts at `start`, cut between characters.
    fn shown(&self, start: usize) -> Range<usize> {
        let len = self.bytes.len();
        if len <= SHOWN {
            return 0..len;
        }
        let from = start.saturating_sub(SHOWN_BEFORE).min(len - SHOWN);
        text::boundary(self.bytes, from)..text::boundary(self.bytes, from + SHOWN)
    }
}

/// The diagnostics of a stream, and how many there were.
#[derive(Clone, Debug)]
pub(super) struct Findings {
    pub(super) style: bool,
    pub(super) max_per_kind: u64,
    /// Those of the line that is being looked at, in any order.
    of_line: Vec<Diagnostic>,
    queue: VecDeque<Diagnostic>,
}

impl Findings {
    pub(super) const fn new(max_per_kind: u64) -> Self {
        Self {
            style: false,
            max_per_kind,
            of_line: Vec::new(),
            queue: VecDeque::new(),
        }
    }

    /// Counts it, and keeps it unless there were enough of its kind.
    pub(super) fn report(
        &mut self,
        summary: &mut Summary,
        kind: Kind,
        place: impl FnOnce() -> Place,
        message: fmt::Arguments<'_>,
    ) {
        if kind.is_style() && !self.style {
            return;
        }
        let count = summary.counts.entry(kind).or_default();
        *count += 1;
        if *count <= self.max_per_kind {
            let (place, message) = (place(), message.to_string());
            self.of_line.push(Diagnostic {
                kind,
                place,
                message,
            });
        }
    }

    /// Puts what was found in a line in order.
    pub(super) fn end_line(&mut self) {
        if !self.of_line.is_empty() {
            self.of_line.sort_by_key(Diagnostic::offset);
            self.queue.extend(self.of_line.drain(..));
        }
    }

    pub(super) fn drain(&mut self) -> Diagnostics<'_> {
        Diagnostics {
            queue: &mut self.queue,
        }
    }
}

/// Bytes of the stream in a message: between backticks, short, and with what is unseen or reorders
/// the text around it escaped.
pub(super) struct Quoted<'a>(pub(super) &'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const QUOTED: usize = 40;
        let end = text::boundary(self.0, QUOTED.min(self.0.len()));
        f.write_str("`")?;
        let mut shown = String::new();
        text::decode_into(&self.0[..end], &mut shown);
        for character in shown.chars() {
            let misleads = matches!(
                character,
                '\u{feff}' | '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                    | '\u{2066}'..='\u{2069}'
            );
            if character.is_control() || misleads {
                write!(f, "{}", character.escape_debug())?;
            } else {
                f.write_char(character)?;
            }
        }
        f.write_str(if end < self.0.len() { "…`" } else { "`" })
    }
}
