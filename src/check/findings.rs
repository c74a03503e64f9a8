//! What was found: counted, in order, and each thing reported once.

use super::diagnostic::{Diagnostic, Diagnostics};
use super::place::Place;
use super::{Kind, Summary, looks};
use crate::text;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};

/// The diagnostics of a stream, and what was counted in it.
#[derive(Clone, Debug)]
pub(super) struct Findings {
    pub(super) style: bool,
    pub(super) max_per_kind: u64,
    pub(super) summary: Summary,
    /// Hashes of what was reported of each kind, so that nothing is reported twice.
    told: BTreeMap<Kind, BTreeSet<u64>>,
    /// The findings of the line that is being judged, in any order.
    of_line: Vec<Diagnostic>,
    /// Whether to hold back what is found, since it may all have one cause.
    pub(super) holds: bool,
    held: Vec<Diagnostic>,
    queue: VecDeque<Diagnostic>,
}

impl Findings {
    pub(super) const fn new(max_per_kind: u64) -> Self {
        Self {
            style: false,
            max_per_kind,
            summary: Summary::new(),
            told: BTreeMap::new(),
            of_line: Vec::new(),
            holds: true,
            held: Vec::new(),
            queue: VecDeque::new(),
        }
    }

    /// Begins another stream with the same settings; what was not taken yet stays.
    pub(super) fn begin_stream(&mut self) {
        let mut next = Self::new(self.max_per_kind);
        next.style = self.style;
        next.queue = core::mem::take(&mut self.queue);
        *self = next;
    }

    /// Counts it. Reports it unless the same, or enough of its kind, was reported before.
    pub(super) fn report(
        &mut self,
        kind: Kind,
        place: impl FnOnce() -> Place,
        message: fmt::Arguments<'_>,
    ) {
        if self.counts(kind) {
            let cause = looks::hash_of(message);
            self.tell(kind, cause, place, message);
        }
    }

    /// The same for findings that share this cause, though their messages differ.
    pub(super) fn report_once(
        &mut self,
        kind: Kind,
        cause: &[u8],
        place: impl FnOnce() -> Place,
        message: fmt::Arguments<'_>,
    ) {
        if self.counts(kind) {
            self.tell(kind, looks::hash(cause), place, message);
        }
    }

    /// Counts it, and returns whether it may be new.
    fn counts(&mut self, kind: Kind) -> bool {
        if kind.is_style() && !self.style {
            return false;
        }
        *self.summary.counts.entry(kind).or_default() += 1;
        let told = self.told.get(&kind).map_or(0, BTreeSet::len);
        (told as u64) < self.max_per_kind
    }

    fn tell(
        &mut self,
        kind: Kind,
        cause: u64,
        place: impl FnOnce() -> Place,
        message: fmt::Arguments<'_>,
    ) {
        if self.told.entry(kind).or_default().insert(cause) {
            let diagnostic = Diagnostic::new(kind, place(), message.to_string());
            self.of_line.push(diagnostic);
        }
    }

    /// Sorts what was found in a line.
    pub(super) fn end_line(&mut self) {
        if !self.of_line.is_empty() {
            self.of_line.sort_by_key(Diagnostic::offset);
            if self.holds {
                self.held.append(&mut self.of_line);
            } else {
                self.queue.extend(self.of_line.drain(..));
            }
        }
    }

    /// What was held back stands, and is reported.
    pub(super) fn release(&mut self) {
        self.holds = false;
        self.queue.extend(self.held.drain(..));
    }

    /// Forgets what was held back: it has one cause, which is reported instead.
    pub(super) fn replace_held(&mut self) {
        self.holds = false;
        self.held.clear();
        self.of_line.clear();
        self.told.clear();
        self.summary.counts.clear();
        self.summary.unknown_fields.clear();
    }

    pub(super) fn drain(&mut self) -> Diagnostics<'_> {
        Diagnostics::of(&mut self.queue)
    }
}

/// Bytes of the stream in a message: between backticks, short, with escapes for invisible
/// characters and for those that reorder text.
pub(super) struct Quoted<'a>(pub(super) &'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const QUOTED: usize = 40;
        let end = text::boundary(self.0, QUOTED.min(self.0.len()));
        let mut shown = String::new();
        text::decode_into(&self.0[..end], &mut shown);
        f.write_str("`")?;
        // Quotes and backslashes are visible, so they are not escaped.
        for part in shown.split_inclusive(['"', '\'', '\\']) {
            let seen = part.trim_end_matches(['"', '\'', '\\']);
            write!(f, "{}", seen.escape_debug())?;
            f.write_str(&part[seen.len()..])?;
        }
        f.write_char(if end < self.0.len() { '…' } else { '`' })?;
        f.write_str(if end < self.0.len() { "`" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn what_is_unseen_is_escaped() {
        for (text, quoted) in [
            ("data", "`data`"),
            ("\u{e9}\u{d55c} \u{1f980}", "`\u{e9}\u{d55c} \u{1f980}`"),
            ("e\u{301}", "`e\u{301}`"),
            (r#"{"a": 'b\n'}"#, r#"`{"a": 'b\n'}`"#),
            (
                "a\u{200b}\u{ad}\u{2060}\u{a0}",
                r"`a\u{200b}\u{ad}\u{2060}\u{a0}`",
            ),
            (
                "\u{feff}\u{202e}\u{1b}\t\r\0",
                r"`\u{feff}\u{202e}\u{1b}\t\r\0`",
            ),
            ("", "``"),
        ] {
            assert_eq!(format!("{}", Quoted(text.as_bytes())), quoted);
        }
        let long = "x".repeat(41);
        assert_eq!(
            format!("{}", Quoted(long.as_bytes())),
            format!("`{}…`", &long[1..])
        );
    }
}
