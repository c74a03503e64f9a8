//! A line to a field, and back: the only place that knows field syntax (R9 to R12, R16, R17).

use crate::InvalidText;
use memchr::memchr;

/// How each kind of line starts when it is written: the name, the colon and a space.
pub(crate) const DATA: &[u8; 6] = b"data: ";
pub(crate) const EVENT_TYPE: &[u8; 7] = b"event: ";
pub(crate) const ID: &[u8; 4] = b"id: ";
pub(crate) const RETRY: &[u8; 7] = b"retry: ";

/// The four names (R12).
pub(crate) const NAMES: [&[u8]; 4] = [
    name_of(DATA),
    name_of(EVENT_TYPE),
    name_of(ID),
    name_of(RETRY),
];

/// What a comment starts with (R9).
pub(crate) const COMMENT: u8 = b':';

/// This many bytes from the start of a line are enough to know the field and where its value
/// starts: the longest name, its colon and the space.
pub(crate) const DECISIVE: usize = EVENT_TYPE.len();

/// The kinds of line, except a blank one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Comment,
    Data,
    EventType,
    Id,
    Retry,
    /// Another name: the field is ignored (R17).
    Other,
}

/// Whether the first bytes of a line are enough to know the field and where its value starts.
#[inline(always)]
pub(crate) fn is_decisive(start: &[u8]) -> bool {
    start.len() >= DECISIVE || start.first() == Some(&COMMENT)
}

/// The name of a line's field, and where in the line its value starts (R9 to R12).
///
/// The line is whole, or its first [`DECISIVE`] bytes.
#[inline(always)]
pub(crate) fn split(line: &[u8]) -> (Name, usize) {
    if line.first() == Some(&COMMENT) {
        (Name::Comment, 1)
    } else if line.starts_with(const { with_colon(DATA) }) {
        (Name::Data, value_start(line, DATA.len() - 2))
    } else if line.starts_with(const { with_colon(EVENT_TYPE) }) {
        (Name::EventType, value_start(line, EVENT_TYPE.len() - 2))
    } else if line.starts_with(const { with_colon(ID) }) {
        (Name::Id, value_start(line, ID.len() - 2))
    } else if line.starts_with(const { with_colon(RETRY) }) {
        (Name::Retry, value_start(line, RETRY.len() - 2))
    } else {
        (without_colon(line), line.len())
    }
}

/// Name and value of any field (R10, R11).
pub(crate) fn name_and_value(line: &[u8]) -> (&[u8], &[u8]) {
    match memchr(b':', line) {
        Some(colon) => (&line[..colon], &line[value_start(line, colon)..]),
        None => (line, &[]),
    }
}

/// The name of any field.
pub(crate) fn name(line: &[u8]) -> &[u8] {
    name_and_value(line).0
}

/// R10: one space after the colon is not part of the value.
#[inline(always)]
fn value_start(line: &[u8], colon: usize) -> usize {
    colon + 1 + usize::from(line.get(colon + 1) == Some(&b' '))
}

/// R11: a line without a colon is a name.
fn without_colon(line: &[u8]) -> Name {
    match NAMES.iter().position(|&name| name == line) {
        Some(0) => Name::Data,
        Some(1) => Name::EventType,
        Some(2) => Name::Id,
        Some(3) => Name::Retry,
        _ => Name::Other,
    }
}

const fn with_colon(start: &[u8]) -> &[u8] {
    start.split_at(start.len() - 1).0
}

const fn name_of(start: &[u8]) -> &[u8] {
    start.split_at(start.len() - 2).0
}

/// Refuses a name that a field with another name cannot have: an empty one, one of the four, or one
/// with a colon.
pub(crate) fn refuse_name(name: &str) -> Result<(), InvalidText> {
    let name = name.as_bytes();
    if name.is_empty() {
        Err(InvalidText::Empty)
    } else if NAMES.contains(&name) {
        Err(InvalidText::Reserved)
    } else {
        memchr(b':', name).map_or(Ok(()), |position| Err(InvalidText::Colon { position }))
    }
}

/// Writes a field whose value has no line end. `put` gets its parts.
#[inline]
pub(crate) fn put<P: FnMut(&[u8]) + ?Sized>(start: &[u8], value: &[u8], put: &mut P) {
    put(start);
    put(value);
    put(b"\n");
}

/// Writes a field with another name.
pub(crate) fn put_other(name: &[u8], value: &[u8], put: &mut dyn FnMut(&[u8])) {
    put(name);
    self::put(b": ", value, put);
}

