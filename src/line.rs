//! Bytes to lines: the only place that knows line ends (R2, R6).

use memchr::memchr2;

#[cfg(target_arch = "aarch64")]
use memchr::arch::aarch64::neon::memchr::Two;
#[cfg(target_arch = "x86_64")]
use memchr::arch::x86_64::sse2::memchr::Two;

const CR: u8 = b'\r';
const LF: u8 = b'\n';

/// Text below this is searched word by word: it fills no vector.
const SHORT: usize = 16;

/// A line from here on is worth the call of the fastest search.
const LONG: usize = 96;

/// Finds the lines of one chunk after the other.
///
/// Three searches stand behind it: by words where there is not enough for a vector, by inlined
/// vectors where lines are of usual length, and by the fastest that the processor has where they
/// are long, since its call costs about 10 ns.
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
            long: false,
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
        let rest = chunk.get(start..)?;
        // A blank line is the likeliest of all, and needs no search.
        if *rest.first()? == LF {
            return Some(LineEnd {
                end: start,
                next: start + 1,
            });
        }
        let found = find(rest, self.long);
        self.long = found.unwrap_or(rest.len()) >= LONG;
        let end = start + found?;
        let mut next = end + 1;
        if chunk[end] == CR {
            match chunk.get(next) {
                Some(&LF) => next += 1,
                Some(_) => {}
                None => self.after_cr = true,
            }
        }
        Some(LineEnd { end, next })
    }

    /// Cuts a chunk at its line ends: hands out the lines that they end, and returns the one behind
    /// them.
    #[inline]
    pub(crate) fn split<'c>(&mut self, chunk: &'c [u8], take: impl FnMut(&'c [u8])) -> &'c [u8] {
        // Most text to be sent is one line, so that its length is the best guess.
        self.long = chunk.len() >= LONG;
        let start = self.start_chunk(chunk);
        match self.next(chunk, start) {
            Some(first) => self.split_lines(chunk, start, first, take),
            None => &chunk[start..],
        }
    }

    /// The loop apart from the first line: what it keeps at hand would cost all text that has none.
    #[inline(never)]
    fn split_lines<'c>(
        &mut self,
        chunk: &'c [u8],
        mut start: usize,
        first: LineEnd,
        mut take: impl FnMut(&'c [u8]),
    ) -> &'c [u8] {
        let mut line = first;
        loop {
            take(&chunk[start..line.end]);
            start = line.next;
            match self.next(chunk, start) {
                Some(next) => line = next,
                None => return &chunk[start..],
            }
        }
    }
}

/// The first line end in `text`; `long` is whether it is probably far.
#[inline(always)]
fn find(text: &[u8], long: bool) -> Option<usize> {
    if text.len() < SHORT {
        find_short(text)
    } else if long {
        memchr2(CR, LF, text)
    } else {
        find_near(text)
    }
}

/// By the vectors that every processor of the architecture has: there is nothing to choose at run
/// time, so the search can be inlined.
#[inline(always)]
fn find_near(text: &[u8]) -> Option<usize> {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    if let Some(two) = Two::new(CR, LF) {
        return two.find(text);
    }
    memchr2(CR, LF, text)
}

#[inline(always)]
fn find_short(text: &[u8]) -> Option<usize> {
    let Some(first) = text.first_chunk() else {
        return text.iter().position(|byte| matches!(byte, &CR | &LF));
    };
    find_in_word(first).or_else(|| {
        let last = text.last_chunk()?;
        Some(text.len() - last.len() + find_in_word(last)?)
    })
}

/// A byte is zero exactly if its lower seven bits cannot carry into the eighth, nor is that set.
#[inline(always)]
fn find_in_word(word: &[u8; 8]) -> Option<usize> {
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    const LOW: u64 = u64::from_le_bytes([0x7F; 8]);
    const CRS: u64 = u64::from_le_bytes([CR; 8]);
    const LFS: u64 = u64::from_le_bytes([LF; 8]);
    let nonzero = |bytes: u64| ((bytes & LOW) + LOW) | bytes;
    let word = u64::from_le_bytes(*word);
    let ends = !(nonzero(word ^ CRS) & nonzero(word ^ LFS)) & HIGH;
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

                    let (mut split, mut start) = (vec![], 0);
                    let rest = Lines::new().split(&bytes, |line| split.push(line));
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
        for (len, long) in [(LONG, true), (LONG - 1, false)] {
            lines.split(&vec![b'\n'; len], |_| {});
            assert_eq!(lines.long, long);
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
