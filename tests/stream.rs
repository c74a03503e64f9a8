//! The adapters for async streams.
#![cfg(feature = "stream")]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(unreachable_pub, reason = "a fuzz target uses what is there as well")]

#[path = "fuzz/adapters.rs"]
mod adapters;

use adapters::{Body, adapters, until_ready};
use bytes::Bytes;
use futures::executor::block_on_stream;
use futures::stream::FusedStream;
use futures::{Stream, StreamExt, stream};
use proptest::collection::vec;
use proptest::prelude::*;
use sse_wire::Decoder;
use sse_wire::stream::EventStream;
use sse_wire_testing::reference::{self, Frame};
use sse_wire_testing::{Vector, strategies, vectors};
use std::convert::Infallible;

// Bytes to events.

type Chunks<'a> = stream::Iter<std::vec::IntoIter<Result<&'a [u8], Infallible>>>;

fn in_chunks(stream: &[u8], size: usize) -> Chunks<'_> {
    stream::iter(stream.chunks(size).map(Ok).collect::<Vec<_>>())
}

#[test]
fn every_vector_in_chunks_of_every_size() {
    for vector in vectors() {
        for size in 1..=vector.input.len().clamp(1, 300) {
            let decoder = || {
                let id = sse_wire::EventId::new(&*vector.initial_last_event_id).unwrap();
                Decoder::new().with_last_event_id(id)
            };
            let events = || EventStream::with_decoder(in_chunks(&vector.input, size), decoder());
            lent_events_are_those_of(vector, events());
            owned_events_are_those_of(vector, events());
            frames_are_those_of(vector, events());
        }
    }
}

fn lent_events_are_those_of(vector: &Vector, mut events: EventStream<Chunks<'_>>) {
    let mut expected = vector.events.iter();
    while let Some(event) = futures::executor::block_on(events.next_event()) {
        let (event, expected) = (event.unwrap(), expected.next().unwrap());
        let parts = [event.event_type(), event.data(), event.last_event_id()];
        let due = [
            &*expected.event_type,
            &expected.data,
            &expected.last_event_id,
        ];
        assert_eq!(parts, due, "{}", vector.name);
    }
    assert!(expected.next().is_none(), "{}", vector.name);
    assert_eq!(events.decoder().last_event_id(), vector.last_event_id);
    assert_eq!(events.decoder().retry(), vector.retries.last().copied());

    let cut_off = events
        .finish()
        .map(Result::unwrap)
        .map(|()| events.event().unwrap());
    let cut_off = cut_off
        .as_ref()
        .map(|event| [event.event_type(), event.data(), event.last_event_id()]);
    let expected = vector.cut_off.as_ref();
    let expected = expected.map(|event| [&*event.event_type, &event.data, &event.last_event_id]);
    assert_eq!(cut_off, expected, "{}", vector.name);
    assert_eq!(events.decoder().last_event_id(), vector.last_event_id);
}

fn owned_events_are_those_of(vector: &Vector, events: EventStream<Chunks<'_>>) {
    let events: Vec<_> = block_on_stream(events).map(Result::unwrap).collect();
    let events = events
        .iter()
        .map(|event| [event.event_type(), event.data(), event.last_event_id()]);
    let expected = vector
        .events
        .iter()
        .map(|event| [&*event.event_type, &event.data, &event.last_event_id]);
    assert!(events.eq(expected), "{}", vector.name);
}

fn frames_are_those_of(vector: &Vector, events: EventStream<Chunks<'_>>) {
    let frames: Vec<Frame> = block_on_stream(events.frames())
        .map(|frame| frame.unwrap().into())
        .collect();
    let expected = reference::decode_from(&vector.initial_last_event_id, &vector.input).frames;
    assert!(
        frames.iter().eq(expected.iter().map(|(_, frame)| frame)),
        "{}",
        vector.name
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn an_adapter_says_what_the_decoder_says(
        limit in prop_oneof![2 => Just(u8::MAX), 1 => any::<u8>()],
        steps in vec(prop_oneof![3 => 0..12_u8, 1 => any::<u8>()], 0..16),
        calls in vec(prop_oneof![8 => 0..8_u8, 1 => any::<u8>()], 1..16),
        stream in strategies::stream(),
    ) {
        let counted = |bytes: &[u8]| [&[bytes.len() as u8], bytes].concat();
        adapters(&[&[limit][..], &counted(&steps), &counted(&calls), &stream].concat());
    }
}
