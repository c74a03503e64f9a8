//! A conformance kit for Server-Sent Events (`text/event-stream`): it tests [`sse-wire`](sse_wire) or
//! your own implementation.
//!
//! | part | what it is | what it is for |
//! | --- | --- | --- |
//! | [`vectors`] | hundreds of small streams with everything that must come out of them | example-based tests in any language: the files are plain JSON |
//! | [`encoder_vectors`] | events and hostile values, with the bytes or the refusal that must come out | tests of a server's output |
//! | [`reference`](mod@reference) | a decoder that is written like the specification, slow and obvious | to compare with in differential tests and fuzz targets |
//! | [`strategies`] | [`proptest`](mod@proptest) strategies for events, hostile values, streams that break parsers, and chunkings | property tests |
//!
//! The vectors and the reference share no code with the decoder and encoder of `sse-wire`.
//!
//! The kit is a package of its own because its public functions return types of `proptest`: a new
//! major version of `proptest` needs one of the kit, but not one of `sse-wire`. Depend on it only
//! for tests.
//!
//! ```toml
//! [dev-dependencies]
//! sse-wire-testing = "0.1"
//! ```
//!
//! # Testing your own parser
//!
//! Two tests find nearly everything. The name of a vector says what is wrong, and its
//! [`at`](ExpectedEvent::at) finds a parser that returns an event late. The strategies find what
//! nobody thought of. Here `parse` is the parser under test; it takes the chunks of a stream and
//! returns its events.
//!
//! ```
//! use proptest::prelude::*;
//! use sse_wire_testing::{reference, strategies, vectors};
//!
//! # fn parse<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<(String, String, String)> {
//! #     let mut decoder = sse_wire::Decoder::new();
//! #     let mut events = Vec::new();
//! #     for chunk in chunks {
//! #         let mut feed = decoder.feed(chunk);
//! #         while let Some(event) = feed.next_event() {
//! #             let event = event.unwrap();
//! #             events.push((event.event_type().into(), event.data().into(), event.last_event_id().into()));
//! #         }
//! #     }
//! #     events
//! # }
//! // 1. Every vector, whole and byte by byte; and each event no later than its last byte.
//! for vector in vectors().iter().filter(|vector| vector.initial_last_event_id.is_empty()) {
//!     let expected: Vec<_> = vector
//!         .events
//!         .iter()
//!         .map(|event| (event.event_type.clone(), event.data.clone(), event.last_event_id.clone()))
//!         .collect();
//!     assert_eq!(parse([&vector.input[..]]), expected, "{}", vector.name);
//!     assert_eq!(parse(vector.input.chunks(1)), expected, "{} byte by byte", vector.name);
//!     for (count, event) in vector.events.iter().enumerate() {
//!         let so_far = parse([&vector.input[..event.at]]);
//!         assert_eq!(so_far, expected[..=count], "{} is late", vector.name);
//!     }
//! }
//!
//! // 2. Any stream, in any chunks, against the reference.
//! proptest!(|(stream in strategies::stream(), chunking in strategies::chunking())| {
//!     let expected: Vec<_> = reference::decode(&stream)
//!         .events()
//!         .map(|event| (event.event_type.clone(), event.data.clone(), event.last_event_id.clone()))
//!         .collect();
//!     prop_assert_eq!(parse(chunking.split(&stream)), expected);
//! });
//! ```
//!
//! # Testing your own server
//!
//! A server must send an application's values unchanged or refuse them: a CR or LF that gets
//! through lets an attacker who controls the value forge events. Here `respond` is the server under
//! test; it takes an event type and data, and returns the response's body, or nothing if it refuses
//! the values.
//!
//! ```
//! use proptest::prelude::*;
//! use sse_wire_testing::{reference, strategies};
//!
//! # fn respond(event_type: &str, data: &str) -> Option<Vec<u8>> {
//! #     let event_type = sse_wire::EventType::new(event_type).ok()?;
//! #     Some(sse_wire::Event::new(data).with_event_type(event_type).to_bytes().to_vec())
//! # }
//! proptest!(|(event_type in strategies::hostile_text(), data in strategies::hostile_text())| {
//!     let Some(body) = respond(&event_type, &data) else { return Ok(()) };
//!     let received = reference::decode(&body);
//!     prop_assert_eq!(received.frames.len(), 1, "one event went in, and nothing else may come out");
//!     let event = received.events().next().expect("the event that went in");
//!     // All that the format does not preserve: how a line ends, and the difference between no type and "message".
//!     let lines_end_in_lf = data.replace("\r\n", "\n").replace('\r', "\n");
//!     prop_assert_eq!(&event.data, &lines_end_in_lf);
//!     prop_assert_eq!(&event.event_type, if event_type.is_empty() { "message" } else { &event_type });
//!     prop_assert!(received.cut_off.is_none(), "the blank line is missing");
//! });
//! ```

#![forbid(unsafe_code)]

pub mod reference;
pub mod strategies;
mod vectors;

pub use vectors::{
    Call, CutOffEvent, EncoderVector, ExpectedEvent, Fields, Outcome, Problem, Refusal, Vector,
    encoder_vectors, vectors,
};
