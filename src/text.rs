//! Bytes to text: UTF-8 with replacement and the byte order mark (R5).
//!
//! Only ASCII bytes end lines and divide fields, and an ASCII byte is never inside a longer
//! character. So only the text that is returned is checked, and decoding value by value gives the
//! same as decoding the whole stream.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;
#[cfg(not(feature = "simd"))]
use core::str::from_utf8;
#[cfg(feature = "simd")]
use simdutf8::compat::from_utf8;

/// Removed once, at the very start of a stream.
pub(crate) const BOM: [u8; 3] = *b"\xEF\xBB\xBF";

/// Removes the byte order mark at the start of a stream, in any number of pieces.
#[derive(Clone, Copy)]
pub(crate) struct Bom {
    seen: u8,
}

/// What a chunk has of the byte order mark.
pub(crate) enum Stripped {
    /// The whole chunk belongs to it, and more has to come.
    Unfinished(Bom),
    /// It ends after this many bytes of the chunk.
    Whole(usize),
    /// There is none: the part seen so far is text.
    Absent,
}

impl Bom {
    pub(crate) const EXPECTED: Self = Self { seen: 0 };

    pub(crate) fn seen(self) -> &'static [u8] {
        &BOM[..usize::from(self.seen)]
    }

    pub(crate) fn strip(self, chunk: &[u8]) -> Stripped {
        let missing = &BOM[usize::from(self.seen)..];
        let len = chunk.len().min(missing.len());
        if !missing.starts_with(&chunk[..len]) {
            Stripped::Absent
        } else if len == missing.len() {
            Stripped::Whole(len)
        } else {
            // At most two.
            let more = u8::try_from(len).unwrap_or_default();
            Stripped::Unfinished(Self {
                seen: self.seen + more,
            })
        }
    }
}

/// How long the byte order mark at the start of a text is: 0 if there is none.
pub(crate) fn bom_len(text: &[u8]) -> usize {
    if text.starts_with(&BOM) { BOM.len() } else { 0 }
}

/// A window of this many bytes is checked first in a chunk: enough for a packet, yet cheap for a
/// caller that takes one event out of a huge buffer. The next one is [`LARGEST_WINDOW`].
const FIRST_WINDOW: usize = 1536;
const LARGEST_WINDOW: usize = 8192;
/// How many bytes a check reads at once. Fewer bytes are copied first, which costs more than the
/// check.
const BLOCK: usize = 64;
/// If no more bytes than these follow a value, they are line ends: nothing to check along with it.
const BLANK: usize = "\r\n\r\n".len();

/// Lends values of a chunk as text.
pub(crate) trait Texts<'c> {
    /// The value from `start` to `end`, if it is UTF-8.
    fn lend(&mut self, chunk: &'c [u8], start: usize, end: usize) -> Option<&'c str>;
}

/// Checks each value separately.
pub(crate) struct Alone;

impl<'c> Texts<'c> for Alone {
    #[inline(always)]
    fn lend(&mut self, chunk: &'c [u8], start: usize, end: usize) -> Option<&'c str> {
        check(chunk.get(start..end)?)
    }
}

/// Checks the values of one block together, with the bytes between them.
pub(crate) struct Together<'c> {
    window: Window<'c>,
    /// Where the block ends.
    end: usize,
}

impl Together<'_> {
    #[inline(always)]
    pub(crate) const fn up_to(end: usize) -> Self {
        Self {
            window: Window::new(),
            end,
        }
    }
}

impl<'c> Texts<'c> for Together<'c> {
    #[inline(always)]
    fn lend(&mut self, chunk: &'c [u8], start: usize, end: usize) -> Option<&'c str> {
        if let Some(text) = self.window.get(start, end) {
            return Some(text);
        }
        // Whole multiples of `BLOCK`, if the chunk has them: a smaller rest would be copied for
        // the check.
        let size = self.end.saturating_sub(start).next_multiple_of(BLOCK);
        let rest = chunk.get(start..)?;
        self.window.text = valid_prefix(whole_characters(rest.get(..size).unwrap_or(rest)));
        self.window.start = start;
        self.window.get(start, end)
    }
}

