//! Values that stay on one line: text that the wire cannot carry is refused when they are made.

use crate::{InvalidText, line};
use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use core::fmt;
use memchr::memchr;

/// An event type: text without a line end (R4, R13). An empty one means the default, `message`
/// (R18).
///
/// ```
/// use sse_wire::{EventType, InvalidText};
///
/// const PING: EventType = EventType::from_static("ping");
/// assert_eq!(PING.as_str(), "ping");
///
/// let name = String::from("a\ndata: injected");
/// assert!(matches!(EventType::new(name), Err(InvalidText::LineEnd { position: 1, .. })));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType<'a>(Cow<'a, str>);

/// An event's id: text without a line end or NUL (R4, R15, R24). It becomes the client's last event
/// ID; an empty one resets that to empty.
///
/// Only short ids of visible ASCII work with every client. Other ids may fail when a client sends
/// them back as `Last-Event-ID`:
///
/// - Control characters and U+007F: HTTP libraries refuse them, and the client never reconnects.
/// - Letters outside ASCII: browsers send UTF-8; `fetch` and many libraries refuse them, or send
///   those up to U+00FF as Latin-1.
/// - White space at the start or end is lost on the way.
/// - More than about 8,000 bytes: proxies refuse the request.
///
/// ```
/// use sse_wire::{EventId, InvalidText};
///
/// assert_eq!(EventId::from(42).as_str(), "42");
/// assert_eq!(EventId::new("a-42")?.as_str(), "a-42");
/// assert!(matches!(EventId::new("1\02"), Err(InvalidText::Nul { position: 1, .. })));
/// # Ok::<(), InvalidText>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId<'a>(Cow<'a, str>);

/// What both kinds of value have.
macro_rules! value {
    ($Value:ident, $check:ident, $check_static:ident, $refused:literal) => {
        impl<'a> $Value<'a> {
            /// A value of this text, borrowed or owned.
            ///
            /// # Errors
            ///
            #[doc = $refused]
            #[inline]
            pub fn new(text: impl Into<Cow<'a, str>>) -> Result<Self, InvalidText> {
                let text = text.into();
                match $check(&text) {
                    None => Ok(Self(text)),
                    Some(refusal) => Err(refusal),
                }
            }

            /// The text.
            #[must_use]
            #[inline]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The same value, independent of what it was borrowed from. Allocates once if it is
            /// borrowed and not empty.
            #[must_use]
            // Mostly called on a value just lent: once inlined, the compiler knows it is borrowed.
            #[inline(always)]
            pub fn into_owned(self) -> $Value<'static> {
                $Value(owned(self.0))
            }

            /// A value from the wire, where refused text cannot occur.
            #[inline(always)]
            pub(crate) const fn from_wire(text: Cow<'a, str>) -> Self {
                Self(text)
            }

            /// The same value, borrowed from this one.
            #[inline]
            pub(crate) fn as_borrowed(&self) -> $Value<'_> {
                $Value(Cow::Borrowed(&self.0))
            }
        }

        impl $Value<'static> {
            /// A value of a literal. In a constant, text that is refused does not compile:
            ///
            /// ```compile_fail
            #[doc = concat!(
                                "const INJECTED: sse_wire::", stringify!($Value), " = sse_wire::",
                                stringify!($Value), "::from_static(\"a\\ndata: b\");",
                            )]
            /// ```
            ///
            /// # Panics
            ///
            #[doc = concat!($refused, " Write `const { .. }` around a call elsewhere, to have it ")]
            /// refused by the compiler instead.
            #[must_use]
            pub const fn from_static(text: &'static str) -> Self {
                assert!($check_static(text), "a line end or NUL in a literal");
                Self(Cow::Borrowed(text))
            }
        }

        impl<'a> TryFrom<&'a str> for $Value<'a> {
            type Error = InvalidText;

            #[inline]
            fn try_from(text: &'a str) -> Result<Self, InvalidText> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $Value<'_> {
            type Error = InvalidText;

            #[inline]
            fn try_from(text: String) -> Result<Self, InvalidText> {
                Self::new(text)
            }
        }

        impl<'a> TryFrom<Cow<'a, str>> for $Value<'a> {
            type Error = InvalidText;

            #[inline]
            fn try_from(text: Cow<'a, str>) -> Result<Self, InvalidText> {
                Self::new(text)
            }
        }

        impl<'a> From<$Value<'a>> for Cow<'a, str> {
            #[inline]
            fn from(value: $Value<'a>) -> Self {
                value.0
            }
        }

        impl AsRef<str> for $Value<'_> {
            #[inline]
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $Value<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

