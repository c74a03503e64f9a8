//! Bytes to lines: the only place that knows line ends (R2, R6).

mod search;

const CR: u8 = b'\r';
const LF: u8 = b'\n';

/// From this length on, in bytes, a line is worth a call of the fastest search.
const LONG: usize = 96;

/// Finds the lines of one chunk after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines {
    /// Whether the last line was long; the next one probably is, too.
    long: bool,
    /// The last chunk ended in CR: an LF at the start of the next chunk belongs to it.
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
            // Wrongly guessing "long" costs less than wrongly guessing "short".
            long: true,
            after_cr: false,
        }
    }

    /// Starts on the next chunk, and returns where its first line starts.
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

    /// The line end that starts at `end`: CRLF is one line end (R6).
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
        let found = search::find(text, self.long);
        self.long = is_long(found.unwrap_or(text.len()));
        found
    }

    /// The same in a text to be sent: most are one line, so its length is the best guess.
    #[inline(always)]
    fn find_in_text(&mut self, text: &[u8]) -> Option<usize> {
        self.long = is_long(text.len());
        self.find(text)
    }

    /// Whether [`skip`](Self::skip) may find something. A cheap test: false for any letter, which is
    /// how nearly every line begins.
    #[inline(always)]
    pub(crate) fn may_skip(chunk: &[u8], start: usize, mark: u8) -> bool {
        chunk.get(start).is_some_and(|&first| first <= mark.max(LF))
    }

    /// Skips lines that are blank or start with `mark`. Returns where the next line starts: any
    /// other line, one that the chunk's end cuts, or a blank one that starts with CR.
    #[inline(always)]
    pub(crate) fn skip(&mut self, chunk: &[u8], mut start: usize, mark: u8) -> usize {
        while let Some(&first) = chunk.get(start) {
            if first == LF {
                start += 1;
            } else if first == mark {
                let Some(line) = self.next(chunk, start) else {
                    break;
                };
                start = search::skip(chunk, line.next, mark);
            } else {
                break;
            }
        }
        start
    }

    /// Starts on a text to be split: returns where its first line starts, and its first line end, if
    /// it has one.
    #[inline(always)]
    pub(crate) fn first(&mut self, text: &[u8]) -> (usize, Option<LineEnd>) {
        let start = self.start_chunk(text);
        let found = self.find_in_text(&text[start..]);
        (start, found.map(|end| self.line_end(text, start + end)))
    }

    /// Splits a text at its line ends, from its [`first`](Self::first) on: passes each line but the
    /// last to `take`, and returns the last.
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

/// Where the first line end in a text is, if it has one. Not inlined: that would slow down building
/// events that have no type or id.
#[inline(never)]
pub(crate) fn find_end(text: &[u8]) -> Option<usize> {
    Lines::new().find_in_text(text)
}

#[inline(always)]
fn is_long(len: usize) -> bool {
    len >= LONG
}

#[inline(always)]
pub(crate) const fn is_end(byte: u8) -> bool {
    (byte == CR) | (byte == LF)
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
