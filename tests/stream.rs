//! The adapters for async streams.
#![cfg(feature = "stream")]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(unreachable_pub, reason = "a fuzz target uses what is there as well")]

#[path = "fuzz/adapters.rs"]
mod adapters;

use adapters::{Failure, adapters, until_ready};
use bytes::Bytes;
use futures::executor::{block_on, block_on_stream};
use futures::stream::{self, FusedStream};
use futures::{Stream, StreamExt};
use proptest::collection::vec;
use proptest::prelude::*;
use sse_wire::stream::{Encodable, EncodeStream, EventStream, FrameStream, KeepAlive, StreamError};
use sse_wire::{DecodeError, Decoder, Encoder, Event, EventId};
use sse_wire_testing::reference::{self, Frame};
use sse_wire_testing::{Vector, strategies, vectors};
use std::cell::Cell;
use std::convert::Infallible;
use std::error::Error;
use std::fs;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

// Bytes to events.

const MAX_CHUNK_SIZE: usize = 70;

type Chunks<'a> = stream::Iter<std::vec::IntoIter<Result<&'a [u8], Infallible>>>;

fn in_chunks(stream: &[u8], size: usize) -> Chunks<'_> {
    stream::iter(stream.chunks(size).map(Ok).collect::<Vec<_>>())
}

