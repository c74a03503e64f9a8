//! The Server-Sent Events wire format.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![no_std]
#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_alloc, clippy::std_instead_of_core)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod decoder;
mod encoder;
mod error;
mod event;
mod field;
pub mod http;
mod line;
#[cfg(feature = "testing")]
pub mod testing;
mod text;

pub use decoder::{Decoder, Feed, Frame};
pub use encoder::{DataWriter, Encoder};
pub use error::{DecodeError, EncodeError};
pub use event::Event;
pub mod check;
