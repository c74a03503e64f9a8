//! The decoders: each is used through its fastest public interface, as its README shows it.
//!
//! A decoder that takes slices gets slices; one that wants to own its buffers gets `Bytes`, of
//! which a clone is one atomic increment. Streams are polled by hand and always ready: no runtime
//! is measured.

use std::{
    convert::Infallible,
    hint::black_box,
    num::NonZeroUsize,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use eventsource_client::Client as _;
use eventsource_stream::Eventsource as _;
use futures_core::Stream;
use launchdarkly_sdk_transport::{ByteStream, HttpTransport, ResponseFuture, TransportError};
use tokio_util::codec::Decoder as _;

use crate::{
    measure::{Entry, Flaw, Role},
    workload::{Event, Input, Workload},
};

/// A decoder under measurement.
#[derive(Clone, Copy, Debug)]
pub struct Contender {
    pub name: &'static str,
    pub role: Role,
    /// Decodes and touches every event.
    pub touch: fn(&Input),
    /// Decodes and keeps every event.
    pub keep: fn(&Input) -> Kept,
}

/// Every decoder, ours first.
pub const CONTENDERS: [Contender; 11] = [
    contender::<Lent>("sse-wire", Role::Ours),
    contender::<Owned>("sse-wire owned", Role::Ours),
    contender::<SseCore>("sse-core", Role::Peer),
    contender::<SseStream>("sse-stream", Role::Peer),
    contender::<Sseer>("sseer", Role::Peer),
    contender::<EventsourceStream>("eventsource-stream", Role::Peer),
    contender::<Russe>("russe", Role::Peer),
    contender::<EventsourceClient>("eventsource-client", Role::Peer),
    contender::<SseParse>("sse-parse", Role::Peer),
    contender::<SseFrame>("sse-frame", Role::Peer),
    contender::<AllamaHttp>("allama-http", Role::Peer),
];

impl Contender {
    /// Decodes `input` once, within `patience`, and checks the answer.
    ///
    /// # Errors
    ///
    /// [`Flaw::Slow`] if the time was too short, [`Flaw::Wrong`] if the events differ.
    pub fn check(
        &self,
        workload: &Workload,
        input: &Input,
        patience: Duration,
    ) -> Result<(), Flaw> {
        let deadline = Instant::now() + patience;
        let kept = (self.keep)(&input.until(deadline));
        if Instant::now() > deadline {
            Err(Flaw::Slow)
        } else if kept.means(&workload.events) {
            Ok(())
        } else {
            Err(Flaw::Wrong)
        }
    }

    /// The work to time, if the answer is right.
    pub fn entry(&self, workload: &Workload, input: &Input, patience: Duration) -> Entry {
        let touch = self.touch;
        let (once, twice) = (input.clone(), input.twice());
        Entry {
            name: self.name,
            role: self.role,
            flaw: self.check(workload, input, patience).err(),
            once: Box::new(move || touch(&once)),
            twice: Box::new(move || touch(&twice)),
        }
    }
}

/// Takes what a decoder returns.
pub trait Sink: Default {
    /// An event. An id or event type that a decoder does not return is empty.
    fn event(&mut self, event_type: &str, data: &str, id: &str);
    /// A reconnection time, in milliseconds, with its event or by itself.
    fn retry(&mut self, milliseconds: u64);
}

/// Everything that was returned, to be checked.
#[derive(Debug, Default)]
pub struct Kept {
    /// The events, without reconnection times: some decoders return those by themselves.
    pub events: Vec<Event>,
    /// The reconnection times in milliseconds, in order; none if a decoder does not return them.
    pub retries: Vec<u64>,
}

impl Kept {
    fn means(&self, expected: &[Event]) -> bool {
        let retries = expected.iter().filter_map(|event| event.retry);
        let events = expected.iter().map(|event| Event {
            retry: None,
            ..event.clone()
        });
        let retries = self.retries.is_empty() || self.retries.iter().copied().eq(retries);
        retries && self.events.iter().cloned().eq(events)
    }
}

impl Sink for Kept {
    fn event(&mut self, event_type: &str, data: &str, id: &str) {
        let event_type = match event_type {
            "" | "message" => "",
            "content_block_delta" => "content_block_delta",
            "update" => "update",
            _ => "a type nobody sent",
        };
        let (data, id) = (data.into(), id.into());
        self.events.push(Event {
            event_type,
            data,
            id,
            retry: None,
        });
    }

    fn retry(&mut self, milliseconds: u64) {
        self.retries.push(milliseconds);
    }
}

/// Reads every event as the cheapest caller would: its lengths, and its data's last byte.
#[derive(Debug, Default)]
struct Touched(usize);

impl Sink for Touched {
    #[inline]
    fn event(&mut self, event_type: &str, data: &str, id: &str) {
        let last = data.as_bytes().last().copied().unwrap_or(0);
        self.0 += event_type.len() + data.len() + id.len() + usize::from(last);
    }

    #[inline]
    fn retry(&mut self, milliseconds: u64) {
        self.0 = self.0.wrapping_add(milliseconds as usize);
    }
}

/// Decodes a whole stream with a decoder.
pub(crate) trait Decode {
    fn decode(input: &Input, sink: &mut impl Sink);
}

pub(crate) const fn contender<D: Decode>(name: &'static str, role: Role) -> Contender {
    Contender {
        name,
        role,
        touch: |input| {
            let mut touched = Touched::default();
            D::decode(black_box(input), &mut touched);
            black_box(touched.0);
        },
        keep: |input| {
            let mut kept = Kept::default();
            D::decode(input, &mut kept);
            kept
        },
    }
}

/// Ours, events lent.
struct Lent;

impl Decode for Lent {
    fn decode(input: &Input, sink: &mut impl Sink) {
        ours(input, |event| show(&event, sink));
    }
}

/// Ours, every event made owned.
struct Owned;

impl Decode for Owned {
    fn decode(input: &Input, sink: &mut impl Sink) {
        ours(input, |event| show(&black_box(event.into_owned()), sink));
    }
}

#[inline]
fn ours(input: &Input, mut take: impl FnMut(sse_wire::Event<'_>)) {
    let mut decoder = sse_wire::Decoder::new();
    for chunk in input.slices() {
        let mut feed = decoder.feed(chunk);
        while let Some(event) = feed.next_event() {
            take(event.expect("no limit is near"));
        }
    }
}

#[inline]
pub(crate) fn show(event: &sse_wire::Event<'_>, sink: &mut impl Sink) {
    sink.event(event.event_type(), event.data(), event.last_event_id());
    if let Some(retry) = event.retry() {
        sink.retry(milliseconds(retry));
    }
}

/// The decoder without I/O, with a limit that lets `big` pass (512 KiB is its default).
struct SseCore;

impl Decode for SseCore {
    fn decode(input: &Input, sink: &mut impl Sink) {
        const LIMIT: NonZeroUsize = NonZeroUsize::new(16 << 20).unwrap();
        let mut decoder = sse_core::SseDecoder::with_limit(LIMIT);
        for mut chunk in input.slices() {
            while let Some(Ok(event)) = decoder.next(&mut chunk) {
                match event {
                    sse_core::SseEvent::Message(event) => {
                        let id = event.last_event_id.as_deref().unwrap_or_default();
                        sink.event(&event.event, &event.data, id);
                    }
                    sse_core::SseEvent::Retry(retry) => sink.retry(retry.into()),
                }
            }
        }
    }
}

/// `SseByteStream`, which its documentation prefers to `SseStream`; simdutf8 and memchr are on.
pub(crate) struct SseStream;

impl Decode for SseStream {
    fn decode(input: &Input, sink: &mut impl Sink) {
        let chunks = Ready(input.slices().map(Ok::<_, Infallible>));
        drain(sse_stream::SseByteStream::new(chunks), |event| {
            let [event_type, data, id] = [&event.event, &event.data, &event.id]
                .map(|value| value.as_deref().unwrap_or_default());
            // It returns blocks, not events: a block without data is not an event.
            if event.data.is_some() {
                sink.event(event_type, data, id);
            }
            if let Some(retry) = event.retry {
                sink.retry(retry);
            }
        });
    }
}

/// `EventStream` over `Bytes`, which it slices; with its feature `std`.
pub(crate) struct Sseer;

impl Decode for Sseer {
    fn decode(input: &Input, sink: &mut impl Sink) {
        let chunks = Ready(input.buffers().map(Ok::<_, Infallible>));
        drain(sseer::event_stream::EventStream::new(chunks), |event| {
            sink.event(&event.event, &event.data, &event.id);
            if let Some(retry) = event.retry {
                sink.retry(milliseconds(retry));
            }
        });
    }
}

/// The `.eventsource()` adapter.
pub(crate) struct EventsourceStream;

impl Decode for EventsourceStream {
    fn decode(input: &Input, sink: &mut impl Sink) {
        let chunks = Ready(input.slices().map(Ok::<_, Infallible>));
        drain(chunks.eventsource(), |event| {
            sink.event(&event.event, &event.data, &event.id);
            if let Some(retry) = event.retry {
                sink.retry(milliseconds(retry));
            }
        });
    }
}

/// The `tokio_util` codec, over a `BytesMut` that chunks are appended to, as `FramedRead` does.
struct Russe;

impl Decode for Russe {
    fn decode(input: &Input, sink: &mut impl Sink) {
        let mut decoder = russe::Decoder::default();
        let mut buffer = BytesMut::new();
        for chunk in input.slices() {
            buffer.extend_from_slice(chunk);
            while let Ok(Some(event)) = decoder.decode(&mut buffer) {
                match event {
                    russe::Event::Message(event) => {
                        let [event_type, id] = [&event.event, &event.id]
                            .map(|value| value.as_deref().unwrap_or_default());
                        sink.event(event_type, &event.data, id);
                        if let Some(retry) = event.retry {
                            sink.retry(milliseconds(retry));
                        }
                    }
                    russe::Event::Retry(retry) => sink.retry(milliseconds(retry)),
                    russe::Event::Comment(_) => {}
                }
            }
        }
    }
}

/// The whole client, since its parser is private, over a transport that answers with the stream.
struct EventsourceClient;

impl Decode for EventsourceClient {
    fn decode(input: &Input, sink: &mut impl Sink) {
        let client = eventsource_client::ClientBuilder::for_url("http://localhost/")
            .expect("a URL")
            .reconnect(eventsource_client::ReconnectOptions::reconnect(false).build())
            .build_with_transport(Answer(input.clone()));
        drain(client.stream(), |event| {
            if let eventsource_client::SSE::Event(event) = event {
                let id = event.id.as_deref().unwrap_or_default();
                sink.event(&event.event_type, &event.data, id);
                if let Some(retry) = event.retry {
                    sink.retry(retry);
                }
            }
        });
    }
}

/// The parser without I/O, limit raised to 16 MiB.
struct SseParse;

impl Decode for SseParse {
    fn decode(input: &Input, sink: &mut impl Sink) {
        let mut parser = sse_parse::SseParser::new().max_buffer(16 << 20);
        for chunk in input.slices() {
            parser.feed(chunk);
            while let Some(event) = parser.next_event() {
                sink.event(&event.event, &event.data, &event.id);
                if let Some(retry) = event.retry {
                    sink.retry(milliseconds(retry));
                }
            }
        }
    }
}

/// The parser without I/O, which returns a `Vec` of events for each chunk.
struct SseFrame;

impl Decode for SseFrame {
    fn decode(input: &Input, sink: &mut impl Sink) {
        let mut parser = sse_frame::Parser::new();
        for chunk in input.slices() {
            for event in parser.push(chunk) {
                let [event_type, id] =
                    [&event.event, &event.id].map(|value| value.as_deref().unwrap_or_default());
                sink.event(event_type, &event.data, id);
                if let Some(retry) = event.retry_ms {
                    sink.retry(retry);
                }
            }
        }
    }
}

/// The decoder without I/O; it returns no reconnection times.
struct AllamaHttp;

impl Decode for AllamaHttp {
    fn decode(input: &Input, sink: &mut impl Sink) {
        let mut decoder = allama_http::sse::SseDecoder::new();
        for chunk in input.slices() {
            decoder.push(chunk);
            while let Ok(Some(event)) = decoder.next_event() {
                sink.event(
                    &event.event,
                    &event.data,
                    event.id.as_deref().unwrap_or_default(),
                );
            }
        }
    }
}

/// Answers every request with the stream.
#[derive(Clone)]
struct Answer(Input);

impl HttpTransport for Answer {
    fn request(&self, _: http::Request<Option<Bytes>>) -> ResponseFuture {
        let chunks = self.0.buffers().map(Ok::<_, TransportError>);
        let body: ByteStream = Box::pin(Ready(chunks));
        Box::pin(async { Ok(http::Response::new(body)) })
    }
}

/// An iterator as a stream that is always ready.
pub(crate) struct Ready<I>(pub(crate) I);

impl<I: Iterator + Unpin> Stream for Ready<I> {
    type Item = I::Item;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

/// Polls `stream` to its end, or its first error.
pub(crate) fn drain<T, E>(stream: impl Stream<Item = Result<T, E>>, mut take: impl FnMut(T)) {
    let mut stream = pin!(stream);
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(Ok(event))) = stream.as_mut().poll_next(&mut context) {
        take(event);
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
