//! What text looks like: guesses at what was meant, for a message that helps.

use super::{Json, Kind};
use crate::field::{self, Name};
use core::fmt;
use core::ops::Range;
use core::time::Duration;
use memchr::{memchr, memchr_iter};

/// The known name that an unknown one was probably meant to be.
pub(super) fn meant(name: &[u8]) -> Option<&'static str> {
    const NAMES: [&str; 4] = ["data", "event", "id", "retry"];
    let trimmed = name.trim_ascii();
    NAMES
        .into_iter()
        .find(|known| trimmed.eq_ignore_ascii_case(known.as_bytes()))
}

/// The start of a JSON object, in whatever dialect, or of an array.
pub(super) fn is_json(text: &[u8]) -> bool {
    let mut json = Json::START;
    json.push(text);
    text.starts_with(b"{") || text.starts_with(b"[") && json.is_possible()
}

/// A tag, comment, document type or processing instruction.
pub(super) fn is_markup(text: &[u8]) -> bool {
    matches!(
        text,
        [b'<', b'!' | b'?' | b'/' | b'a'..=b'z' | b'A'..=b'Z', ..]
    )
}

/// What can be told by the first bytes of a stream.
pub(super) fn start(line: &[u8]) -> Option<(Kind, &'static str)> {
    match line {
        [b'H', b'T', b'T', b'P', b'/', ..] => {
            let message = "the head of an HTTP response is ignored here: send it as the head";
            Some((Kind::RawHttpHead, message))
        }
        [0x1F, 0x8B, ..] | [0x28, 0xB5, 0x2F, 0xFD, ..] => {
            let message = "a compressed stream, of which clients ignore all: name the coding in \
                           `content-encoding`, or do not compress";
            Some((Kind::RawCompressed, message))
        }
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
            let message = "a stream in UTF-16, of which clients ignore all: send UTF-8";
            Some((Kind::RawUtf16, message))
        }
        _ => None,
    }
}

/// `1f`, perhaps with extensions behind a semicolon (RFC 9112, section 7.1).
pub(super) fn is_chunk_size(line: &[u8]) -> bool {
    let size = memchr(b';', line).map_or(line, |end| &line[..end]);
    (1..=16).contains(&size.len()) && size.iter().all(u8::is_ascii_hexdigit)
}

/// The first `\n` or `\r\n`, or row of them, that stands where a line should end: at the end of the
/// value, or before another field.
pub(super) fn literal_line_end(value: &[u8]) -> Option<Range<usize>> {
    let mut end = 0;
    for backslash in memchr_iter(b'\\', value) {
        if backslash < end {
            continue;
        }
        let mut rest = &value[backslash..];
        let mut has_lf = false;
        while let [b'\\', letter @ (b'n' | b'r'), behind @ ..] = rest {
            has_lf |= *letter == b'n';
            rest = behind;
        }
        end = value.len() - rest.len();
        if end == backslash {
            // What this one escapes is no escape itself.
            end = backslash + 2;
        } else if has_lf && (rest.is_empty() || begins_field(rest)) {
            return Some(backslash..end);
        }
    }
    None
}

fn begins_field(text: &[u8]) -> bool {
    !matches!(field::split(text).0, Name::Other | Name::Comment)
}

/// What keeps the value of a `retry` field from being ASCII digits (R16).
pub(super) fn fault_of(time: &[u8]) -> &'static str {
    let is_number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let trimmed = time.trim_ascii();
    match trimmed {
        // What is wrong stands behind what is looked at.
        _ if is_number(time) => "what is no ASCII digit",
        _ if is_number(trimmed) => "its white space",
        [b'+' | b'-', digits @ ..] if is_number(digits) => "its sign",
        [digits @ .., b'm', b's'] if is_number(digits) => "its unit",
        [digits @ .., b's' | b'm' | b'h'] if is_number(digits) => "its unit",
        _ if trimmed
            .splitn(2, |byte| matches!(byte, b'.' | b','))
            .all(is_number) =>
        {
            "its fraction"
        }
        _ => "what is no ASCII digit",
    }
}

