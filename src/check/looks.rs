//! What text looks like: guesses at what was meant, for a message that helps.

use super::json::Json;
use crate::field::{self, Name};
use crate::text;
use core::fmt;
use core::ops::Range;
use core::time::Duration;
use memchr::{memchr, memchr_iter, memchr2, memmem};

/// This many bytes are searched at once: enough for vectors, and few enough to end early.
const BLOCK: usize = 64;

/// Whether it is all printable ASCII: then many faults are impossible.
pub(super) fn is_plain(text: &[u8]) -> bool {
    let is_plain = |text: &[u8]| {
        text.iter()
            .fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'))
    };
    text.chunks(BLOCK).all(is_plain)
}

/// Text without the white space and invisible characters around it.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(is_unseen)
}

pub(super) fn trim_start(text: &str) -> &str {
    text.trim_start_matches(is_unseen)
}

pub(super) fn trim_end(text: &str) -> &str {
    text.trim_end_matches(is_unseen)
}

/// White space and invisible characters: control characters, joiners, marks of direction.
fn is_unseen(character: char) -> bool {
    let is_escaped = || character.escape_debug().len() > 1;
    character.is_whitespace() || !matches!(character, '"' | '\'' | '\\') && is_escaped()
}

/// The start of a JSON object, in whatever dialect, or of an array.
pub(super) fn is_json(text: &[u8]) -> bool {
    let mut json = Json::START;
    json.push(text);
    text.starts_with(b"{") || text.starts_with(b"[") && json.is_possible()
}

/// Whether data begins as JSON objects and arrays do.
pub(super) fn begins_json(text: &[u8]) -> bool {
    let [open @ (b'{' | b'['), rest @ ..] = text else {
        return false;
    };
    match rest.trim_ascii_start() {
        [] | [b'"', ..] => true,
        [b'}', ..] => *open == b'{',
        [b'{' | b'[' | b']', ..] => *open == b'[',
        _ => false,
    }
}

/// Whether data is how Python shows a dictionary, a list of them, or bytes with JSON.
pub(super) fn is_python(text: &[u8]) -> bool {
    let has = |part| memmem::find(text, part).is_some();
    match text {
        [b'{', b'\'', ..] => has(b"': "),
        [b'[', b'{', b'\'', ..] => true,
        [b'b', b'\'' | b'"', b'{' | b'[', .., last] => *last == text[1],
        _ => false,
    }
}

/// Whether a line ends a JSON text that began before it: `"a": 1}`, `]}`.
pub(super) fn is_rest_of_json(line: &[u8]) -> bool {
    match line.trim_ascii() {
        [b'}' | b']', rest @ ..] => rest.iter().all(|byte| b"}], \t".contains(byte)),
        [b'"', .., b'}' | b']' | b','] => true,
        [b'"', ..] => memmem::find(line, b"\": ").is_some(),
        _ => false,
    }
}

/// A word with which many servers end a stream or keep it alive.
pub(super) fn is_sentinel(text: &[u8]) -> bool {
    const WORDS: [&str; 8] = [
        "done",
        "end",
        "eof",
        "finish",
        "stop",
        "close",
        "ping",
        "heartbeat",
    ];
    let word = text
        .strip_prefix(b"[")
        .and_then(|text| text.strip_suffix(b"]"));
    let is_name = |word: &[u8]| {
        word.iter()
            .all(|&byte| byte == b'_' || byte.is_ascii_uppercase())
    };
    word.is_some_and(|word| !word.is_empty() && is_name(word))
        || WORDS
            .into_iter()
            .any(|word| text.eq_ignore_ascii_case(word.as_bytes()))
        || is_number(text)
}

fn is_number(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_digit) || matches!(text, [b'-', b'0'..=b'9', ..])
}

/// Where data is a line of an event stream itself: its name and colon.
pub(super) fn layer(data: &[u8]) -> Option<Range<usize>> {
    let inner = match data {
        [b'b', b'\'' | b'"', inner @ ..] => inner,
        _ => data,
    };
    let start = data.len() - inner.len();
    let is_layer = match field::split(inner) {
        (Name::Other, _) => false,
        // A token of text may well begin with a colon.
        (Name::Comment, _) => {
            matches!(inner, [_, b' ', letter, ..] if letter.is_ascii_alphabetic())
        }
        (Name::Data, _) => is_field(inner) && !is_data_url(inner),
        _ => is_field(inner),
    };
    is_layer.then(|| start..start + field::name(inner).len() + 1)
}

/// `data:` alone may be a key in YAML, and `id` a word.
fn is_field(inner: &[u8]) -> bool {
    inner.len() > field::name(inner).len() + 1
}

