//! Chunks to lines: whole ones, with their places, however they were cut.

use super::place::Line;
use crate::line::LineEnd;
use crate::text;
use alloc::vec::Vec;
use core::mem;

/// The capacity of the line buffer that outlives a line, in bytes.
const KEPT: usize = 8192;

/// Puts lines together, and counts them.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    search: crate::line::Lines,
    /// The line that a chunk's end has cut: not more of it than is judged.
    cut: Vec<u8>,
    /// How long it is so far.
    cut_length: u64,
    /// The line in `cut` has been lent.
    spent: bool,
    /// Where the current line starts, and its number.
    offset: u64,
    number: u64,
}

impl Lines {
    pub(super) const fn new() -> Self {
        Self {
            search: crate::line::Lines::new(),
            cut: Vec::new(),
            cut_length: 0,
            spent: false,
            offset: 0,
            number: 1,
        }
    }

    /// Begins the next chunk, and returns where its first line starts. An LF that belongs to the
    /// CR at the end of the chunk before is passed over.
    pub(super) fn start_chunk(&mut self, chunk: &[u8]) -> usize {
        let start = self.search.start_chunk(chunk);
        self.offset += start as u64;
        start
    }

    pub(super) fn next(&mut self, chunk: &[u8], start: usize) -> Option<LineEnd> {
        self.search.next(chunk, start)
    }

    /// Adds to the line that was cut, up to the `most` bytes that are judged.
    pub(super) fn cut(&mut self, more: &[u8], most: usize) {
        self.forget_spent();
        let room = most.saturating_sub(self.cut.len());
        self.cut.extend_from_slice(&more[..more.len().min(room)]);
        self.cut_length += more.len() as u64;
    }

    /// The line that `rest` completes. Its end has `end` bytes.
    pub(super) fn complete<'a>(&'a mut self, rest: &'a [u8], end: usize, most: usize) -> Line<'a> {
        self.forget_spent();
        let (offset, number) = (self.offset, self.number);
        self.number += 1;
        if self.cut_length == 0 {
            self.offset += (rest.len() + end) as u64;
            return line(
                &rest[..rest.len().min(most)],
                rest.len() as u64,
                offset,
                number,
            );
        }
        self.cut(rest, most);
        self.spent = true;
        self.offset += self.cut_length + end as u64;
        line(&self.cut, self.cut_length, offset, number)
    }

    /// The line that the end of the stream has cut: empty after a line end.
    pub(super) fn unfinished(&mut self) -> Line<'_> {
        self.forget_spent();
        self.spent = true;
        line(&self.cut, self.cut_length, self.offset, self.number)
    }

    fn forget_spent(&mut self) {
        if mem::take(&mut self.spent) {
            self.cut_length = 0;
            self.cut.clear();
            if self.cut.capacity() > KEPT {
                self.cut = Vec::new();
            }
        }
    }
}

/// The line of these bytes, without the byte order mark at the start of the stream (R5).
fn line(bytes: &[u8], length: u64, offset: u64, number: u64) -> Line<'_> {
    let bom = if offset == 0 { text::bom_len(bytes) } else { 0 };
    Line {
        bytes: &bytes[bom..],
        length: length - bom as u64,
        offset: offset + bom as u64,
        number,
    }
}
