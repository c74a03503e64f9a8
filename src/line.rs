//! Bytes to lines: the only place that knows line ends (R2, R6).

use core::array;
use memchr::{memchr2, memchr2_iter};

const CR: u8 = b'\r';
const LF: u8 = b'\n';

/// What a mask covers, in bytes.
const BLOCK: usize = 64;

/// Text below this is searched word by word, which costs less than the call of a vector search.
const SHORT: usize = 32;

/// A line from here on is looked for by a vector search of its own, a shorter one by the mask that
/// it shares.
const LONG: usize = 96;

/// Finds the lines of one chunk after the other.
///
/// A vector search costs about 10 ns however short the line; a mask of the line ends among 64 bytes
/// costs a fraction of that for all of them together, but is slower than the search where lines are
/// long. So both stand behind one interface.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    /// A bit for each line end not yet handed out, the lowest at `base`.
    mask: u64,
    base: usize,
    /// Every line end before this place of the chunk was handed out or has its bit.
    scanned: usize,
    /// Whether the last line was long; the next one probably is, too.
    long: bool,
    /// The last chunk ended in CR: an LF at the start of the next one belongs to it.
    after_cr: bool,
}

/// Where a line stops and the next one starts, in bytes from the start of the chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineEnd {
    pub(crate) end: usize,
    pub(crate) next: usize,
}

impl Lines {
    pub(crate) const fn new() -> Self {
        Self {
            mask: 0,
            base: 0,
            scanned: 0,
            long: false,
            after_cr: false,
        }
    }

    /// Turns to the next chunk, and returns where its first line starts.
    #[inline]
    pub(crate) fn start_chunk(&mut self, chunk: &[u8]) -> usize {
        self.mask = 0;
        self.scanned = 0;
        match chunk.first() {
            Some(&first) if self.after_cr => {
                self.after_cr = false;
                usize::from(first == LF)
            }
            _ => 0,
        }
    }

    /// The end of the line that starts at `start`, if the chunk has it.
    ///
    /// Lines have to be taken in order; one may be left in its middle.
    #[inline(always)]
    pub(crate) fn next(&mut self, chunk: &[u8], start: usize) -> Option<LineEnd> {
        let end = if self.mask != 0 {
            self.take_lowest()
        } else {
            match *chunk.get(start)? {
                // A blank line is the likeliest of all, and needs no search.
                LF => {
                    return Some(LineEnd {
                        end: start,
                        next: start + 1,
                    });
                }
                CR => start,
                _ if chunk.len() < BLOCK => near(chunk, start)?,
                _ => self.far(chunk, start)?,
            }
        };
        let mut next = end + 1;
        if chunk[end] == CR {
            match chunk.get(next) {
                Some(&LF) => {
                    next += 1;
                    // The LF's bit, if there is one: no other lies between.
                    self.drop_lowest();
                }
                Some(_) => {}
                None => self.after_cr = true,
            }
        }
        Some(LineEnd { end, next })
    }

    #[inline(always)]
    fn take_lowest(&mut self) -> usize {
        let end = self.base + self.mask.trailing_zeros() as usize;
        self.drop_lowest();
        end
    }

    #[inline(always)]
    fn drop_lowest(&mut self) {
        self.mask &= self.mask.wrapping_sub(1);
    }

    /// The next line end behind `start`, while the mask is empty.
    #[inline(always)]
    fn far(&mut self, chunk: &[u8], start: usize) -> Option<usize> {
        self.scanned = start.max(self.scanned);
        while !self.long && self.scanned < chunk.len() {
            self.base = self.scanned;
            self.mask = mask_at(chunk, self.scanned);
            self.scanned = chunk.len().min(self.scanned + BLOCK);
            if self.mask != 0 {
                return Some(self.take_lowest());
            }
            self.long = self.scanned - start >= LONG;
        }
        if self.scanned == chunk.len() {
            return None;
        }
        match memchr2(CR, LF, &chunk[self.scanned..]) {
            Some(distance) => {
                let end = self.scanned + distance;
                self.long = end - start >= LONG;
                self.scanned = end + 1;
                Some(end)
            }
            None => {
                self.scanned = chunk.len();
                None
            }
        }
    }
}

/// Cuts text at its line ends: hands out the lines that they end, and returns the one behind them.
///
/// `after_cr` tells whether the text before this one ended in CR, and is told the same of this one.
#[inline]
pub(crate) fn split<'t>(
    text: &'t [u8],
    after_cr: &mut bool,
    mut take: impl FnMut(&'t [u8]),
) -> &'t [u8] {
    let mut start = 0;
    if text.len() >= SHORT || near(text, 0).is_some() {
        for end in memchr2_iter(CR, LF, text) {
            let ends_pair = *after_cr && end == start && text[end] == LF;
            if !ends_pair {
                take(&text[start..end]);
            }
            *after_cr = text[end] == CR;
            start = end + 1;
        }
    }
    *after_cr &= start == text.len();
    &text[start..]
}