/// The part of a chunk that was checked: values in it are lent without another check.
///
/// A check costs about 20 ns for a value of 100 bytes, and not much more for some kilobytes.
pub(crate) struct Window<'i> {
    text: &'i str,
    /// Where `text` starts in the chunk.
    start: usize,
}

impl<'i> Texts<'i> for Window<'i> {
    #[inline(always)]
    fn lend(&mut self, chunk: &'i [u8], start: usize, end: usize) -> Option<&'i str> {
        if chunk.len() <= BLOCK {
            // Checking its few values is faster than checking all of it.
            return from_utf8(&chunk[start..end]).ok();
        }
        match self.get(start, end) {
            Some(text) => Some(text),
            None => self.renew(chunk, start, end),
        }
    }
}

impl<'i> Window<'i> {
    pub(crate) const fn new() -> Self {
        Self { text: "", start: 0 }
    }

    #[inline(always)]
    fn get(&self, start: usize, end: usize) -> Option<&'i str> {
        // A place before the window wraps around to one far after its end.
        self.text
            .get(start.wrapping_sub(self.start)..end.wrapping_sub(self.start))
    }

    /// Moves the window to cover `start..end`, unless that is not UTF-8 or no other value would share
    /// it.
    #[inline(never)]
    fn renew(&mut self, chunk: &'i [u8], start: usize, end: usize) -> Option<&'i str> {
        let len = chunk.len();
        if len - end <= BLANK {
            return from_utf8(&chunk[start..end]).ok();
        }
        let size = match self.text {
            "" => FIRST_WINDOW,
            _ => LARGEST_WINDOW,
        };
        let stop = len.min(end.max(start + size));
        if start > len - BLOCK {
            // The bytes before it complete `BLOCK` bytes, and are mostly text, too.
            self.set(chunk, len - BLOCK, len);
            if let Some(text) = self.get(start, end) {
                return Some(text);
            }
        }
        self.set(chunk, start, stop);
        self.get(start, end)
    }

    #[inline(always)]
    fn set(&mut self, chunk: &'i [u8], start: usize, stop: usize) {
        self.start = start;
        self.text = valid_prefix(whole_characters(&chunk[start..stop]));
    }
}

/// `bytes` as text, if they are UTF-8.
#[inline(always)]
pub(crate) fn check(bytes: &[u8]) -> Option<&str> {
    from_utf8(bytes).ok()
}

/// `bytes` as text, with U+FFFD for each maximal subpart that is not UTF-8.
#[inline]
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(replaced(bytes)),
    }
}

#[cold]
fn replaced(bytes: &[u8]) -> String {
    let mut text = String::new();
    replace_invalid(bytes, &mut text);
    text
}

/// Appends `bytes` as text.
pub(crate) fn decode_into(bytes: &[u8], text: &mut String) {
    match from_utf8(bytes) {
        Ok(valid) => text.push_str(valid),
        Err(_) => replace_invalid(bytes, text),
    }
}

