//! Bytes to lines: the only place that knows line ends (R2, R6).

use core::array;
use memchr::{memchr2, memrchr2};

#[cfg(target_arch = "aarch64")]
use memchr::arch::aarch64::neon::memchr::Two;
#[cfg(target_arch = "x86_64")]
use memchr::arch::x86_64::sse2::memchr::Two;

const CR: u8 = b'\r';
const LF: u8 = b'\n';

/// So many bytes are searched or passed over at once; shorter text by words of so many.
const BLOCK: usize = 16;
const WORD: usize = 8;

/// A line from here on is worth the call of the fastest search.
const LONG: usize = 96;

/// Finds the lines of one chunk after the other.
///
/// Three searches stand behind it: word by word where there is less than a block, block by block
/// where lines are of usual length, and the fastest that the processor has where they are long,
/// since its call costs about 10 ns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines {
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
            // Searching a first line that is short in a long one's way costs less than the reverse.
            long: true,
            after_cr: false,
        }
    }

    /// Turns to the next chunk, and returns where its first line starts.
    #[inline]
    pub(crate) fn start_chunk(&mut self, chunk: &[u8]) -> usize {
        match chunk.first() {
            Some(&first) if self.after_cr => {
                self.after_cr = false;
                usize::from(first == LF)
            }
            _ => 0,
        }
    }

    /// The end of the line that starts at `start`, if the chunk has it.
    #[inline(always)]
    pub(crate) fn next(&mut self, chunk: &[u8], start: usize) -> Option<LineEnd> {
        // A blank line is the likeliest of all, and needs no search.
        let found = match *chunk.get(start)? {
            LF => {
                return Some(LineEnd {
                    end: start,
                    next: start + 1,
                });
            }
            CR => Some(0),
            _ => self.find(&chunk[start..]),
        };
        Some(self.line_end(chunk, start + found?))
    }

    /// The line end that starts at `end`: CRLF is one (R6).
    #[inline(always)]
    fn line_end(&mut self, chunk: &[u8], end: usize) -> LineEnd {
        let mut next = end + 1;
        if chunk[end] == CR {
            match chunk.get(next) {
                Some(&LF) => next += 1,
                Some(_) => {}
                None => self.after_cr = true,
            }
        }
        LineEnd { end, next }
    }

    /// The first line end in a text.
    #[inline(always)]
    fn find(&mut self, text: &[u8]) -> Option<usize> {
        let found = if text.len() < WORD {
            text.iter().position(|&byte| is_end(byte))
        } else if text.len() < BLOCK {
            find_by(text, find_in_word)
        } else if self.long {
            memchr2(CR, LF, text)
        } else {
            find_by(text, find_in_block)
        };
        self.long = is_long(found.unwrap_or(text.len()));
        found
    }

    /// The same in a text to be sent: most are one line, so that the length is the best guess.
    #[inline(always)]
    fn find_in_text(&mut self, text: &[u8]) -> Option<usize> {
        self.long = is_long(text.len());
        self.find(text)
    }

    /// Whether [`skip`](Self::skip) may find something to pass over: one comparison tells that it
    /// does not where a letter comes, as it nearly always does.
    #[inline(always)]
    pub(crate) fn may_skip(chunk: &[u8], start: usize, mark: u8) -> bool {
        chunk.get(start).is_some_and(|&first| first <= mark.max(LF))
    }

    /// Passes over lines that are blank or start with `mark`, and returns where the next line
    /// starts: another one, or one that the chunk's end cuts, or a blank one that starts with CR.
    #[inline(always)]
    pub(crate) fn skip(&mut self, chunk: &[u8], mut start: usize, mark: u8) -> usize {
        while let Some(&first) = chunk.get(start) {
            if first == LF {
                start += 1;
            } else if first == mark {
                let Some(line) = self.next(chunk, start) else {
                    break;
                };
                start = line.next;
                if chunk[start..].first_chunk::<BLOCK>().is_some() {
                    start = skip_blocks(chunk, start, mark);
                }
            } else {
                break;
            }
        }
        start
    }

    /// Turns to a text that is to be cut into lines: where its first one starts, and the end of that,
    /// if it has one.
    #[inline(always)]
    pub(crate) fn first(&mut self, text: &[u8]) -> (usize, Option<LineEnd>) {
        let start = self.start_chunk(text);
        let found = self.find_in_text(&text[start..]);
        (start, found.map(|end| self.line_end(text, start + end)))
    }

    /// Cuts a text at its line ends, from its [`first`](Self::first) on: hands out the lines that they
    /// end, and returns the one behind them.
    #[inline(never)]
    pub(crate) fn split<'t>(
        &mut self,
        text: &'t [u8],
        mut start: usize,
        first: LineEnd,
        mut take: impl FnMut(&'t [u8]),
    ) -> &'t [u8] {
        let mut line = first;
        loop {
            take(&text[start..line.end]);
            start = line.next;
            match self.next(text, start) {
                Some(next) => line = next,
                None => return &text[start..],
            }
        }
    }
}

