//! One error for each direction.

use thiserror::Error;

/// Why a [`Decoder`](crate::Decoder) could not return something.
///
/// Only limits are errors: every sequence of bytes is an event stream (R5). Each error is reported
/// once, and the decoder continues: the next call returns what follows.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecodeError {
    /// A block held more than [`max_event_size`](crate::Decoder::max_event_size) bytes.
    ///
    /// Its data and event type are dropped up to its blank line. Its ids still count: without them,
    /// a client that reconnects would ask for the same event for ever.
    #[error("event larger than the limit of {limit} bytes")]
    #[non_exhaustive]
    EventTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// A comment did not fit into what its block leaves of the limit. Only
    /// [`next_frame`](crate::Feed::next_frame) reports it.
    ///
    /// The comment is dropped; its block is unharmed.
    #[error("comment larger than the limit of {limit} bytes")]
    #[non_exhaustive]
    CommentTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// A field with another name did not fit into what its block leaves of the limit. Only
    /// [`next_frame`](crate::Feed::next_frame) reports it.
    ///
    /// The field is dropped; its block is unharmed.
    #[error("field larger than the limit of {limit} bytes")]
    #[non_exhaustive]
    FieldTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
}

/// Why a value cannot be sent: the wire cannot carry it.
///
/// Such values are refused when they are made, so encoding cannot fail and injection is impossible.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidText {
    /// A carriage return or line feed in a value that has to stay on one line.
    #[error("line end at byte {position}")]
    #[non_exhaustive]
    LineEnd {
        /// The position of the line end, in bytes from the start of the value.
        position: usize,
    },
    /// U+0000 in an id, which every client would ignore (R15).
    #[error("NUL at byte {position}")]
    #[non_exhaustive]
    Nul {
        /// The position of the NUL, in bytes from the start of the value.
        position: usize,
    },
    /// The bytes are not UTF-8.
    #[error("invalid UTF-8 at byte {position}")]
    #[non_exhaustive]
    NotUtf8 {
        /// How many bytes before it are valid.
        position: usize,
    },
    /// A colon in a field's name, which ends it (R10).
    #[error("colon at byte {position}")]
    #[non_exhaustive]
    Colon {
        /// The position of the colon, in bytes from the start of the name.
        position: usize,
    },
    /// A field without a name would be a comment (R9).
    #[error("empty field name")]
    Empty,
    /// A field name that has a meaning in the format: `event`, `data`, `id` or `retry`.
    #[error("reserved field name")]
    Reserved,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn messages_carry_the_numbers() {
        for (message, expected) in [
            (
                DecodeError::EventTooLarge { limit: 9 }.to_string(),
                "event larger than the limit of 9 bytes",
            ),
            (
                DecodeError::CommentTooLarge { limit: 9 }.to_string(),
                "comment larger than the limit of 9 bytes",
            ),
            (
                DecodeError::FieldTooLarge { limit: 9 }.to_string(),
                "field larger than the limit of 9 bytes",
            ),
            (
                InvalidText::LineEnd { position: 3 }.to_string(),
                "line end at byte 3",
            ),
            (
                InvalidText::Nul { position: 3 }.to_string(),
                "NUL at byte 3",
            ),
            (
                InvalidText::NotUtf8 { position: 3 }.to_string(),
                "invalid UTF-8 at byte 3",
            ),
            (
                InvalidText::Colon { position: 3 }.to_string(),
                "colon at byte 3",
            ),
        ] {
            assert_eq!(message, expected);
        }
    }

    #[test]
    fn errors_are_small_enough_to_return_by_value() {
        assert!(size_of::<DecodeError>() <= 16);
        assert!(size_of::<InvalidText>() <= 16);
    }
}
