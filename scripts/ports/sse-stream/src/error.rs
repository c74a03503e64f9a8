//! The errors of version 0.3.

use std::error::Error as StdError;
use std::str::Utf8Error;
use thiserror::Error;

/// Why there are no more blocks.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The body has failed, or a block is over the limit, which theirs does not have.
    #[error("body error: {0}")]
    Body(#[source] Box<dyn StdError + Send + Sync>),
    /// Never: the specification requires that invalid UTF-8 is replaced (R5).
    #[error("utf8 parse error: {0}")]
    Utf8Parse(#[source] Utf8Error),
    /// Never: the shim has no feature `strict-fields`.
    #[error("unknown SSE field")]
    UnknownField,
}

/// What a block cannot carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A line end in the event type.
    #[error("SSE event type cannot contain CR/LF")]
    InvalidEvent,
    /// A line end or NUL in the id.
    #[error("SSE id cannot contain CR/LF/NULL")]
    InvalidId,
}

/// Why there is no more of a body.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BodyError {
    /// The stream of blocks has failed.
    #[error("event stream error: {0}")]
    Stream(#[source] Box<dyn StdError + Send + Sync>),
    /// A block cannot be encoded.
    #[error("SSE encoding error: {0}")]
    Encode(#[source] EncodeError),
}
