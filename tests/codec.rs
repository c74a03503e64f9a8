//! The codecs for `tokio_util::codec`.
#![cfg(feature = "codec")]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use bytes::BytesMut;
use futures::executor::{block_on, block_on_stream};
use futures::{SinkExt, Stream, StreamExt, stream};
use proptest::collection::vec;
use proptest::prelude::*;
use sse_wire::codec::{Codec, FrameCodec};
use sse_wire::{DecodeError, Decoder, Event, EventId};
use sse_wire_testing::reference::{self, Frame};
use sse_wire_testing::strategies::{self, Chunking};
use sse_wire_testing::{Vector, vectors};
use std::io;
use std::task::Poll;
use tokio_util::codec::{Decoder as _, Encoder as _, FramedRead, FramedWrite};
use tokio_util::io::StreamReader;

const MAX_CHUNK_SIZE: usize = 70;

type Reader<'a> = StreamReader<stream::Iter<std::vec::IntoIter<io::Result<&'a [u8]>>>, &'a [u8]>;

fn reader(stream: &[u8], size: usize) -> Reader<'_> {
    StreamReader::new(stream::iter(
        stream.chunks(size).map(Ok).collect::<Vec<_>>(),
    ))
}

#[test]
fn every_vector_in_chunks_of_every_size() {
    for vector in vectors() {
        let codec = || {
            let id = EventId::new(&*vector.initial_last_event_id).unwrap();
            Codec::with_decoder(Decoder::new().with_last_event_id(id))
        };
        for size in 1..=vector.input.len().clamp(1, MAX_CHUNK_SIZE) {
            let reader = || reader(&vector.input, size);
            events_are_those_of(vector, FramedRead::new(reader(), codec()));
            frames_are_those_of(vector, FramedRead::new(reader(), codec().frames()));
        }
    }
}

fn events_are_those_of(vector: &Vector, mut events: FramedRead<Reader<'_>, Codec>) {
    let seen: Vec<_> = block_on_stream(&mut events)
        .map(|event| event.unwrap().unwrap())
        .collect();
    let seen = seen
        .iter()
        .map(|event| [event.event_type(), event.data(), event.last_event_id()]);
    let expected = vector.events.iter();
    let expected = expected.map(|event| [&*event.event_type, &event.data, &event.last_event_id]);
    assert!(seen.eq(expected), "{}", vector.name);

    let codec = events.decoder_mut();
    assert_eq!(
        codec.decoder().last_event_id(),
        vector.last_event_id,
        "{}",
        vector.name
    );
    assert_eq!(
        codec.decoder().retry(),
        vector.retries.last().copied(),
        "{}",
        vector.name
    );
    let cut_off = codec.finish().map(Result::unwrap);
    let cut_off = cut_off.as_ref();
    let cut_off = cut_off.map(|event| [event.event_type(), event.data(), event.last_event_id()]);
    let expected = vector.cut_off.as_ref();
    let expected = expected.map(|event| [&*event.event_type, &event.data, &event.last_event_id]);
    assert_eq!(cut_off, expected, "{}", vector.name);
}

fn frames_are_those_of(vector: &Vector, frames: FramedRead<Reader<'_>, FrameCodec>) {
    let seen: Vec<Frame> = block_on_stream(frames)
        .map(|frame| frame.unwrap().unwrap().into())
        .collect();
    let expected = reference::decode_from(&vector.initial_last_event_id, &vector.input).frames;
    assert!(
        seen.iter().eq(expected.iter().map(|(_, frame)| frame)),
        "{}",
        vector.name
    );
}