/// `data:image/png;base64,` (RFC 2397).
fn is_data_url(text: &[u8]) -> bool {
    let kind = text.strip_prefix(b"data:").unwrap_or_default();
    let end = memchr2(b',', b';', kind);
    end.is_some_and(|end| {
        let mut parts = kind[..end].split(|&byte| byte == b'/');
        let is_token = |part: &[u8]| {
            part.iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b".+-".contains(byte))
        };
        end == 0 || parts.clone().count() == 2 && parts.all(is_token)
    })
}

/// The first character that ends a line for some clients, but not here.
pub(super) fn unicode_line_end(text: &[u8]) -> Option<Range<usize>> {
    let may_begin = |byte: &u8| matches!(byte, 0x0B | 0x0C | 0x1C..=0x1E | 0xC2 | 0xE2);
    text.chunks(BLOCK)
        .zip((0..).step_by(BLOCK))
        .filter(|(block, _)| block.iter().fold(false, |may, byte| may | may_begin(byte)))
        .flat_map(|(block, start)| start..start + block.len())
        .find_map(|at| {
            let length = match text[at..] {
                [0x0B | 0x0C | 0x1C..=0x1E, ..] => 1,
                [0xC2, 0x85, ..] => 2,
                [0xE2, 0x80, 0xA8 | 0xA9, ..] => 3,
                _ => return None,
            };
            Some(at..at + length)
        })
}

/// Why some clients cannot send an id back in a header, and where the reason is.
pub(super) fn unportable(id: &[u8]) -> Option<(Range<usize>, &'static str)> {
    /// The longest that eight proxies let pass was 7,900 bytes.
    const PORTABLE: usize = 7900;
    let all = 0..id.len();
    let control = id
        .iter()
        .position(|byte| byte.is_ascii_control() && *byte != b'\t');
    if let Some(at) = control {
        let why = "HTTP libraries refuse a control character in a header, and the client cannot \
                   reconnect";
        Some((at..at + 1, why))
    } else if id.trim_ascii().len() < id.len() {
        Some((
            all,
            "HTTP drops white space at the start and end of a header",
        ))
    } else if !id.is_ascii() && core::str::from_utf8(id).is_ok() {
        Some((
            all,
            "many HTTP libraries refuse or alter what is not ASCII in a header",
        ))
    } else if id.len() > PORTABLE {
        Some((all, "servers and proxies refuse a header of this length"))
    } else {
        None
    }
}

/// A tag, comment, document type or processing instruction.
pub(super) fn is_markup(text: &[u8]) -> bool {
    matches!(
        text,
        [b'<', b'!' | b'?' | b'/' | b'a'..=b'z' | b'A'..=b'Z', ..]
    )
}

/// Whether the first bytes of a line are hardly text: control characters or invalid UTF-8.
pub(super) fn is_binary(line: &[u8]) -> bool {
    const JUDGED: usize = 64;
    let start = &line[..text::boundary(line, JUDGED.min(line.len()))];
    let is_control = |byte: &&u8| byte.is_ascii_control() && !matches!(byte, b'\t' | 0x1B);
    let controls = start.iter().filter(is_control).count();
    let invalid: usize = text::invalid_parts(start).map(|(_, part)| part.len()).sum();
    let odd = controls + invalid;
    odd >= 3 && odd * 4 >= start.len()
}

/// An HTTP chunk size: `1f`, perhaps with extensions after a semicolon (RFC 9112, section 7.1).
pub(super) fn is_chunk_size(line: &[u8]) -> bool {
    let size = memchr(b';', line).map_or(line, |end| &line[..end]);
    (1..=16).contains(&size.len()) && size.iter().all(u8::is_ascii_hexdigit)
}