/// Where the first line end in a text is, if it has one. A call, since inlined it would slow down
/// who builds events without type and id.
#[inline(never)]
pub(crate) fn find_end(text: &[u8]) -> Option<usize> {
    Lines::new().find_in_text(text)
}

/// Passes over lines as [`Lines::skip`] does, however many end in a block, but leaves the chunk's
/// last byte alone. Returns where the line starts that it has come to.
#[inline(never)]
fn skip_blocks(chunk: &[u8], start: usize, mark: u8) -> usize {
    let before = chunk[start - 1..chunk.len() - 2].chunks_exact(BLOCK);
    let mut at = start;
    for (before, block) in before.zip(chunk[start..].chunks_exact(BLOCK)) {
        // All or no bits of a byte are what compilers know how to make vectors of.
        let others: [u8; BLOCK] = array::from_fn(|i| {
            let starts_other = is_end(before[i]) & !(is_end(block[i]) | (block[i] == mark));
            if starts_other { u8::MAX } else { 0 }
        });
        if others.iter().fold(0, |any, other| any | other) != 0 {
            return at + u128::from_le_bytes(others).trailing_zeros() as usize / 8;
        }
        at += BLOCK;
    }
    memrchr2(CR, LF, &chunk[start - 1..at]).map_or(start, |end| start + end)
}

#[inline(always)]
fn is_long(len: usize) -> bool {
    len >= LONG
}

#[inline(always)]
fn is_end(byte: u8) -> bool {
    matches!(byte, CR | LF)
}

/// The first line end in a text of `N` bytes or more, part by part, of which the last may overlap
/// the one before. A search of fixed size comes down to ten instructions, and can be inlined, since
/// nothing is chosen at run time.
#[inline(always)]
fn find_by<const N: usize>(text: &[u8], find: impl Fn(&[u8; N]) -> Option<usize>) -> Option<usize> {
    let mut at = 0;
    while let Some(part) = text[at..].first_chunk() {
        if let Some(end) = find(part) {
            return Some(at + end);
        }
        at += N;
    }
    if at == text.len() {
        return None;
    }
    Some(text.len() - N + find(text.last_chunk()?)?)
}

/// By the vectors that every processor of the architecture has, where there are any.
#[inline(always)]
fn find_in_block(block: &[u8; BLOCK]) -> Option<usize> {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    if let Some(two) = Two::new(CR, LF) {
        return two.find(block);
    }
    find_by(block, find_in_word)
}