#[cold]
fn replace_invalid(bytes: &[u8], text: &mut String) {
    // Counting is as slow as replacing, but a text that grows while it is written takes twice the
    // memory.
    text.reserve_exact(decoded_len(bytes));
    let valid = valid_prefix(bytes);
    text.push_str(valid);
    for chunk in bytes[valid.len()..].utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

/// The length of `bytes` as text.
fn decoded_len(bytes: &[u8]) -> usize {
    let replacements = invalid_parts(bytes)
        .map(|(_, invalid)| char::REPLACEMENT_CHARACTER.len_utf8() - invalid.len());
    bytes.len() + replacements.sum::<usize>()
}

/// The maximal subparts of `bytes` that are not UTF-8, each with where it starts.
pub(crate) fn invalid_parts(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let rest = match from_utf8(bytes) {
        Ok(_) => &[],
        Err(_) => bytes,
    };
    let mut end = 0;
    rest.utf8_chunks()
        .map(move |chunk| {
            let start = end + chunk.valid().len();
            end = start + chunk.invalid().len();
            (start, chunk.invalid())
        })
        .filter(|(_, invalid)| !invalid.is_empty())
}

/// Whether a maximal subpart could become a character with more bytes.
pub(crate) fn is_unfinished(invalid: &[u8]) -> bool {
    from_utf8(invalid).is_err_and(|error| error.error_len().is_none())
}

/// The number of characters in `bytes` as text.
pub(crate) fn characters(bytes: &[u8]) -> usize {
    match from_utf8(bytes) {
        Ok(text) => text.chars().count(),
        Err(_) => bytes
            .utf8_chunks()
            .map(|chunk| chunk.valid().chars().count() + usize::from(!chunk.invalid().is_empty()))
            .sum(),
    }
}

/// The last place at or before `at` where a character of `bytes` starts, or a maximal subpart that
/// is not a character.
pub(crate) fn boundary(bytes: &[u8], at: usize) -> usize {
    let is_lead = |&back: &usize| bytes.get(at - back).is_none_or(|byte| byte & 0xC0 != 0x80);
    // A character has at most three continuation bytes; without a lead byte, each is a maximal
    // subpart.
    (0..=at.min(3)).find(is_lead).map_or(at, |back| at - back)
}

/// The start of a text, for debugging.
pub(crate) struct Excerpt<'a>(pub(crate) &'a str);

impl fmt::Debug for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 64;
        match self.0.char_indices().nth(SHOWN) {
            Some((end, _)) => write!(f, "{:?}... ({} bytes)", &self.0[..end], self.0.len()),
            None => write!(f, "{:?}", self.0),
        }
    }
}

#[inline]
fn valid_prefix(bytes: &[u8]) -> &str {
    match from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    }
}