/// The next line end in a chunk too short for a mask.
#[inline]
fn near(chunk: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    while let Some(word) = chunk.get(at..).and_then(<[u8]>::first_chunk) {
        let ends = ends_in_word(u64::from_le_bytes(*word));
        if ends != 0 {
            return Some(at + ends.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = chunk[at..]
        .iter()
        .position(|byte| matches!(byte, &CR | &LF));
    rest.map(|distance| at + distance)
}

/// The highest bit of each byte that is a line end: a byte is zero exactly if its lower seven bits
/// cannot carry into the eighth, nor is that set.
#[inline(always)]
fn ends_in_word(word: u64) -> u64 {
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    const LOW: u64 = u64::from_le_bytes([0x7F; 8]);
    const CRS: u64 = u64::from_le_bytes([CR; 8]);
    const LFS: u64 = u64::from_le_bytes([LF; 8]);
    let nonzero = |bytes: u64| ((bytes & LOW) + LOW) | bytes;
    !(nonzero(word ^ CRS) & nonzero(word ^ LFS)) & HIGH
}

/// The line ends among the 64 bytes from `from` on, or among those that are left, in a chunk of no
/// fewer.
#[inline(always)]
fn mask_at(chunk: &[u8], from: usize) -> u64 {
    if let Some(block) = chunk.get(from..).and_then(<[u8]>::first_chunk) {
        return mask(block);
    }
    // Near the end: what was seen already is shifted out.
    let seen = from + BLOCK - chunk.len();
    chunk.last_chunk().map_or(0, |block| mask(block) >> seen)
}

/// One bit a byte: whether it is CR or LF.
///
/// Written so that the compiler compares with vectors; a multiplication then gathers eight bytes of
/// 0 or 1 in one.
#[inline]
fn mask(block: &[u8; BLOCK]) -> u64 {
    let hits: [u8; BLOCK] = array::from_fn(|i| u8::from(block[i] == CR) | u8::from(block[i] == LF));
    let mut mask = 0;
    for (i, eight) in hits.chunks_exact(8).enumerate() {
        let mut word = [0; 8];
        word.copy_from_slice(eight);
        let gathered = u64::from_le_bytes(word).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask |= gathered << (8 * i);
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;

    /// R6 byte by byte: the line ends' places, and whether the last byte is a CR.
    fn naive(bytes: &[u8]) -> Vec<LineEnd> {
        let mut ends = vec![];
        let mut at = 0;
        while at < bytes.len() {
            let end = at;
            at += match bytes[at..] {
                [CR, LF, ..] => 2,
                [_, ..] => 1,
                [] => unreachable!(),
            };
            if matches!(bytes[end], CR | LF) {
                ends.push(LineEnd { end, next: at });
            }
        }
        ends
    }

    fn all(lines: &mut Lines, chunk: &[u8]) -> Vec<LineEnd> {
        let mut start = lines.start_chunk(chunk);
        let mut ends = vec![];
        while let Some(end) = lines.next(chunk, start) {
            start = end.next;
            ends.push(end);
        }
        ends
    }

    #[test]
    fn every_pair_of_line_ends_at_every_distance() {
        for gap in 0..200 {
            for tail in [0, 1, 63, 64, 65, 130] {
                for ends in [
                    "\n",
                    "\r",
                    "\r\n",
                    "\n\r",
                    "\r\r\n",
                    "\n\n",
                    "\r\n\r\n",
                    "\u{2028}\u{85}",
                ] {
                    let mut bytes = vec![b'x'; gap];
                    bytes.extend(ends.bytes());
                    bytes.extend(vec![b'y'; tail]);
                    bytes.extend(ends.bytes());
                    assert_eq!(all(&mut Lines::new(), &bytes), naive(&bytes), "{bytes:?}");
                }
            }
        }
    }

    #[test]
    fn a_pair_cut_by_the_chunks_end_is_one_line_end() {
        let mut lines = Lines::new();
        assert_eq!(all(&mut lines, b"a\r"), [LineEnd { end: 1, next: 2 }]);
        assert_eq!(all(&mut lines, b""), []);
        assert_eq!(all(&mut lines, b"\n\n"), [LineEnd { end: 1, next: 2 }]);
        assert_eq!(all(&mut lines, b"\n"), [LineEnd { end: 0, next: 1 }]);
    }
}