/// Chunks with pauses between them.
fn pausing<'a>(
    chunking: &Chunking,
    stream: &'a [u8],
    pauses: Vec<bool>,
) -> impl Stream<Item = io::Result<&'a [u8]>> + Unpin {
    let mut chunks: Vec<&[u8]> = chunking.split(stream).collect();
    chunks.reverse();
    let mut pauses = pauses.into_iter().cycle();
    stream::poll_fn(move |cx| {
        if pauses.next() == Some(true) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(chunks.pop().map(Ok))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_codec_says_what_the_decoder_says(
        limit in prop_oneof![2 => Just(1 << 24), 1 => 0..40_usize],
        stream in strategies::stream(),
        chunking in strategies::chunking(),
        pauses in vec(any::<bool>(), 0..4).prop_map(|pauses| [pauses, vec![false]].concat()),
    ) {
        let decoder = Decoder::new().with_max_event_size(limit);
        let body = StreamReader::new(pausing(&chunking, &stream, pauses));
        let mut frames = FramedRead::new(body, Codec::with_decoder(decoder.clone()).frames());
        let mut seen = Vec::new();
        while let Some(frame) = block_on(frames.next()) {
            seen.push(frame.unwrap().map(Frame::from));
        }
        let (mut decoder, mut expected) = (decoder, Vec::new());
        let mut feed = decoder.feed(&stream);
        while let Some(frame) = feed.next_frame() {
            expected.push(frame.map(Frame::from));
        }
        prop_assert_eq!(seen, expected);
        let codec = frames.decoder().get_ref().decoder();
        prop_assert_eq!(codec.last_event_id(), decoder.last_event_id());
        prop_assert_eq!(codec.retry(), decoder.retry());
    }

    #[test]
    fn what_is_sent_arrives(events in vec(strategies::event(), 0..8), by_reference: bool) {
        let mut writer = FramedWrite::new(Vec::new(), Codec::new());
        for event in &events {
            if by_reference {
                block_on(writer.send(event)).unwrap();
            } else {
                block_on(writer.send(event.clone())).unwrap();
            }
        }
        let bytes: Vec<u8> = events.iter().flat_map(Event::to_bytes).collect();
        prop_assert_eq!(writer.get_ref(), &bytes);
    }

    #[test]
    fn a_gateway_changes_nothing(stream in strategies::stream(), by_reference: bool) {
        let mut writer = FramedWrite::new(Vec::new(), FrameCodec::default());
        for frame in block_on_stream(FramedRead::new(&stream[..], FrameCodec::default())) {
            let frame = frame.unwrap().unwrap();
            if by_reference {
                block_on(writer.send(&frame)).unwrap();
            } else {
                block_on(writer.send(frame)).unwrap();
            }
        }
        let said = |stream: &[u8]| -> Vec<Frame> {
            reference::decode(stream).frames.into_iter().map(|(_, frame)| frame).collect()
        };
        prop_assert_eq!(said(writer.get_ref()), said(&stream));
    }
}

#[test]
fn the_obvious_loop_continues_after_an_event_over_the_limit() {
    let codec = Codec::with_decoder(Decoder::new().with_max_event_size(3));
    let mut events = FramedRead::new(&b"data: 1234\n\ndata: 123\n\n"[..], codec);
    let mut seen = Vec::new();
    while let Some(event) = block_on(events.next()) {
        seen.push(event.unwrap().map(|event| event.data().to_owned()));
    }
    let Err(DecodeError::EventTooLarge { limit: 3, .. }) = seen[0] else {
        panic!("{seen:?}")
    };
    assert_eq!(seen[1], Ok("123".to_owned()));
}

/// As `FramedRead` calls it.
fn read(codec: &mut Codec, bytes: &[u8]) -> Vec<String> {
    let mut src = BytesMut::from(bytes);
    let mut seen = Vec::new();
    while let Some(event) = codec.decode(&mut src).unwrap() {
        seen.push(event.unwrap().data().to_owned());
    }
    assert!(src.is_empty());
    seen
}

#[test]
fn input_after_the_end_is_another_stream() {
    let mut codec = Codec::new();
    assert_eq!(
        read(&mut codec, b"id: 1\ndata: a\n\ndata: cut off\n"),
        ["a"]
    );
    assert!(codec.decode_eof(&mut BytesMut::new()).unwrap().is_none());
    assert_eq!(read(&mut codec, b"\xEF\xBB\xBFdata: b\n\n"), ["b"]);
    assert_eq!(codec.decoder().last_event_id(), "1");
    assert!(codec.finish().is_none());
}

#[test]
fn a_reconnect_drops_what_is_unfinished_in_both_directions() {
    let mut codec = Codec::new().frames();
    let mut wire = BytesMut::from(&b"retry: 1\n"[..]);
    let retry = codec.decode(&mut wire).unwrap().unwrap().unwrap();
    codec.encode(&retry, &mut wire).unwrap();
    codec.get_mut().reconnect();
    assert_eq!(read(codec.get_mut(), b"data: 1\n\n"), ["1"]);
    wire.clear();
    codec
        .encode(
            sse_wire::Frame::Event(Event::new("1").with_retry(std::time::Duration::from_millis(1))),
            &mut wire,
        )
        .unwrap();
    assert_eq!(wire, "retry: 1\ndata: 1\n\n");
}

/// New bytes are read into the memory of decoded ones.
#[test]
fn a_long_stream_needs_one_buffer() {
    let mut codec = Codec::new();
    let mut src = BytesMut::with_capacity(64);
    let place = src.as_ptr();
    for _ in 0..100 {
        src.reserve(48);
        src.extend_from_slice(b"data: 1\n\ndata: 2\n\ndata: 3\n\n");
        for _ in 0..3 {
            assert!(codec.decode(&mut src).unwrap().is_some());
        }
        assert!(codec.decode(&mut src).unwrap().is_none());
        src.reserve(64);
        assert_eq!(src.as_ptr(), place);
    }
}