#[test]
fn every_vector_in_chunks_of_every_size() {
    for vector in vectors() {
        for size in 1..=vector.input.len().clamp(1, MAX_CHUNK_SIZE) {
            let decoder = || {
                let id = EventId::new(&*vector.initial_last_event_id).unwrap();
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
    while let Some(event) = block_on(events.next_event()) {
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
    fn an_adapter_says_what_the_decoder_says_of_any_body(
        limit in prop_oneof![2 => Just(u8::MAX), 1 => any::<u8>()],
        steps in vec(prop_oneof![3 => 0..12_u8, 1 => any::<u8>()], 0..16),
        calls in vec(prop_oneof![8 => 0..8_u8, 1 => any::<u8>()], 1..16),
        stream in strategies::stream(),
    ) {
        let counted = |bytes: &[u8]| [&[u8::try_from(bytes.len()).unwrap()], bytes].concat();
        adapters(&[&[limit][..], &counted(&steps), &counted(&calls), &stream].concat());
    }
}

#[test]
fn an_adapter_says_what_the_decoder_says_of_every_vector() {
    let heads: [&[u8]; 3] = [
        &[255, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7],
        &[255, 4, 0, 5, 1, 9, 3, 3, 7, 0],
        &[20, 3, 4, 3, 2, 5, 0, 4, 8, 9, 4],
    ];
    for vector in vectors() {
        for head in heads {
            adapters(&[head, &vector.input].concat());
        }
    }
}

/// `fuzz/` is in the repository, but not in the package.
#[test]
fn an_adapter_says_what_the_decoder_says_of_what_fuzzing_found() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/adapters");
    // Miri takes a thousand times as long.
    let one_in = if cfg!(miri) { 8 } else { 1 };
    for seed in fs::read_dir(seeds).into_iter().flatten().step_by(one_in) {
        adapters(&fs::read(seed.unwrap().path()).unwrap());
    }
}

/// A body that is always ready, and counts how often it is asked.
fn comments(asked: &Cell<usize>) -> impl Stream<Item = Result<&'static [u8], Failure>> {
    stream::repeat_with(|| {
        asked.set(asked.get() + 1);
        Ok(&b": comment\n"[..])
    })
}

#[test]
fn an_endless_body_without_events_lets_others_run() {
    let asked = Cell::new(0);
    let mut events = pin!(EventStream::new(comments(&asked)));
    let mut polls = 0;
    // This fails if the task that has to run again is not woken.
    let found = until_ready(|cx| match events.as_mut().poll_advance(cx) {
        Poll::Pending if polls < 3 => {
            polls += 1;
            assert_eq!(asked.get(), 32 * polls);
            Poll::Pending
        }
        poll => Poll::Ready(poll),
    });
    assert!(found.is_pending());
}

#[test]
fn a_chunk_is_dropped_when_what_follows_its_last_event_is_asked_for() {
    #[derive(Clone)]
    struct Chunk(Rc<str>);
    impl AsRef<[u8]> for Chunk {
        fn as_ref(&self) -> &[u8] {
            self.0.as_bytes()
        }
    }
    let chunk = Chunk(Rc::from("data: 1\n\ndata: 2\n\ndata: cut"));
    let mut cx = Context::from_waker(Waker::noop());
    for ask_for_frames in [false, true] {
        let body = stream::iter([Ok::<_, Failure>(chunk.clone())]).chain(stream::pending());
        let mut events = EventStream::new(body);
        let mut ask = || {
            let events = Pin::new(&mut events);
            if ask_for_frames {
                events.poll_advance_frame(&mut cx)
            } else {
                events.poll_advance(&mut cx)
            }
        };
        for _ in 0..2 {
            assert!(ask().is_ready());
            assert_eq!(Rc::strong_count(&chunk.0), 2);
        }
        assert!(ask().is_pending());
        assert_eq!(Rc::strong_count(&chunk.0), 1);
    }
}

#[test]
fn a_body_is_dropped_at_its_end_and_never_asked_again() {
    let alive = Rc::new(());
    for failure in [None, Some(Err(Failure))] {
        let chunk = Ok(&b"id: 1\nretry: 2\ndata\n\ndata: cut off"[..]);
        let (held, mut items) = (Rc::clone(&alive), vec![Some(chunk), failure].into_iter());
        let body = stream::poll_fn(move |_| {
            let _ = &held;
            Poll::Ready(items.next().expect("it is asked after its end"))
        });
        let mut events = EventStream::new(body);
        assert_eq!(events.size_hint(), (0, None));
        assert!(matches!(block_on(events.advance()), Some(Ok(()))));
        assert!(!events.is_terminated() && events.get_ref().is_some());
        if failure.is_some() {
            let error = block_on(events.advance()).unwrap().unwrap_err();
            assert_eq!(error, StreamError::Transport(Failure));
        }
        for _ in 0..3 {
            assert!(block_on(events.next_event()).is_none());
            assert!(block_on(events.next_frame()).is_none());
            assert!(block_on(events.next()).is_none());
        }
        assert!(events.is_terminated() && events.get_ref().is_none());
        assert_eq!(events.size_hint(), (0, Some(0)));
        assert_eq!(Rc::strong_count(&alive), 1);
        assert_eq!(events.decoder().last_event_id(), "1");
        assert!(events.decoder().retry().is_some() && events.decoder().in_line());
        assert_eq!(events.finish(), Some(Ok(())));
        assert_eq!(events.event().unwrap().data(), "cut off");
        assert_eq!(events.finish(), None);
    }
}

#[test]
fn the_obvious_loop_continues_after_an_event_over_the_limit() {
    let decoder = Decoder::new().with_max_event_size(3);
    let mut events =
        EventStream::with_decoder(in_chunks(b"data: 1234\n\ndata: 123\n\n", 100), decoder);
    let mut seen = Vec::new();
    while let Some(event) = block_on(events.next_event()) {
        seen.push(event.map(|event| event.data().to_owned()));
    }
    let Err(StreamError::Decode(DecodeError::EventTooLarge { limit: 3, .. })) = seen[0] else {
        panic!("{seen:?}")
    };
    assert_eq!(seen[1], Ok("123".to_owned()));
}

#[test]
fn an_error_reads_as_its_cause() {
    let cause = std::io::Error::other("reset by the peer");
    let error = StreamError::Transport(cause);
    assert_eq!(error.to_string(), "reset by the peer");
    assert!(error.source().is_none(), "it does not repeat itself");
    let decoder = Decoder::new().with_max_event_size(0);
    let mut events = EventStream::with_decoder(in_chunks(b"data: 1\n\n", 100), decoder);
    let error = block_on(events.next_event()).unwrap().unwrap_err();
    assert_eq!(error.to_string(), "event larger than the limit of 0 bytes");
}

#[test]
fn adapters_are_what_their_parts_are() {
    fn assert_send_sync_unpin<T: Send + Sync + Unpin>(_: &T) {}
    fn assert_send<T: Send>(_: T) {}
    fn assert_static_items<S: Stream<Item: 'static>>(_: &S) {}
    let body = || stream::empty::<Result<Bytes, Failure>>();
    let mut events = EventStream::new(body());
    assert_send_sync_unpin(&events);
    assert_static_items(&events);
    assert_send(events.next_event());
    assert_send(events.next_frame());
    let frames: FrameStream<_> = events.frames();
    assert_send_sync_unpin(&frames);
    let encoded = EncodeStream::new(stream::empty::<Event<'static>>());
    assert_send_sync_unpin(&encoded);
    assert_send_sync_unpin(&KeepAlive::new(encoded, stream::empty::<()>()));
}

#[test]
fn debugging_shows_no_bytes() {
    let mut events = EventStream::new(
        stream::iter([Ok::<_, Failure>("data: 1\n\ndata: secret")]).chain(stream::pending()),
    );
    assert!(block_on(events.advance()).is_some());
    let feed = format!("{events:?}")
        .split_once("feed:")
        .unwrap()
        .1
        .to_owned();
    assert!(
        feed.contains("remaining: 12") && !feed.contains("secret"),
        "{feed}"
    );
}

// Events to bytes.

/// A stream of these items; `None` is a pause.
fn with_pauses<T>(items: impl Into<Vec<Option<T>>>) -> impl Stream<Item = T> + Unpin {
    let mut items = items.into().into_iter();
    stream::poll_fn(move |cx| match items.next() {
        Some(None) => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        Some(item) => Poll::Ready(item),
        None => Poll::Ready(None),
    })
}

/// The items of a stream, in groups: a group ends at a pause.
fn goes<S: Stream + Unpin>(mut stream: S) -> Vec<Vec<S::Item>> {
    let mut goes = vec![vec![]];
    loop {
        match Pin::new(&mut stream).poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => goes.push(vec![]),
            Poll::Ready(Some(item)) => goes.last_mut().unwrap().push(item),
            Poll::Ready(None) => return goes,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// An encoded item costs nothing, so events and their bytes may be mixed up; and what is ready is
    /// never held.
    #[test]
    fn encoding_says_what_the_items_say(
        items in vec(prop_oneof![4 => strategies::event().prop_map(Some), 1 => Just(None)], 0..40),
    ) {
        let expected: Vec<Vec<u8>> = items
            .split(|item| item.is_none())
            .map(|go| go.iter().flatten().flat_map(|event| event.to_bytes()).collect())
            .collect();
        let encoded: Vec<_> = items.iter().map(|item| item.as_ref().map(Event::to_bytes)).collect();
        let results: Vec<_> = items.iter().cloned().map(|item| item.map(Ok::<_, Failure>)).collect();
        let of_events = goes(EncodeStream::new(with_pauses(items.clone())).map(Result::unwrap));
        let of_bytes = goes(EncodeStream::new(with_pauses(encoded.clone())).map(Result::unwrap));
        let of_results = goes(EncodeStream::new(with_pauses(results.clone())).map(Result::unwrap));
        for goes in [of_events, of_bytes, of_results] {
            // A group that has bytes ends when they are returned, and the next one begins.
            let goes: Vec<u8> = goes.concat().concat();
            prop_assert_eq!(goes, expected.concat());
        }
    }

    /// A gateway changes nothing.
    #[test]
    fn frames_are_encoded_as_they_came(stream in strategies::stream(), chunking in strategies::chunking()) {
        let chunks: Vec<_> = chunking.split(&stream).map(Ok::<_, Infallible>).collect();
        let body = EncodeStream::new(EventStream::new(stream::iter(chunks)).frames());
        let body: Vec<Bytes> = block_on_stream(body).map(Result::unwrap).collect();
        let said = |stream: &[u8]| -> Vec<Frame> {
            reference::decode(stream).frames.into_iter().map(|(_, frame)| frame).collect()
        };
        prop_assert_eq!(said(&body.concat()), said(&stream));
    }
}

#[test]
fn what_is_ready_goes_out_in_full_chunks_and_at_once() {
    fn sizes(item: impl Encodable + Clone) -> Vec<usize> {
        let items = [vec![Some(item.clone()); 40], vec![None], vec![Some(item)]].concat();
        let chunks = goes(EncodeStream::new(with_pauses(items)))
            .into_iter()
            .flatten();
        chunks
            .map(|chunk| chunk.ok().unwrap().len() / 1024)
            .collect()
    }
    // Sixteen of these fill a chunk exactly.
    let event = Event::new("x".repeat(1024 - "data: \n\n".len()));
    assert_eq!(sizes(event.clone()), [16, 16, 8, 1]);
    assert_eq!(sizes(event.to_bytes()), [16, 16, 8, 1]);
}

#[test]
fn encoded_bytes_that_are_alone_or_large_are_not_copied() {
    let small = Bytes::from(b"data: 1\n\n".to_vec());
    let large = Event::new("x".repeat(16 * 1024 - "data: \n\n".len())).to_bytes();
    let is_same = |a: &Bytes, b: &Bytes| a.as_ptr() == b.as_ptr() && a.len() == b.len();
    let items = [
        Some(small.clone()),
        None,
        Some(small.clone()),
        Some(large.clone()),
        Some(small.clone()),
    ];
    let chunks = goes(EncodeStream::new(with_pauses(items.clone())).map(Result::unwrap)).concat();
    assert_eq!(chunks.len(), 4);
    assert!(is_same(&chunks[0], &small) && is_same(&chunks[1], &small));
    assert!(is_same(&chunks[2], &large) && is_same(&chunks[3], &small));
}

#[test]
fn an_error_comes_after_the_bytes_before_it() {
    let items = [
        Ok(Event::new("1")),
        Err(Failure),
        Err(Failure),
        Ok(Event::new("2")),
    ];
    let mut body = EncodeStream::new(stream::iter(items));
    let mut next = || block_on(body.next());
    assert_eq!(next(), Some(Ok(Bytes::from("data: 1\n\n"))));
    assert_eq!(next(), Some(Err(Failure)));
    assert_eq!(next(), Some(Err(Failure)));
    assert_eq!(next(), Some(Ok(Bytes::from("data: 2\n\n"))));
    assert_eq!(next(), None);
    assert!(body.is_terminated() && body.get_ref().is_none());
    assert_eq!(body.size_hint(), (0, Some(0)));
}

#[test]
fn a_tick_after_silence_writes_a_comment() {
    const SENT: Option<Result<Bytes, Failure>> = Some(Ok(Bytes::from_static(b"data: 1\n\n")));
    for (sent, expected) in [
        // Each column is one poll: what the body has, and how many ticks there are.
        (vec![(None, 1), (None, 0), (None, 1), (None, 1)], "::"),
        (
            vec![(SENT, 0), (None, 1), (None, 1), (SENT, 0), (None, 2)],
            "d:d:",
        ),
        (vec![(Some(Err(Failure)), 0), (None, 1), (None, 1)], "e:"),
    ] {
        let (ticks, items) = (Cell::new(0), sent.iter());
        let mut items = items.map(|(item, due)| {
            ticks.set(ticks.get() + due);
            item.clone()
        });
        let body = stream::poll_fn(|_| match items.next() {
            Some(None) => Poll::Pending,
            Some(item) => Poll::Ready(item),
            None => Poll::Ready(None),
        });
        let every = stream::poll_fn(|_| match ticks.get() {
            0 => Poll::Pending,
            due => {
                ticks.set(due - 1);
                Poll::Ready(Some(()))
            }
        });
        let body = goes(KeepAlive::new(body, every)).concat();
        let seen: String = body
            .iter()
            .map(|item| match item {
                Ok(bytes) => char::from(bytes[0]),
                Err(Failure) => 'e',
            })
            .collect();
        assert_eq!(seen, expected);
    }
}

#[test]
fn a_comment_stands_where_it_changes_nothing() {
    for (chunk, expected) in [
        ("", Some(":\n")),
        ("data: 1\n\n", Some(":\n")),
        ("retry: 1\n", Some(":\n")),
        ("data: 1\r\n\r\n", Some(":\n")),
        ("data: 1\r", None),
        ("data: 1", None),
    ] {
        let body = stream::iter([Ok::<_, Failure>(Bytes::from(chunk))]).chain(stream::pending());
        let mut body = KeepAlive::new(body, stream::iter([(); 2]));
        assert_eq!(block_on(body.next()), Some(Ok(Bytes::from(chunk))));
        let comment = body.poll_next_unpin(&mut Context::from_waker(Waker::noop()));
        let expected = expected.map(|comment| Some(Ok(Bytes::from(comment))));
        assert_eq!(
            comment,
            expected.map_or(Poll::Pending, Poll::Ready),
            "{chunk:?}"
        );
    }
}

#[test]
fn ticks_end_without_the_body_and_a_body_ends_both() {
    let chunk = Bytes::from(Encoder::KEEP_ALIVE);
    let body = with_pauses([None, Some(Ok::<_, Failure>(chunk.clone())), None]);
    let mut body = KeepAlive::new(body, stream::empty::<()>());
    assert_eq!(block_on(body.next()), Some(Ok(chunk)));
    assert!(!body.is_terminated());
    assert_eq!(block_on(body.next()), None);
    assert_eq!(block_on(body.next()), None);
    assert!(body.is_terminated() && body.get_ref().is_none());
}
