//! One error type per direction.

use thiserror::Error;

/// Why a [`Decoder`](crate::Decoder) could not hand something over.
///
/// Only limits are errors: every sequence of bytes is an event stream (R5). Each error is reported
/// once, and the decoder is ready to go on: the next call returns what follows.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// A block held more than [`max_event_size`](crate::Decoder::max_event_size) bytes.
    ///
    /// The block is dropped up to its blank line. Its ids still count, or else a client that
    /// reconnects would ask for the same event for ever.
    #[error("event larger than the limit of {limit} bytes")]
    EventTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// A comment did not fit beside what its block holds. Only
    /// [`next_frame`](crate::Feed::next_frame) reports it.
    ///
    /// The comment is dropped; its block goes on unharmed.
    #[error("comment larger than the limit of {limit} bytes")]
    CommentTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
}

/// Why a value cannot be sent: the wire has no way to carry it.
///
/// Refusing such values when they are set is what makes encoding infallible and injection
/// impossible.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// A carriage return or line feed in a value that has to stay on one line.
    #[error("line end in {field} at byte {position}")]
    LineEnd {
        /// The value's name: `event type` or `last event ID`.
        field: &'static str,
        /// Where the line end stands, in bytes from the start of the value.
        position: usize,
    },
    /// U+0000 in a last event ID, which every client would ignore (R15).
    #[error("NUL in last event ID at byte {position}")]
    Nul {
        /// Where the NUL stands, in bytes from the start of the value.
        position: usize,
    },
    /// Bytes that are not UTF-8, where bytes were handed over for text.
    #[error("invalid UTF-8 at byte {position}")]
    NotUtf8 {
        /// How many bytes before it are valid.
        position: usize,
    },
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
                EncodeError::LineEnd {
                    field: "event type",
                    position: 3,
                }
                .to_string(),
                "line end in event type at byte 3",
            ),
            (
                EncodeError::Nul { position: 3 }.to_string(),
                "NUL in last event ID at byte 3",
            ),
            (
                EncodeError::NotUtf8 { position: 3 }.to_string(),
                "invalid UTF-8 at byte 3",
            ),
        ] {
            assert_eq!(message, expected);
        }
    }

    #[test]
    fn errors_are_small_enough_to_return_by_value() {
        assert!(size_of::<DecodeError>() <= 16);
        assert!(size_of::<EncodeError>() <= 32);
    }
}
