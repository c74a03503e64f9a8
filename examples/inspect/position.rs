//! Where in the stream a block begins.

use memchr::memchr_iter;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// A place in the stream: bytes before it, and its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    pub(crate) line: u64,
}

/// How far the stream was decoded.
pub(crate) struct Position {
    pub(crate) at: Place,
    /// The first field of the current block.
    block: Option<Place>,
    in_line: bool,
    after_cr: bool,
    /// Where a block over the limit began, until its blank line comes.
    pub(crate) skipped: Option<Place>,
}

impl Position {
    pub(crate) const fn new() -> Self {
        Self {
            at: Place { offset: 0, line: 1 },
            block: None,
            in_line: false,
            after_cr: false,
            skipped: None,
        }
    }

    /// Passes over what the decoder has consumed for a frame, or up to the end of a chunk. Returns
    /// where its block began.
    pub(crate) fn pass(&mut self, mut bytes: &[u8], ends_block: bool) -> Place {
        if !self.in_line {
            bytes = self.pass_blank_lines(bytes);
            if self.block.is_none() && bytes.first().is_some_and(|&first| first != b':') {
                self.block = Some(self.at);
            }
        }
        let block = self.block.unwrap_or(self.at);
        self.pass_lines(bytes);
        if ends_block {
            self.block = None;
        }
        block
    }

    /// A block is over the limit.
    pub(crate) fn skip(&mut self, block: Place) {
        self.skipped = Some(block);
    }

    /// Passes over the rest of a skipped block. Returns what follows its blank line.
    pub(crate) fn pass_skipped<'a>(&mut self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let mut start = 0;
        for end in memchr::memchr2_iter(b'\r', b'\n', bytes) {
            let is_lf_of_cr = bytes[end] == b'\n'
                && if end == 0 {
                    self.after_cr
                } else {
                    bytes[end - 1] == b'\r'
                };
            let is_blank = end == start && !(start == 0 && self.in_line);
            start = end + 1;
            if is_blank && !is_lf_of_cr {
                self.pass_lines(&bytes[..start]);
                self.block = None;
                return Some(&bytes[start..]);
            }
        }
        self.pass_lines(bytes);
        None
    }

    fn pass_blank_lines<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        if self.at.offset == 0 && bytes.starts_with(BOM) {
            self.at.offset = BOM.len() as u64;
            return &bytes[BOM.len()..];
        }
        let is_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
        let length = bytes.iter().take_while(is_end).count();
        let is_rest_of_crlf = self.after_cr && length == 1 && bytes[0] == b'\n';
        if length > 0 && !is_rest_of_crlf {
            self.block = None;
        }
        self.pass_lines(&bytes[..length]);
        &bytes[length..]
    }

    fn pass_lines(&mut self, bytes: &[u8]) {
        let Some(&last) = bytes.last() else { return };
        let first_belongs = self.after_cr && bytes[0] == b'\n';
        let lf = memchr_iter(b'\n', bytes).count();
        let cr = memchr_iter(b'\r', bytes)
            .filter(|&cr| bytes.get(cr + 1) != Some(&b'\n'))
            .count();
        self.at.offset += bytes.len() as u64;
        self.at.line += (lf + cr - usize::from(first_belongs)) as u64;
        self.after_cr = last == b'\r';
        self.in_line = !matches!(last, b'\r' | b'\n');
    }
}
