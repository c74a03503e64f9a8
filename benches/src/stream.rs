//! The adapters for async streams: from chunks to events and back, polled by hand and always ready.

use std::{
    convert::Infallible,
    io,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use futures_core::Stream as _;
use http_body::Body as _;
use sse_wire::{
    codec::Codec,
    stream::{EncodeStream, EventStream},
};
use tokio_util::{codec::FramedRead, io::StreamReader};

use crate::{
    decode::{self, Decode, EventsourceStream, Ready, Sink, Sseer, drain, show},
    encode::{self, Axum, Encode, Source, ToBytes, ours},
    measure::Role,
    workload::{Chunking, Input},
};

/// The workloads: of one field, and of three.
pub const NAMES: [&str; 2] = ["llm", "resumable"];

/// The cuts: chunks that have many events, and chunks of one.
pub const CHUNKINGS: [Chunking; 2] = [Chunking::Bytes(16 * 1024), Chunking::Block];

/// Every adapter that decodes, and the loop that no adapter can beat.
pub const DECODERS: [decode::Contender; 8] = [
    decode::contender::<Loop>("loop over Feed", Role::Limit),
    decode::contender::<Lent>("sse-wire lent", Role::Ours),
    decode::contender::<Owned>("sse-wire owned", Role::Ours),
    decode::contender::<Framed>("sse-wire codec", Role::Ours),
    decode::contender::<SseCore>("sse-core", Role::Peer),
    decode::contender::<SseStream>("sse-stream", Role::Peer),
    decode::contender::<Sseer>("sseer", Role::Peer),
    decode::contender::<EventsourceStream>("eventsource-stream", Role::Peer),
];

/// Every adapter that encodes. Events are built from borrowed parts, or from clones if the crate
/// wants `String`s.
pub const ENCODERS: [encode::Contender; 5] = [
    encode::contender::<Coalesced>("sse-wire", Role::Ours),
    encode::contender::<CoalescedBytes>("sse-wire, encoded", Role::Ours),
    encode::contender::<ToBytes>("sse-wire to_bytes", Role::Limit),
    encode::contender::<SseBody>("sse-stream", Role::Peer),
    encode::contender::<Axum>("axum", Role::Peer),
];

/// The code that users write without an adapter.
struct Loop;

impl Decode for Loop {
    fn decode(input: &Input, sink: &mut impl Sink) {
        let mut decoder = sse_wire::Decoder::new();
        let mut body = pin!(body(input));
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(Ok(chunk))) = body.as_mut().poll_next(&mut context) {
            let mut feed = decoder.feed(&chunk);
            while let Some(event) = feed.next_event() {
                show(&event.expect("no limit is near"), sink);
            }
        }
    }
}

/// Ours, events lent.
struct Lent;

impl Decode for Lent {
    fn decode(input: &Input, sink: &mut impl Sink) {
        let mut events = EventStream::new(body(input));
        let work = pin!(async {
            while let Some(event) = events.next_event().await {
                show(&event.expect("no limit is near"), sink);
            }
        });
        finish(work);
    }
}

/// Ours, as a stream.
struct Owned;

impl Decode for Owned {
    fn decode(input: &Input, sink: &mut impl Sink) {
        drain(EventStream::new(body(input)), |event| show(&event, sink));
    }
}

/// Ours, the codec over a reader that copies chunks.
struct Framed;

impl Decode for Framed {
    fn decode(input: &Input, sink: &mut impl Sink) {
        let chunks = Ready(input.buffers().map(Ok::<_, io::Error>));
        let events = FramedRead::new(StreamReader::new(chunks), Codec::new());
        drain(events, |event| {
            show(&event.expect("no limit is near"), sink);
        });
    }
}

/// `SseStream`, its limit raised.
struct SseCore;

impl Decode for SseCore {
    fn decode(input: &Input, sink: &mut impl Sink) {
        drain(sse_core::SseStream::new(body(input)), |event| match event {
            sse_core::SseEvent::Message(event) => {
                let id = event.last_event_id.as_deref().unwrap_or_default();
                sink.event(&event.event, &event.data, id);
            }
            sse_core::SseEvent::Retry(retry) => sink.retry(retry.into()),
        });
    }
}

/// `SseByteStream` over the same chunks.
struct SseStream;

impl Decode for SseStream {
    fn decode(input: &Input, sink: &mut impl Sink) {
        drain(sse_stream::SseByteStream::new(body(input)), |event| {
            let [event_type, data, id] = [&event.event, &event.data, &event.id]
                .map(|value| value.as_deref().unwrap_or_default());
            sink.event(event_type, data, id);
        });
    }
}

/// The input of all: chunks that share their memory.
fn body(input: &Input) -> Ready<impl Iterator<Item = Result<Bytes, Infallible>> + use<>> {
    Ready(input.buffers().map(Ok))
}

fn finish(work: std::pin::Pin<&mut impl Future<Output = ()>>) {
    let ended = work.poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(ended, Poll::Ready(()), "the body is always ready");
}

/// Ours: events to full chunks.
struct Coalesced;

impl Encode for Coalesced {
    type Buffer = ();

    fn encode(source: &Source, (): &mut (), mut take: impl FnMut(&[u8])) {
        let events = source.events.iter().map(|event| ours(event, &event.data));
        drain(EncodeStream::new(Ready(events)), |chunk| take(&chunk));
    }
}

/// Ours: encoded events to full chunks, as in a broadcast to many subscribers.
struct CoalescedBytes;

impl Encode for CoalescedBytes {
    type Buffer = Vec<Bytes>;

    fn encode(source: &Source, encoded: &mut Vec<Bytes>, mut take: impl FnMut(&[u8])) {
        if encoded.len() != source.events.len() {
            let events = source.events.iter().map(|event| ours(event, &event.data));
            *encoded = events.map(|event| event.to_bytes()).collect();
        }
        let encoded = encoded.iter().cloned();
        drain(EncodeStream::new(Ready(encoded)), |chunk| take(&chunk));
    }
}

/// `SseBody`.
struct SseBody;

impl Encode for SseBody {
    type Buffer = ();

    fn encode(source: &Source, (): &mut (), mut take: impl FnMut(&[u8])) {
        let events = Arc::clone(&source.events);
        let events = (0..events.len()).map(move |index| {
            let event = &events[index];
            let set = |value: &str| (!value.is_empty()).then(|| value.to_owned());
            Ok::<_, Infallible>(sse_stream::Sse {
                event: set(event.event_type),
                data: Some(event.data.clone()),
                id: set(&event.id),
                retry: event.retry,
            })
        });
        let mut body = pin!(sse_stream::SseBody::new(Ready(events)));
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(&mut context) {
            take(&frame.into_data().expect("no trailers"));
        }
    }
}