/// Taking one from each byte sets the highest bit of those that are zero, and perhaps of some above
/// the first; bytes that had it before are no line ends.
#[inline(always)]
fn find_in_word(word: &[u8; WORD]) -> Option<usize> {
    const HIGH: u64 = u64::from_le_bytes([0x80; WORD]);
    const ONES: u64 = u64::from_le_bytes([1; WORD]);
    const CRS: u64 = u64::from_le_bytes([CR; WORD]);
    const LFS: u64 = u64::from_le_bytes([LF; WORD]);
    let word = u64::from_le_bytes(*word);
    let ends = ((word ^ CRS).wrapping_sub(ONES) | (word ^ LFS).wrapping_sub(ONES)) & !word & HIGH;
    (ends != 0).then(|| ends.trailing_zeros() as usize / 8)
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

                    let first = naive(&bytes).first().map(|line| line.end);
                    assert_eq!(find_end(&bytes), first, "{bytes:?}");

                    let (mut split, mut start) = (vec![], 0);
                    let mut lines = Lines::new();
                    let rest = match lines.first(&bytes) {
                        (from, Some(first)) => {
                            lines.split(&bytes, from, first, |line| split.push(line))
                        }
                        (from, None) => &bytes[from..],
                    };
                    for (line, LineEnd { end, next }) in split.iter().zip(naive(&bytes)) {
                        assert_eq!(*line, &bytes[start..end], "{bytes:?}");
                        start = next;
                    }
                    assert_eq!(split.len(), naive(&bytes).len(), "{bytes:?}");
                    assert_eq!(rest, &bytes[start..], "{bytes:?}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_skipped_but_blank_lines_and_marked_ones() {
        for filler in ["", ":", ":\n", ":x\r\n\r\n", ":x\r", "\n"] {
            for len in [0, 14, 15, 16, 17, 31, 40] {
                for code in 0..4_usize.pow(6) {
                    let mut chunk = b":".to_vec();
                    chunk.extend(filler.bytes().cycle().take(len));
                    chunk.extend((0..6).map(|i| b":x\r\n"[code / 4_usize.pow(i) % 4]));

                    let mut start = 0;
                    for line in naive(&chunk) {
                        if !matches!(chunk[start], b':' | CR | LF) {
                            break;
                        }
                        start = line.next;
                    }
                    let mut lines = Lines::new();
                    let mut skipped = lines.skip(&chunk, 0, b':');
                    // It may stop at a blank line that starts with CR.
                    while chunk.get(skipped) == Some(&CR) {
                        skipped = lines.next(&chunk, skipped).expect("a line end").next;
                        skipped = lines.skip(&chunk, skipped, b':');
                    }
                    assert_eq!(skipped, start, "{:?}", chunk.escape_ascii());
                    let is_cr_last = start == chunk.len() && chunk.ends_with(b"\r");
                    assert_eq!(lines.after_cr, is_cr_last, "{:?}", chunk.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn whole_blocks_are_skipped() {
        for line in [":\n", ":x\r", ":x\r\n\r\n", "\n"] {
            for len in [BLOCK + 1, BLOCK + 2, 5 * BLOCK + 1, 5 * BLOCK + 2] {
                let chunk: Vec<u8> = line.bytes().cycle().take(line.len() + len).collect();
                // The last byte is left alone, and what does not fill a block.
                let at = line.len() + (len - 1) / BLOCK * BLOCK;
                let start = chunk[..at]
                    .iter()
                    .rposition(|byte| matches!(byte, &CR | &LF));
                assert_eq!(
                    skip_blocks(&chunk, line.len(), b':'),
                    start.map_or(0, |end| end + 1),
                    "{:?}",
                    chunk.escape_ascii()
                );
            }
        }
    }

    #[test]
    fn lines_are_probably_as_long_as_the_last() {
        let mut lines = Lines::new();
        for (chunk, long) in [
            (&[b'x'; LONG - 1][..], false),
            (&[b'x'; LONG], true),
            (b"x\n", false),
            (&[&[b'x'; LONG], &b"\n"[..]].concat(), true),
            (b"\n", true),
            (&[&[b'x'; LONG - 1], &b"\n"[..]].concat(), false),
        ] {
            _ = lines.next(chunk, 0);
            assert_eq!(lines.long, long, "{} bytes", chunk.len());
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
