//! What data looks like as JSON: enough to recognize a text that a line end has cut.

use memchr::memchr2;

/// The text so far: perhaps the start of a JSON object, array or string.
///
/// Numbers are not looked at closely, and nesting deeper than 64 levels counts as invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Json {
    state: State,
    /// One bit for each open bracket, the innermost lowest: whether it is that of an object.
    objects: u64,
    depth: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    FirstKey,
    Key,
    Colon,
    FirstElement,
    Value,
    AfterValue,
    String {
        is_key: bool,
    },
    Escape {
        is_key: bool,
    },
    Number,
    /// One of [`WORDS`], and how much of it has come.
    Word(u8, u8),
    Complete,
    /// It is not JSON.
    Invalid,
}

const WORDS: [&[u8]; 3] = [b"true", b"false", b"null"];

impl Json {
    pub(super) const START: Self = Self {
        state: State::Start,
        objects: 0,
        depth: 0,
    };

    /// Whether the text is JSON, or can become JSON with the right characters after it.
    pub(super) fn is_possible(&self) -> bool {
        self.state != State::Invalid
    }

    /// Whether the text is one whole JSON text.
    pub(super) fn is_complete(&self) -> bool {
        self.state == State::Complete
    }

    /// Whether the end of an object or array is missing.
    pub(super) fn is_open(&self) -> bool {
        self.is_possible() && self.depth > 0
    }

    /// Whether the end of a string within an object or array is missing.
    pub(super) fn is_in_string(&self) -> bool {
        self.depth > 0 && matches!(self.state, State::String { .. } | State::Escape { .. })
    }

    pub(super) fn push(&mut self, text: &[u8]) {
        // A copy, so that its parts can stay in registers.
        let mut json = *self;
        json.read(text);
        *self = json;
    }

    #[inline(always)]
    fn read(&mut self, mut text: &[u8]) {
        while !text.is_empty() && self.is_possible() {
            text = self.token(text);
        }
    }

    /// Consumes a token or a part of one: what is most of a text, and what joins it, in one piece.
    /// Returns the rest.
    #[inline(always)]
    fn token<'t>(&mut self, text: &'t [u8]) -> &'t [u8] {
        let in_object = self.in_object();
        let [byte, rest @ ..] = text else { return text };
        self.state = match (self.state, byte, rest) {
            (State::String { is_key }, ..) => return self.string(text, is_key),
            (State::Number, ..) => return self.number(text),
            (State::Word(word, came), ..) => self.word(*byte, word, came),
            (State::Escape { is_key }, ..) => State::String { is_key },
            (State::Colon, b':', [b'"', rest @ ..]) => {
                self.state = State::String { is_key: false };
                return rest;
            }
            (State::AfterValue, b',', [b'"', rest @ ..]) if in_object => {
                self.state = State::String { is_key: true };
                return rest;
            }
            (state, b' ' | b'\t' | b'\r' | b'\n', _) => state,
            (State::FirstKey | State::Key, b'"', _) => State::String { is_key: true },
            (State::Colon, b':', _) => State::Value,
            (State::AfterValue, b',', _) if in_object => State::Key,
            (State::AfterValue, b',', _) => State::Value,
            (State::FirstKey | State::AfterValue, b'}', _) if in_object => self.close(),
            (State::FirstElement | State::AfterValue, b']', _) if !in_object => self.close(),
            (State::Start | State::FirstElement | State::Value, b'{', _) => {
                self.open(1, State::FirstKey)
            }
            (State::Start | State::FirstElement | State::Value, b'[', _) => {
                self.open(0, State::FirstElement)
            }
            (State::Start | State::FirstElement | State::Value, b'"', _) => {
                State::String { is_key: false }
            }
            (State::FirstElement | State::Value, b'-' | b'0'..=b'9', _) => State::Number,
            (State::FirstElement | State::Value, b't', _) => State::Word(0, 1),
            (State::FirstElement | State::Value, b'f', _) => State::Word(1, 1),
            (State::FirstElement | State::Value, b'n', _) => State::Word(2, 1),
            _ => State::Invalid,
        };
        rest
    }

    #[inline(always)]
    fn string<'t>(&mut self, text: &'t [u8], is_key: bool) -> &'t [u8] {
        let Some(end) = end_of_run(text) else {
            return &[];
        };
        self.state = match text[end] {
            b'"' if is_key => State::Colon,
            b'"' => self.after_value(),
            _ => State::Escape { is_key },
        };
        &text[end + 1..]
    }

    #[inline(always)]
    fn number<'t>(&mut self, text: &'t [u8]) -> &'t [u8] {
        let in_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let Some(end) = text.iter().position(|byte| !in_number(byte)) else {
            return &[];
        };
        self.state = self.after_value();
        &text[end..]
    }

    #[inline(always)]
    fn word(&self, byte: u8, word: u8, came: u8) -> State {
        match &WORDS[usize::from(word)][usize::from(came)..] {
            [last] if *last == byte => self.after_value(),
            [next, _, ..] if *next == byte => State::Word(word, came + 1),
            _ => State::Invalid,
        }
    }

    #[inline(always)]
    fn open(&mut self, object: u64, state: State) -> State {
        self.depth += 1;
        self.objects = self.objects << 1 | object;
        if self.depth <= u64::BITS {
            state
        } else {
            State::Invalid
        }
    }

    #[inline(always)]
    fn close(&mut self) -> State {
        self.depth -= 1;
        self.objects >>= 1;
        self.after_value()
    }

    #[inline(always)]
    fn after_value(&self) -> State {
        if self.depth == 0 {
            State::Complete
        } else {
            State::AfterValue
        }
    }

    #[inline(always)]
    fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }
}

