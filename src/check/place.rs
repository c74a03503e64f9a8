//! A line that is being judged, and places in it.

use crate::text;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// How many bytes of a line are shown, and how many of them are before the place.
const SHOWN: usize = 120;
const SHOWN_BEFORE: usize = 50;

/// Enough of a line to show its start, and to cut that between characters.
const KEPT: usize = SHOWN + 4;

/// Where something is, with what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) line: u64,
    pub(super) column: u64,
    pub(super) excerpt: String,
    pub(super) excerpt_column: u64,
    pub(super) excerpt_is_cut: bool,
}

impl Place {
    pub(super) fn with_length(self, length: u64) -> Self {
        Self { length, ..self }
    }
}

/// A line that is being judged.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    /// Its text without its end; of a line over the limit only the start.
    pub(super) bytes: &'a [u8],
    /// Its length, all of it.
    pub(super) length: u64,
    pub(super) offset: u64,
    pub(super) number: u64,
}

impl Line<'_> {
    /// Whether its end is not in `bytes`.
    pub(super) fn is_cut(&self) -> bool {
        self.length > self.bytes.len() as u64
    }

    /// The place of these bytes of the line.
    pub(super) fn place(&self, span: Range<usize>) -> Place {
        self.place_at(1 + text::characters(&self.bytes[..span.start]) as u64, span)
    }

    /// The same, with a known column.
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
        self.place(0..0).with_length(self.length)
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

    /// The part of the line that is shown for something at `start`, cut between characters.
    fn shown(&self, start: usize) -> Range<usize> {
        let len = self.bytes.len();
        if len <= SHOWN {
            return 0..len;
        }
        let from = start.saturating_sub(SHOWN_BEFORE).min(len - SHOWN);
        text::boundary(self.bytes, from)..text::boundary(self.bytes, from + SHOWN)
    }
}

/// The start of an earlier line, for a fault that only a later one reveals. Its memory is
/// reused.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    bytes: Vec<u8>,
    length: u64,
    offset: u64,
    number: u64,
}

impl Kept {
    pub(super) const NONE: Self = Self {
        bytes: Vec::new(),
        length: 0,
        offset: 0,
        number: 0,
    };

    pub(super) fn set(&mut self, line: &Line<'_>) {
        self.bytes.clear();
        self.bytes
            .extend_from_slice(&line.bytes[..line.bytes.len().min(KEPT)]);
        self.length = line.length;
        self.offset = line.offset;
        self.number = line.number;
    }

    /// Nothing but its start, at which `place(0..0)` and `whole()` are those of the line that was.
    pub(super) fn line(&self) -> Line<'_> {
        Line {
            bytes: &self.bytes,
            length: self.length,
            offset: self.offset,
            number: self.number,
        }
    }
}

/// Columns of places that come in order: no byte is counted twice.
pub(super) struct Columns<'a> {
    bytes: &'a [u8],
    at: usize,
    column: u64,
}

impl<'a> Columns<'a> {
    pub(super) const fn of(line: &Line<'a>) -> Self {
        Self {
            bytes: line.bytes,
            at: 0,
            column: 1,
        }
    }

    pub(super) fn advance(&mut self, to: usize) -> u64 {
        self.column += text::characters(&self.bytes[self.at..to]) as u64;
        self.at = to;
        self.column
    }
}