/// The first `\n` or `\r\n`, or run of them, where a line should end: at the end of the value, or
/// before another field.
pub(super) fn literal_line_end(value: &[u8]) -> Option<Range<usize>> {
    let mut end = 0;
    for backslash in memchr_iter(b'\\', value) {
        if backslash < end {
            continue;
        }
        let mut rest = &value[backslash..];
        let mut has_lf = false;
        while let [b'\\', letter @ (b'n' | b'r'), after @ ..] = rest {
            has_lf |= *letter == b'n';
            rest = after;
        }
        end = value.len() - rest.len();
        if end == backslash {
            // The character that this one escapes starts no escape.
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
        // The fault is after the part that is judged.
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

/// The limit that a reconnection time exceeds; `time` is its text.
pub(super) fn exceeded_by(retry: Duration, time: &[u8]) -> Option<&'static str> {
    const MOST: &[u8] = b"18446744073709551615";
    let zeros = time.iter().take_while(|&&byte| byte == b'0').count();
    if retry == Duration::from_millis(u64::MAX) && time[zeros..] != *MOST {
        return Some("64 bits hold");
    }
    [
        (1 << 53, "JavaScript numbers hold exactly"),
        (u32::MAX.into(), "32 bits hold"),
        (i32::MAX as u128, "JavaScript timers count"),
    ]
    .into_iter()
    .find(|&(most, _)| retry.as_millis() > most)
    .map(|(_, what)| what)
}

/// FNV-1a: to distinguish values without keeping them.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut hash = Fnv::START;
    hash.push(bytes);
    hash.0
}

/// The same for a message, without building its text.
pub(super) fn hash_of(message: fmt::Arguments<'_>) -> u64 {
    let mut hash = Fnv::START;
    // Hashing cannot fail.
    let _ = fmt::Write::write_fmt(&mut hash, message);
    hash.0
}

struct Fnv(u64);

impl Fnv {
    const START: Self = Self(0xcbf2_9ce4_8422_2325);

    fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

impl fmt::Write for Fnv {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

/// A number of bytes in a sentence.
pub(super) struct Bytes(pub(super) usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} byte{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
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
    use alloc::format;

    #[test]
    fn layers() {
        for (data, expected) in [
            ("data: a", Some(0..5)),
            ("data:a", Some(0..5)),
            ("event: ping", Some(0..6)),
            ("id: 5", Some(0..3)),
            ("retry: 5", Some(0..6)),
            (": comment", Some(0..1)),
            ("b'data: {...}'", Some(2..7)),
            ("b\"id: 1\"", Some(2..5)),
            ("b'hello'", None),
            (":", None),
            (":)", None),
            (": 42", None),
            ("data:", None),
            ("data", None),
            ("data:image/png;base64,iVBORw0KGgo=", None),
            ("data:text/plain,hi", None),
            ("data:,hi", None),
            ("data:;base64,aGk=", None),
            ("data: one, two", Some(0..5)),
            ("data: a/b", Some(0..5)),
            ("Data: a", None),
            ("", None),
        ] {
            assert_eq!(layer(data.as_bytes()), expected, "{data}");
        }
    }

    #[test]
    fn what_begins_as_json_does() {
        for (text, json, python, sentinel) in [
            ("{\"a\": 1}", true, false, false),
            ("{", true, false, false),
            ("{}", true, false, false),
            ("[{", true, false, false),
            ("[\"a", true, false, false),
            ("[]", true, false, false),
            ("{'a': None}", false, true, false),
            ("[{'a': 1}]", true, true, false),
            ("b'{\"a\": 1}'", false, true, false),
            ("b'hello'", false, false, false),
            ("{'a', 'b'}", false, false, false),
            ("{not json}", false, false, false),
            ("[docs](x)", false, false, false),
            ("[1] says", false, false, false),
            ("[DONE]", false, false, true),
            ("[END_OF_STREAM]", false, false, true),
            ("[Done]", false, false, false),
            ("done", false, false, true),
            ("42", false, false, true),
            ("-1.5", false, false, true),
            ("2025-01-01", false, false, true),
            ("hello", false, false, false),
            ("", false, false, false),
        ] {
            let bytes = text.as_bytes();
            let found = (begins_json(bytes), is_python(bytes), is_sentinel(bytes));
            assert_eq!(found, (json, python, sentinel), "{text}");
        }
    }

    #[test]
    fn line_ends_of_others() {
        for (text, expected) in [
            ("a\u{2028}b", Some(1..4)),
            ("\u{2029}", Some(0..3)),
            ("\u{e9}\u{85}", Some(2..4)),
            ("a\u{b}", Some(1..2)),
            ("\u{c}", Some(0..1)),
            ("\u{1c}", Some(0..1)),
            ("\u{1e}", Some(0..1)),
            ("\u{1b}\u{1f}\t\u{2027}\u{202a}\u{84}\u{d55c}", None),
        ] {
            assert_eq!(unicode_line_end(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn ids_that_no_header_carries() {
        for (id, expected) in [
            ("resp_1/42", None),
            ("a b", None),
            ("a\tb", None),
            ("", None),
            ("a\u{1b}b", Some(1..2)),
            ("\u{7f}", Some(0..1)),
            (" a", Some(0..2)),
            ("a\t", Some(0..2)),
            ("\u{e9}", Some(0..2)),
            ("\u{85}", Some(0..2)),
        ] {
            let found = unportable(id.as_bytes()).map(|(place, _)| place);
            assert_eq!(found, expected, "{id:?}");
        }
        assert_eq!(unportable(&[b'a'; 7900]), None);
        assert!(unportable(&[b'a'; 7901]).is_some());
    }

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
            (u64::MAX, Some("JavaScript numbers hold exactly")),
        ] {
            let (retry, time) = (
                Duration::from_millis(milliseconds),
                format!("00{milliseconds}"),
            );
            assert_eq!(
                exceeded_by(retry, time.as_bytes()),
                expected,
                "{milliseconds}"
            );
        }
        let most = Duration::from_millis(u64::MAX);
        let more = "18446744073709551616";
        assert_eq!(exceeded_by(most, more.as_bytes()), Some("64 bits hold"));
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