/// Where the next quote or backslash of a string is. Most strings are too short for a call to pay.
#[inline]
fn end_of_run(text: &[u8]) -> Option<usize> {
    const SHORT: usize = 4;
    let mut start = 0;
    for word in text.chunks_exact(8).take(SHORT) {
        let word = word.try_into().map_or(0, u64::from_le_bytes);
        let found = zeros(word ^ all(b'"')) | zeros(word ^ all(b'\\'));
        if found != 0 {
            return Some(start + found.trailing_zeros() as usize / 8);
        }
        start += 8;
    }
    memchr2(b'"', b'\\', &text[start..]).map(|end| start + end)
}

const fn all(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The high bit of each byte that is zero, up to the first one at least.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(all(1)) & !word & all(0x80)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    /// What a text is: `complete`, `open`, `in string`, `possible` (nothing came yet), or `no`.
    fn what(text: &str) -> &'static str {
        let mut json = Json::START;
        json.push(text.as_bytes());
        match json {
            _ if json.is_complete() => "complete",
            _ if json.is_in_string() => "in string",
            _ if json.is_open() => "open",
            _ if json.is_possible() => "possible",
            _ => "no",
        }
    }

    #[test]
    fn texts() {
        for (text, expected) in [
            ("", "possible"),
            (" \t", "possible"),
            ("{}", "complete"),
            ("[]", "complete"),
            (
                r#" {"a": [1, -2.5e+3, true, false, null, {"b": []}], "c": ""} "#,
                "complete",
            ),
            (r#""text \" \\""#, "complete"),
            ("[\"\u{e9}\\u00e9\"]", "complete"),
            (r#"{"a": 1"#, "open"),
            ("[", "open"),
            ("[1,", "open"),
            ("[12", "open"),
            ("[tru", "open"),
            (r#"{"a":"#, "open"),
            (r#"{"a": "b"#, "in string"),
            (r#"["b\""#, "in string"),
            (r#"["b\"#, "in string"),
            (r#"{"a"#, "in string"),
            ("\"a", "possible"),
            ("a", "no"),
            ("1", "no"),
            ("null", "no"),
            ("{a", "no"),
            ("{'a': 1}", "no"),
            ("{1: 2}", "no"),
            (r#"{"a" 1}"#, "no"),
            (r#"{"a": 1]"#, "no"),
            (r#"{"a": 1,}"#, "no"),
            ("[1}", "no"),
            ("[1,]", "no"),
            ("[12:30] x", "no"),
            ("[INFO]", "no"),
            ("[DONE]", "no"),
            ("[trap]", "no"),
            ("[tr ue]", "no"),
            ("{} {}", "no"),
            ("{}\\n", "no"),
        ] {
            assert_eq!(what(text), expected, "{text:?}");
        }
    }

    #[test]
    fn quotes_and_backslashes_are_found_at_any_distance() {
        for length in 0..80 {
            let mut text = vec![b'\xA2'; length];
            assert_eq!(end_of_run(&text), None);
            for end in 0..length {
                for mark in [b'"', b'\\'] {
                    text[end..].fill(mark);
                    assert_eq!(end_of_run(&text), Some(end));
                    text[end..].fill(b'!');
                }
            }
        }
    }

    #[test]
    fn nesting_is_followed_to_64_levels() {
        for (levels, expected) in [(64, "complete"), (65, "no")] {
            assert_eq!(what(&("[".repeat(levels) + &"]".repeat(levels))), expected);
        }
        let mixed = "[{\"a\":".repeat(32) + "1" + &"}]".repeat(32);
        assert_eq!(what(&mixed), "complete");
    }
}