/// Writes a reconnection time as digits (R16).
pub(crate) fn put_retry<P: FnMut(&[u8]) + ?Sized>(mut milliseconds: u64, put: &mut P) {
    let mut digits = [0; "18446744073709551615".len()];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (milliseconds % 10) as u8;
        milliseconds /= 10;
        if milliseconds == 0 {
            break;
        }
    }
    self::put(RETRY, &digits[start..], put);
}

/// The value of a `retry` field so far (R16), accumulated digit by digit, so that even endless digits
/// take no memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Digits {
    #[default]
    Empty,
    Number(u64),
    Invalid,
}

impl Digits {
    pub(crate) fn push(self, value: &[u8]) -> Self {
        let mut number = match self {
            Self::Invalid => return self,
            Self::Empty if value.is_empty() => return self,
            Self::Empty => 0,
            Self::Number(number) => number,
        };
        for byte in value {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return Self::Invalid;
            }
            number = u64::saturating_add(number.saturating_mul(10), digit.into());
        }
        Self::Number(number)
    }

    /// The reconnection time in milliseconds, saturated; none if the field is to be ignored.
    pub(crate) fn milliseconds(self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Empty | Self::Invalid => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values() {
        for (line, name, value) in [
            ("data:a", Name::Data, "a"),
            ("data: a", Name::Data, "a"),
            ("data:  a", Name::Data, " a"),
            ("data:a:b", Name::Data, "a:b"),
            ("data:\ta", Name::Data, "\ta"),
            ("data:", Name::Data, ""),
            ("data: ", Name::Data, ""),
            ("data", Name::Data, ""),
            ("event: a", Name::EventType, "a"),
            ("event", Name::EventType, ""),
            ("id: 1", Name::Id, "1"),
            ("id", Name::Id, ""),
            ("retry: 1", Name::Retry, "1"),
            ("retry", Name::Retry, ""),
            (": a", Name::Comment, " a"),
            (":", Name::Comment, ""),
            (":data: a", Name::Comment, "data: a"),
        ] {
            assert_eq!(
                split(line.as_bytes()),
                (name, line.len() - value.len()),
                "{line:?}"
            );
        }
        for line in [
            "Data: a",
            "data ",
            " data: a",
            "dat",
            "dataa: a",
            "d",
            " ",
            "\u{feff}data:a",
            "ids",
        ] {
            assert_eq!(split(line.as_bytes()).0, Name::Other, "{line:?}");
        }
    }

    #[test]
    fn names_of_any_kind() {
        for (line, name, value) in [
            ("data: a", "data", "a"),
            ("a:b:c", "a", "b:c"),
            ("a:  b", "a", " b"),
            ("a b", "a b", ""),
            (":a", "", "a"),
            ("\u{feff}data:", "\u{feff}data", ""),
        ] {
            assert_eq!(
                name_and_value(line.as_bytes()),
                (name.as_bytes(), value.as_bytes()),
                "{line:?}"
            );
        }
    }

    #[test]
    fn the_first_bytes_decide() {
        for line in [
            "event: abc",
            "event:abc",
            "data:   ",
            "retry:12345",
            "id: 12345",
            "datadata",
            ":123456",
        ] {
            assert_eq!(split(line.as_bytes()), {
                let (name, value) = split(&line.as_bytes()[..DECISIVE]);
                (
                    name,
                    if name == Name::Other {
                        line.len()
                    } else {
                        value
                    },
                )
            });
        }
    }

    #[test]
    fn digits_in_pieces() {
        for (pieces, milliseconds) in [
            (&["15", "00"][..], Some(1500)),
            (&["", "0", "", "0001500"], Some(1500)),
            (&["18446744073709551615"], Some(u64::MAX)),
            (&["18446744073709551616"], Some(u64::MAX)),
            (&["99999999999999999999999"], Some(u64::MAX)),
            (&[""], None),
            (&["+5"], None),
            (&["5", "-"], None),
            (&["1_000"], None),
            (&["1.5"], None),
            (&[" 5"], None),
            (&["x", "5"], None),
            (&["\u{661}"], None),
        ] {
            let digits = pieces
                .iter()
                .fold(Digits::Empty, |digits, piece| digits.push(piece.as_bytes()));
            assert_eq!(digits.milliseconds(), milliseconds, "{pieces:?}");
        }
    }
}