value!(
    EventType,
    refuse_line_end,
    has_no_line_end,
    "[`InvalidText::LineEnd`] if it has a CR or LF."
);
value!(
    EventId,
    refuse_line_end_or_nul,
    has_no_line_end_or_nul,
    "[`InvalidText::LineEnd`] if it has a CR or LF, [`InvalidText::Nul`] if it has a NUL."
);

/// The id of nearly every server.
impl From<u64> for EventId<'_> {
    fn from(number: u64) -> Self {
        Self(Cow::Owned(number.to_string()))
    }
}

/// R4.
#[inline]
pub(crate) fn refuse_line_end(text: &str) -> Option<InvalidText> {
    line::find_end(text.as_bytes()).map(|position| InvalidText::LineEnd { position })
}

/// R15, R24.
#[inline]
fn refuse_line_end_or_nul(text: &str) -> Option<InvalidText> {
    let id = text.as_bytes();
    // A short id costs less than the call of a search.
    let nul = if has_nul(id) { memchr(0, id) } else { None };
    let position = line::find_end(id).into_iter().chain(nul).min()?;
    Some(if id[position] == 0 {
        InvalidText::Nul { position }
    } else {
        InvalidText::LineEnd { position }
    })
}

/// R15. Ids are short: eight bytes at a time cost less than a search.
#[inline]
pub(crate) fn has_nul(id: &[u8]) -> bool {
    let is_hit = |part: &[u8]| part.iter().fold(false, |any, &byte| any | (byte == 0));
    let mut parts = id.chunks_exact(8);
    parts.any(is_hit) || is_hit(parts.remainder())
}

const fn has_no_line_end(text: &str) -> bool {
    let mut at = 0;
    while at < text.len() {
        if line::is_end(text.as_bytes()[at]) {
            return false;
        }
        at += 1;
    }
    true
}

const fn has_no_line_end_or_nul(text: &str) -> bool {
    let mut at = 0;
    while at < text.len() {
        if text.as_bytes()[at] == 0 {
            return false;
        }
        at += 1;
    }
    has_no_line_end(text)
}

/// Most events have no event type and no id: an empty text must not cost an allocation or a call.
#[inline]
pub(crate) fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    if text.is_empty() {
        Cow::Borrowed("")
    } else {
        Cow::Owned(text.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_wire_cannot_carry_is_refused_with_its_place() {
        let line_end = |position| Some(InvalidText::LineEnd { position });
        let nul = |position| Some(InvalidText::Nul { position });
        for (text, as_event_type, as_id) in [
            ("", None, None),
            ("plain \u{feff}:", None, None),
            ("a\nb", line_end(1), line_end(1)),
            ("\u{e9}\r", line_end(2), line_end(2)),
            ("\0", None, nul(0)),
            ("\0\n", line_end(1), nul(0)),
            ("\n\0", line_end(0), line_end(0)),
            ("0123456789\0", None, nul(10)),
        ] {
            assert_eq!(EventType::new(text).err(), as_event_type, "{text:?}");
            assert_eq!(EventId::new(text).err(), as_id, "{text:?}");
            assert_eq!(has_no_line_end(text), as_event_type.is_none(), "{text:?}");
            assert_eq!(has_no_line_end_or_nul(text), as_id.is_none(), "{text:?}");
        }
    }

    #[test]
    fn numbers_are_ids() {
        for (number, text) in [(0, "0"), (u64::MAX, "18446744073709551615")] {
            assert_eq!(EventId::from(number).as_str(), text);
        }
    }
}