/// `bytes` without a character that their end cuts off, which would cost the check a second run.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    if bytes.last().is_none_or(u8::is_ascii) {
        return bytes;
    }
    let lead = bytes
        .iter()
        .rev()
        .take(3)
        .position(|&byte| byte & 0xC0 != 0x80);
    match lead.map(|continuations| bytes.len() - 1 - continuations) {
        Some(lead) if bytes.len() - lead < bytes[lead].leading_ones() as usize => &bytes[..lead],
        _ => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;
    // The standard one, whichever of the two the code above uses.
    use core::str::from_utf8;

    #[test]
    fn only_a_cut_character_is_cut_off() {
        for text in [
            "",
            "a",
            "\u{e9}",
            "\u{20ac}",
            "\u{1f600}",
            "ab\u{1f600}",
            "\u{1f600}a",
        ] {
            let bytes = text.as_bytes();
            for end in 0..=bytes.len() {
                let whole = text
                    .char_indices()
                    .map(|(i, c)| i + c.len_utf8())
                    .filter(|&i| i <= end);
                assert_eq!(
                    whole_characters(&bytes[..end]).len(),
                    whole.max().unwrap_or(0)
                );
            }
        }
        for invalid in [&b"\x80"[..], b"\x80\x80\x80\x80", b"\xFF", b"a\x80"] {
            let cut = if invalid == b"\xFF" { b"" } else { invalid };
            assert_eq!(whole_characters(invalid), cut);
        }
    }

    #[test]
    fn what_is_invalid_stands_where_the_replacement_does() {
        for (bytes, expected) in [
            (&b""[..], &[][..]),
            ("a\u{20ac}".as_bytes(), &[]),
            (b"a\xC0\x80b", &[(1, &b"\xC0"[..]), (2, b"\x80")]),
            (
                b"\xF0\x9F\x98a\xE2\x82",
                &[(0, b"\xF0\x9F\x98"), (4, b"\xE2\x82")],
            ),
        ] {
            assert!(
                invalid_parts(bytes).eq(expected.iter().copied()),
                "{bytes:?}"
            );
            let text = decode(bytes);
            assert_eq!(characters(bytes), text.chars().count(), "{bytes:?}");
            assert_eq!(decoded_len(bytes), text.len(), "{bytes:?}");
        }
    }

    #[test]
    fn boundaries_cut_no_character() {
        for bytes in [
            "ab\u{e9}\u{20ac}\u{1f600}".as_bytes(),
            b"\x80\x80\x80\x80\x80",
            b"\xE9\x80\x80\x80\x80a",
            b"\xF0\x9F\x98a",
        ] {
            let mut whole = String::new();
            decode_into(bytes, &mut whole);
            for at in 0..=bytes.len() {
                let (start, end) = bytes.split_at(boundary(bytes, at));
                let mut text = String::new();
                decode_into(start, &mut text);
                decode_into(end, &mut text);
                assert_eq!(text, whole, "{bytes:?} at {at}");
                assert!(at - start.len() <= 3);
            }
        }
    }

    #[test]
    fn the_window_lends_what_is_text_and_nothing_else() {
        let mut large: Vec<u8> = b"a\n"
            .repeat(FIRST_WINDOW)
            .into_iter()
            .chain(*b"\xE9\n")
            .collect();
        large.extend("\u{20ac}\n".repeat(LARGEST_WINDOW).bytes());
        let invalid_start = [&b"\x82\xAC\n"[..], &b"abc\n".repeat(BLOCK / 4)].concat();
        for chunk in [
            &large[..],
            &invalid_start,
            &invalid_start[..BLOCK],
            &invalid_start[..9],
        ] {
            let mut window = Window::new();
            let mut start = 0;
            for line in chunk.split(|&byte| byte == b'\n') {
                let end = start + line.len();
                let text = from_utf8(line).ok();
                assert_eq!(window.lend(chunk, start, end), text);
                // As the first of a chunk, too.
                assert_eq!(Window::new().lend(chunk, start, end), text);
                start = end + 1;
            }
        }
        let mut window = Window::new();
        assert_eq!(window.lend(&large, 2, 3), Some("a"));
        assert_eq!(window.lend(&large, 0, 1), Some("a"), "backwards, too");
    }

    #[test]
    fn windows_are_small_at_first_and_blocks_where_they_can() {
        let mut window = Window::new();
        for (len, start, end, expected) in [
            (BLOCK, 6, 8, 0..0),
            (BLOCK + 1, 2, 8, 1..BLOCK + 1),
            (BLOCK + 1, 1, 8, 1..BLOCK + 1),
            (BLOCK + 1, 0, 8, 0..BLOCK + 1),
            (9999, 6, 8, 6..6 + FIRST_WINDOW),
            (9999, 6, 2000, 6..2000),
            (9999, 9900, 9994, 9900..9999),
            (9999, 9900, 9995, 0..0),
        ] {
            let chunk = vec![b'x'; len];
            let mut first = Window::new();
            assert_eq!(
                first.lend(&chunk, start, end).map(str::len),
                Some(end - start)
            );
            assert_eq!(
                first.start..first.start + first.text.len(),
                expected,
                "{len}, {start}"
            );
        }
        let chunk = vec![b'x'; 3 * LARGEST_WINDOW];
        for (start, expected) in [(6, FIRST_WINDOW), (2000, LARGEST_WINDOW), (20_000, 4576)] {
            assert_eq!(window.lend(&chunk, start, start + 1), Some("x"));
            assert_eq!((window.start, window.text.len()), (start, expected));
        }
    }

    #[test]
    fn replacement_is_by_maximal_subpart() {
        for (bytes, expected) in [
            (&b"\xC0\x80"[..], "\u{fffd}\u{fffd}"),
            (b"\xF0\x9F\x98a", "\u{fffd}a"),
            (b"\xE2\x82", "\u{fffd}"),
            (b"\xED\xA0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
            (b"\xEF\xBB\xBFa", "\u{feff}a"),
            (b"a\xFF", "a\u{fffd}"),
        ] {
            assert_eq!(decode(bytes), expected);
            assert_eq!(check(bytes), from_utf8(bytes).ok());
            let mut text = String::from("before ");
            decode_into(bytes, &mut text);
            assert_eq!(text.strip_prefix("before "), Some(expected));
        }
    }
}