/// What is too small to hold a reconnection time.
pub(super) fn exceeded_by(retry: Duration) -> Option<&'static str> {
    [
        (u128::from(u64::MAX) - 1, "64 bits hold"),
        (1 << 53, "JavaScript numbers hold exactly"),
        (u32::MAX.into(), "32 bits hold"),
        (i32::MAX as u128, "JavaScript timers count"),
    ]
    .into_iter()
    .find(|&(most, _)| retry.as_millis() > most)
    .map(|(_, what)| what)
}

/// FNV-1a: to tell values apart without keeping them.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Bytes in a sentence: `byte FF is`, `bytes E2 82 are`.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (noun, verb) = if self.0.len() == 1 {
            ("byte", "is")
        } else {
            ("bytes", "are")
        };
        f.write_str(noun)?;
        for byte in self.0 {
            write!(f, " {byte:02X}")?;
        }
        write!(f, " {verb}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_line_ends() {
        for (value, expected) in [
            (r"a\n\n", Some(1..5)),
            (r"a\r\n\r\n", Some(1..9)),
            (r"\n", Some(0..2)),
            (r"a\n\ndata: b", Some(1..5)),
            (r"a\nevent: b\n", Some(1..3)),
            (r"C:\new\nid:", Some(6..8)),
            (r"a\nb", None),
            (r"a\n b", None),
            (r"a\n: b", None),
            (r"a\ndatabase", None),
            (r"a\r", None),
            (r"a\\n", None),
            (r"a\", None),
            (r"a\t", None),
            ("", None),
        ] {
            assert_eq!(literal_line_end(value.as_bytes()), expected, "{value}");
        }
    }

    #[test]
    fn faults_of_reconnection_times() {
        for (time, expected) in [
            (" 5", "its white space"),
            ("5 ", "its white space"),
            (" 5s ", "its unit"),
            ("+5", "its sign"),
            ("-5", "its sign"),
            ("5s", "its unit"),
            ("5ms", "its unit"),
            ("1.5", "its fraction"),
            ("1,5", "its fraction"),
            ("5", "what is no ASCII digit"),
            ("1_000", "what is no ASCII digit"),
            ("1.5.2", "what is no ASCII digit"),
            ("0x10", "what is no ASCII digit"),
            ("s", "what is no ASCII digit"),
            ("xms", "what is no ASCII digit"),
            ("+", "what is no ASCII digit"),
            (".", "what is no ASCII digit"),
            ("\u{661}", "what is no ASCII digit"),
        ] {
            assert_eq!(fault_of(time.as_bytes()), expected, "{time}");
        }
    }

    #[test]
    fn what_holds_a_reconnection_time() {
        for (milliseconds, expected) in [
            (0x7FFF_FFFF, None),
            (0x8000_0000, Some("JavaScript timers count")),
            (0xFFFF_FFFF, Some("JavaScript timers count")),
            (0x1_0000_0000, Some("32 bits hold")),
            (1 << 53, Some("32 bits hold")),
            ((1 << 53) + 1, Some("JavaScript numbers hold exactly")),
            (u64::MAX - 1, Some("JavaScript numbers hold exactly")),
            (u64::MAX, Some("64 bits hold")),
        ] {
            assert_eq!(
                exceeded_by(Duration::from_millis(milliseconds)),
                expected,
                "{milliseconds}"
            );
        }
    }

    #[test]
    fn foreign_texts() {
        for (text, json, markup, chunk_size) in [
            ("{", true, false, false),
            ("{'a': 1}", true, false, false),
            ("[{}", true, false, false),
            ("[", true, false, false),
            ("[DONE]", false, false, false),
            ("[12:30] started", false, false, false),
            ("<!DOCTYPE html>", false, true, false),
            ("<?xml version=\"1.0\"?>", false, true, false),
            ("<html>", false, true, false),
            ("</body>", false, true, false),
            ("<", false, false, false),
            ("<- back", false, false, false),
            ("1f", false, false, true),
            ("000001F4;name=value", false, false, true),
            ("0", false, false, true),
            ("", false, false, false),
            (";", false, false, false),
            ("12345678901234567", false, false, false),
            ("1f ", false, false, false),
        ] {
            let text_bytes = text.as_bytes();
            assert_eq!(is_json(text_bytes), json, "{text}");
            assert_eq!(is_markup(text_bytes), markup, "{text}");
            assert_eq!(is_chunk_size(text_bytes), chunk_size, "{text}");
        }
    }
}
