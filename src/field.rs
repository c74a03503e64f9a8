//! A line to a field: the only place that knows field syntax (R9 to R12, R16).

use memchr::memchr;

/// What a line that is not blank says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Comment,
    Data,
    EventType,
    Id,
    Retry,
    /// A field that is ignored (R17).
    Unknown,
}

/// So many bytes from the start of a line tell what it is and where its value starts, whatever
/// follows: the longest name, its colon and the space.
pub(crate) const DECISIVE: usize = "event: ".len();

/// What a comment starts with (R9).
pub(crate) const COMMENT: u8 = b':';

/// Whether the first bytes of a line tell what it is and where its value starts.
#[inline(always)]
pub(crate) fn is_decisive(start: &[u8]) -> bool {
    start.len() >= DECISIVE || start.first() == Some(&COMMENT)
}

/// The name of a line's field, and where in the line its value starts.
///
/// The line is whole, or its first [`DECISIVE`] bytes.
#[inline(always)]
pub(crate) fn split(line: &[u8]) -> (Name, usize) {
    let value = |colon: usize| colon + 1 + usize::from(line.get(colon + 1) == Some(&b' '));
    if line.first() == Some(&COMMENT) {
        (Name::Comment, 1)
    } else if line.starts_with(b"data:") {
        (Name::Data, value(4))
    } else if line.starts_with(b"event:") {
        (Name::EventType, value(5))
    } else if line.starts_with(b"id:") {
        (Name::Id, value(2))
    } else if line.starts_with(b"retry:") {
        (Name::Retry, value(5))
    } else {
        (without_colon(line), line.len())
    }
}

/// The name itself, for those who want to know what an unknown one looks like (R10, R11).
pub(crate) fn name(line: &[u8]) -> &[u8] {
    &line[..memchr(b':', line).unwrap_or(line.len())]
}

/// R11: a line without a colon is all name.
fn without_colon(line: &[u8]) -> Name {
    match line {
        b"data" => Name::Data,
        b"event" => Name::EventType,
        b"id" => Name::Id,
        b"retry" => Name::Retry,
        _ => Name::Unknown,
    }
}

/// The value of a `retry` field as far as it was seen (R16): digits are counted up as they come, so
/// that no number of them needs memory.
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
            assert_eq!(split(line.as_bytes()).0, Name::Unknown, "{line:?}");
        }
    }

    #[test]
    fn names_of_any_kind() {
        for (line, expected) in [
            ("data: a", "data"),
            ("a:b:c", "a"),
            ("a b", "a b"),
            (":a", ""),
            ("\u{feff}data:", "\u{feff}data"),
        ] {
            assert_eq!(name(line.as_bytes()), expected.as_bytes(), "{line:?}");
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
                    if name == Name::Unknown {
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
