//! What is wrong, and where.

use super::place::Place;
use super::{Kind, Severity};
use alloc::collections::VecDeque;
use alloc::string::String;
use core::fmt;

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
///     "2:1: error: field `Data` is ignored: names are case-sensitive, write `data` \
///      [field-name-case]",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    kind: Kind,
    place: Place,
    message: String,
}

impl Diagnostic {
    pub(super) const fn new(kind: Kind, place: Place, message: String) -> Self {
        Self {
            kind,
            place,
            message,
        }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// How serious it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.kind.severity()
    }

    /// The rules behind it: see [`Kind::rule`].
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        self.kind.rule()
    }

    /// What a client does, and how to fix it: one sentence without a full stop.
    ///
    /// Quotes from the stream are short, and safe to show on a terminal.
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
    /// Invalid UTF-8 counts as the U+FFFD that replaces it, and the byte order mark at the start of
    /// the stream does not count.
    #[must_use]
    pub const fn column(&self) -> u64 {
        self.place.column
    }

    /// The line, or about 120 bytes of it, with U+FFFD for invalid UTF-8. Control characters are
    /// left as they are.
    #[must_use]
    pub fn excerpt(&self) -> &str {
        &self.place.excerpt
    }

    /// The column of the first character of the [`excerpt`](Self::excerpt); above 1 if the excerpt
    /// leaves out the start of the line.
    #[must_use]
    pub const fn excerpt_column(&self) -> u64 {
        self.place.excerpt_column
    }

    /// Whether the line continues after the [`excerpt`](Self::excerpt).
    #[must_use]
    pub const fn excerpt_is_cut(&self) -> bool {
        self.place.excerpt_is_cut
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, column, .. } = self.place;
        let (severity, message, kind) = (self.severity(), &self.message, self.kind);
        write!(f, "{line}:{column}: {severity}: {message} [{kind}]")
    }
}

/// The diagnostics found so far, in stream order: returned by
/// [`Checker::feed`](super::Checker::feed).
#[derive(Debug)]
pub struct Diagnostics<'c> {
    queue: &'c mut VecDeque<Diagnostic>,
}

impl<'c> Diagnostics<'c> {
    pub(super) const fn of(queue: &'c mut VecDeque<Diagnostic>) -> Self {
        Self { queue }
    }
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
