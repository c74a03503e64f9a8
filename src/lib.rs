//! The Server-Sent Events wire format (`text/event-stream`), both directions, without I/O.
//!
//! A [`Decoder`] turns the bytes of an event stream into events, as they arrive and however they
//! are cut. An [`Event`] or an [`Encoder`] turns events into bytes. Both are plain state machines
//! over memory, so any transport can plug them in: an HTTP client or server of any make, a raw
//! socket, WebAssembly, an embedded stack.
//!
//! - **Exact**: what the specification says, WHATWG HTML section 9.2, with every rule tested by
//!   name.
//! - **Lending**: an event borrows from your chunk, or else from the decoder. In the steady state
//!   one of up to 8 KiB allocates nothing.
//! - **Never late**: an event is out with the byte that completes it.
//! - **Bounded**: one block may hold 16 MiB, or what you say. More is skipped, with one error.
//! - **No injection**: an event cannot hold what the wire cannot carry, so encoding cannot fail.
//!
//! # What it is not
//!
//! It is no HTTP client or server, and knows no sockets, clocks, threads or runtimes. Connecting,
//! waiting and reconnecting are the caller's; the decoder says with which id and after which time.
//! The few things that HTTP code around an event stream needs are in [`http`]. A decoder accepts
//! everything, as it has to; what is wrong with a stream, and where, tells [`check`].
//!
//! # A client
//!
//! Feed what arrives, and take the events out. [`Feed::next_frame`] shows comments too.
//!
//! ```
//! use sse_wire::Decoder;
//!
//! let mut decoder = Decoder::new();
//! let mut seen = Vec::new();
//! for chunk in ["event: greeting\nda", "ta: hello\n\ndata: wor", "ld\n\n"] {
//!     let mut feed = decoder.feed(chunk.as_bytes());
//!     while let Some(event) = feed.next_event()? {
//!         seen.push(format!("{}: {}", event.event_type(), event.data()));
//!     }
//! }
//! assert_eq!(seen, ["greeting: hello", "message: world"]);
//! # Ok::<(), sse_wire::DecodeError>(())
//! ```
//!
//! # A server
//!
//! Encode into a buffer of your own, or once for all subscribers.
//!
//! ```
//! use sse_wire::Event;
//!
//! let event = Event::new("hello\nworld").with_event_type("greeting")?.with_id("42")?;
//! let mut buf = Vec::new();
//! event.encode(&mut buf);
//! assert_eq!(buf, b"event: greeting\nid: 42\ndata: hello\ndata: world\n\n");
//!
//! let shared: bytes::Bytes = event.to_bytes();
//! assert_eq!(shared, buf);
//! # Ok::<(), sse_wire::EncodeError>(())
//! ```
//!
//! # A server, piece by piece
//!
//! An [`Encoder`] writes data as it comes, and what may stand around it.
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
//! assert_eq!(buf, b":\n\ndata: half an answer, and 1 more\n\n");
//! # Ok::<(), core::fmt::Error>(())
//! ```
//!
//! # Resuming
//!
//! When a connection is lost, a client waits for the reconnection time, and asks for what it has
//! missed. Ids count also where their block dispatches nothing; what the loss has cut does not.
//!
//! ```
//! use core::time::Duration;
//! use sse_wire::Decoder;
//!
//! let mut decoder = Decoder::new();
//! let mut feed = decoder.feed(b"retry: 500\n\nid: 7\ndata: one\n\nid: 8\ndata: lo");
//! while let Some(event) = feed.next_event()? {}
//!
//! let wait = decoder.retry().unwrap_or(Duration::from_secs(3));
//! assert_eq!(wait, Duration::from_millis(500));
//! assert_eq!(decoder.last_event_id(), "7"); // goes into the request, as `http::LAST_EVENT_ID`
//! decoder.reconnect();
//! assert_eq!(decoder.feed(b"id: 8\ndata: lost\n\n").next_event()?.unwrap().data(), "lost");
//! # Ok::<(), sse_wire::DecodeError>(())
//! ```
//!
//! # Laws
//!
//! Property tests hold these against arbitrary input.
//!
//! - Chunks cannot be observed: the same bytes give the same events, errors and state for each way
//!   to cut them.
//! - Each event with data that can be built and fits the limit comes back with the same event type,
//!   data, id and reconnection time, but that CR and CRLF in its data are LF then. One without data
//!   dispatches nothing, and changes just the last event ID and reconnection time that it carries.
//! - Encoded events, one behind the other, are one stream of these events.
//! - [`Event::encoded_len`] is exact, and data in pieces gives the bytes of data at once, for every
//!   cut.
//! - No value yields more lines, fields or events than it was asked for.
//!
//! Nothing here panics on input, be it a peer's or a caller's; where it does, that is a bug. A
//! buffer that is full and cannot grow panics as [`bytes::BufMut`] has it.
//!
//! # Features
//!
//! | feature | default | what it does |
//! | --- | --- | --- |
//! | `std` | yes | picks vector instructions when it runs, and makes [`DataWriter`] an `std::io::Write` |
//! | `simdutf8` | yes | checks UTF-8 with vector instructions, where text is not ASCII |
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
mod decoder;
mod encoder;
mod error;
mod event;
mod field;
pub mod http;
mod line;
mod text;

pub use decoder::{Decoder, Feed, Frame};
pub use encoder::{DataWriter, Encoder};
pub use error::{DecodeError, EncodeError};
pub use event::Event;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
