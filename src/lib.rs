//! The Server-Sent Events wire format (`text/event-stream`), both directions, without I/O.
//!
//! A [`Decoder`] turns the bytes of an event stream into events, as they arrive and however they
//! are split. An [`Event`] or an [`Encoder`] turns events into bytes. Both are plain state machines
//! over memory, so they work with any transport: any HTTP client or server, a raw socket,
//! WebAssembly, an embedded stack.
//!
//! - **Exact**: it does what the specification, WHATWG HTML section 9.2, says. Every rule has its
//!   own tests.
//! - **Lending**: an event borrows from your chunk, or else from the decoder. Once buffers have
//!   grown, events of up to 8 KiB are decoded without allocating.
//! - **Never late**: an event is returned as soon as its last byte arrives.
//! - **Bounded**: a block may hold 16 MiB, or the limit you set. A larger block is skipped and
//!   reported once.
//! - **No injection**: an event cannot have text that the wire cannot carry, so encoding cannot
//!   fail.
//!
//! # What it is not
//!
//! It is not an HTTP client or server: it has no sockets, clocks, threads or runtime. You connect,
//! wait and reconnect; the decoder tells you which id to send and how long to wait. The few things
//! that HTTP code around an event stream needs are in [`headers`]. A decoder accepts any bytes, as
//! the specification requires. [`check`] reports what is wrong with a stream, and where.
//!
//! # A client
//!
//! Feed the bytes that arrive, and take the events out. An event over the limit gives an error in
//! its place; the loop continues after it.
//!
//! ```
//! use sse_wire::Decoder;
//!
//! let mut decoder = Decoder::new();
//! let mut seen = Vec::new();
//! for chunk in ["event: greeting\nda", "ta: hello\n\ndata: wor", "ld\n\n"] {
//!     let mut feed = decoder.feed(chunk.as_bytes());
//!     while let Some(event) = feed.next_event() {
//!         match event {
//!             Ok(event) => seen.push(format!("{}: {}", event.event_type(), event.data())),
//!             Err(error) => eprintln!("{error}"),
//!         }
//!     }
//! }
//! assert_eq!(seen, ["greeting: hello", "message: world"]);
//! ```
//!
//! [`Feed`] borrows the decoder and the chunk. [`OwnedFeed`] owns both, so that it can live in a
//! struct: with it, an adapter to any kind of stream or reader takes eight lines. Adapters for
//! async streams are in [`stream`], one for tokio's codecs is in [`codec`].
//!
//! # A server
//!
//! Encode into a buffer of your own, or once for all subscribers. Text that the wire cannot carry
//! is refused when an [`EventType`] or [`EventId`] is made; in a constant, it does not compile.
//!
//! ```
//! use sse_wire::{Event, EventType};
//!
//! const GREETING: EventType = EventType::from_static("greeting");
//!
//! let event = Event::new("hello\nworld").with_event_type(GREETING).with_id(42);
//! let mut buf = Vec::new();
//! event.encode(&mut buf);
//! assert_eq!(buf, b"event: greeting\nid: 42\ndata: hello\ndata: world\n\n");
//!
//! let shared: bytes::Bytes = event.to_bytes();
//! assert_eq!(shared, buf);
//! ```
//!
//! # A server, piece by piece
//!
//! An [`Encoder`] writes data as it comes, and also comments and reconnection times.
//!
//! ```
//! use core::fmt::Write;
//! use sse_wire::Encoder;
//!
//! let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
//! encoder.keep_alive(&mut buf);
//! encoder.data("half an answer, ", &mut buf);
//! write!(encoder.data_writer(&mut buf), "and {} more", 1)?;
//! encoder.end(&mut buf);
//! assert_eq!(buf, b":\ndata: half an answer, and 1 more\n\n");
//! # Ok::<(), core::fmt::Error>(())
//! ```
//!
//! # A gateway
//!
//! [`Feed::next_frame`] returns all that a stream says, and [`Encoder::frame`] writes it back; the
//! example there changes one part of each event. To forward bytes as they came, find the exact end
//! of each block with [`Feed::remaining`]:
//!
//! ```
//! use sse_wire::{Decoder, Event, Frame};
//!
//! // This is one whole chunk. If a chunk's end cuts a block, keep the block's bytes until its end comes.
//! let chunk: &[u8] = b"data:a\r\n\r\n:ping\nevent: secret\ndata: b\n\ndata: c\r\r";
//! let (mut decoder, mut out, mut block) = (Decoder::new(), Vec::new(), chunk);
//! let mut feed = decoder.feed(chunk);
//! while let Some(frame) = feed.next_frame() {
//!     let (Frame::Event(event) | Frame::Undispatched(event)) = frame? else { continue };
//!     let is_secret = event.event_type() == "secret";
//!     let (bytes, rest) = block.split_at(block.len() - feed.remaining().len());
//!     if is_secret {
//!         Event::new("***").encode(&mut out);
//!     } else {
//!         out.extend_from_slice(bytes);
//!     }
//!     block = rest;
//! }
//! assert_eq!(out, b"data:a\r\n\r\ndata: ***\n\ndata: c\r\r");
//! # Ok::<(), sse_wire::DecodeError>(())
//! ```
//!
//! # Resuming
//!
//! When a connection is lost, a client waits for the reconnection time, and asks for the events
//! that it has missed. An id takes effect even if its block dispatches no event. A block that the
//! lost connection cut off has no effect.
//!
//! ```
//! use core::time::Duration;
//! use sse_wire::Decoder;
//!
//! let mut decoder = Decoder::new();
//! let mut feed = decoder.feed(b"retry: 500\n\nid: 7\ndata: one\n\nid: 8\ndata: lo");
//! while let Some(event) = feed.next_event() {}
//!
//! // The peer chooses the time, so keep it within bounds.
//! let wait = decoder.retry().unwrap_or(Duration::from_secs(3)).min(Duration::from_secs(60));
//! assert_eq!(wait, Duration::from_millis(500));
//! assert_eq!(decoder.last_event_id(), "7"); // sent in the request, as `headers::LAST_EVENT_ID`
//! decoder.reconnect();
//! let mut feed = decoder.feed(b"id: 8\ndata: lost\n\n");
//! assert_eq!(feed.next_event().unwrap()?.data(), "lost");
//! # Ok::<(), sse_wire::DecodeError>(())
//! ```
//!
//! # Laws
//!
//! Property tests check these on arbitrary input.
//!
//! - Chunk boundaries make no difference: however the bytes are split, events, errors and state are
//!   the same.
//! - Every event that can be built and fits the limit decodes to the same event type, data, id and
//!   reconnection time, except that CR and CRLF in the data become LF. An event without data
//!   decodes to [`Frame::Undispatched`], if it sets anything.
//! - Encoded events can be concatenated: the result is the stream of those events.
//! - The frames of any stream that has no error, written by [`Encoder::frame`], decode to the same
//!   frames.
//! - [`Event::encoded_len`] is exact, and data in pieces, cut anywhere, gives the same bytes as
//!   data at once.
//! - No value can add a line, field or event.
//!
//! No input makes this crate panic, neither a peer's nor the caller's; a panic is a bug. The one
//! exception is a buffer that cannot grow, which panics as [`bytes::BufMut`] documents.
//!
//! # Features
//!
//! | feature | default | what it does |
//! | --- | --- | --- |
//! | `std` | yes | chooses vector instructions at run time, and makes [`DataWriter`] an `std::io::Write` |
//! | `simd` | yes | checks UTF-8 with vector instructions, if text is not ASCII |
//! | `stream` | no | adapters for async streams, in [`stream`]: a body to events, events to a body; needs no `std` |
//! | `codec` | no | codecs for `tokio_util::codec::Framed`, in [`codec`] |
//!
//! Without `std` the crate is `no_std` and needs `alloc`.
//!
//! # Minimum supported Rust version
//!
//! 1.85. A newer one is needed only with a new minor version.
//!
//! # Rules
//!
//! This documentation cites the rules of the [specification] by these numbers.
//!
#![doc = include_str!("rules.md")]
//!
//! [specification]: https://html.spec.whatwg.org/multipage/server-sent-events.html
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![no_std]
#![warn(
    clippy::alloc_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core
)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod check;
#[cfg(feature = "codec")]
pub mod codec;
mod decoder;
mod encoder;
mod error;
mod event;
mod field;
mod frame;
pub mod headers;
mod line;
#[cfg(feature = "stream")]
pub mod stream;
mod text;
mod value;

pub use decoder::{Decoder, Feed, OwnedFeed};
pub use encoder::{DataWriter, Encoder};
pub use error::{DecodeError, InvalidText};
pub use event::{Event, Parts};
pub use frame::{Field, Frame};
pub use value::{EventId, EventType};

#[cfg(all(doctest, feature = "stream"))]
#[doc = include_str!("../README.md")]
struct Readme;
