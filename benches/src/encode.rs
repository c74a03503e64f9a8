//! The encoders: every event from borrowed parts to bytes, into a reused buffer if the encoder
//! takes one.

use std::{
    cell::RefCell,
    convert::Infallible,
    fmt::Write as _,
    hint::black_box,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use axum::response::{IntoResponse as _, sse};
use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use sse_wire::{EventId, EventType};
use tokio_util::codec::Encoder as _;

use crate::{
    decode::Ready,
    measure::{Entry, Flaw, Role},
    workload::{Chunking, Event, Workload},
};

/// The workloads that are encoded; the others differ only in what a decoder makes of them.
pub const NAMES: [&str; 6] = ["llm", "anthropic", "tiny", "full", "multiline", "big"];

/// An encoder under measurement.
#[derive(Clone, Copy, Debug)]
pub struct Contender {
    pub name: &'static str,
    pub role: Role,
    /// Encodes every event and drops it; its buffer stays from run to run.
    pub work: fn(Source) -> Box<dyn Fn()>,
    /// Encodes every event and keeps the bytes.
    pub keep: fn(&Source) -> Vec<u8>,
}

/// The events to encode.
#[derive(Debug)]
pub struct Source {
    pub(crate) events: Arc<[Event]>,
    /// The same in shared strings, for `russe`.
    messages: Vec<russe::Message>,
}

/// Every encoder, ours first.
pub const CONTENDERS: [Contender; 10] = [
    contender::<Borrowed>("sse-wire", Role::Ours),
    contender::<Pieces<64>>("sse-wire pieces 64", Role::Ours),
    contender::<Pieces<1024>>("sse-wire pieces 1K", Role::Ours),
    contender::<ToBytes>("sse-wire to_bytes", Role::Ours),
    contender::<Russe>("russe", Role::Peer),
    contender::<RusseShared>("russe shared", Role::Peer),
    contender::<SseStream>("sse-stream", Role::Peer),
    contender::<TokioSseCodec>("tokio_sse_codec", Role::Peer),
    contender::<Axum>("axum", Role::Peer),
    contender::<ByHand>("write!", Role::Peer),
];

impl Contender {
    /// Whether the bytes mean what was encoded.
    ///
    /// # Errors
    ///
    /// [`Flaw::Wrong`] if they do not.
    pub fn check(&self, source: &Source) -> Result<(), Flaw> {
        if interpret(&(self.keep)(source)) == *source.events {
            Ok(())
        } else {
            Err(Flaw::Wrong)
        }
    }

    /// The work to time, if its bytes mean what was encoded.
    pub fn entry(&self, workload: &Workload) -> Entry {
        let (once, twice) = (
            Source::new(&workload.events),
            Source::new(&workload.twice()),
        );
        Entry {
            name: self.name,
            role: self.role,
            flaw: self.check(&once).err(),
            once: (self.work)(once),
            twice: (self.work)(twice),
        }
    }
}

impl Source {
    pub fn new(events: &[Event]) -> Self {
        let messages: Vec<russe::Message> = events.iter().map(message).collect();
        // The first clone of a shared string allocates its count; so make it before the
        // measurement.
        drop(messages.clone());
        Self {
            events: events.into(),
            messages,
        }
    }
}

/// The work that every encoder must do: search the data for line ends, and copy as many bytes as
/// the block has.
pub fn limit(workload: &Workload) -> Entry {
    let blocks = workload.cut(Chunking::Block);
    let sizes: Vec<usize> = blocks.slices().map(<[u8]>::len).collect();
    let work = |events: Vec<Event>| {
        let (sizes, buffer) = (sizes.clone(), RefCell::new(Vec::new()));
        move || {
            let mut buffer = buffer.borrow_mut();
            for (event, size) in events.iter().zip(sizes.iter().cycle()) {
                let data = event.data.as_bytes();
                let line_ends = memchr::memchr2_iter(b'\r', b'\n', data);
                line_ends.for_each(|line_end| _ = black_box(line_end));
                buffer.clear();
                buffer.resize(size - data.len(), b' ');
                buffer.extend_from_slice(data);
                black_box(&*buffer);
            }
        }
    };
    Entry {
        name: "memchr2 + memcpy",
        role: Role::Limit,
        flaw: None,
        once: Box::new(work(workload.events.clone())),
        twice: Box::new(work(workload.twice())),
    }
}

/// Encodes with an encoder, and gives the bytes of each event to `take`.
pub(crate) trait Encode: 'static {
    /// What an encoder writes into, or nothing if it returns buffers of its own.
    type Buffer: Default;

    fn encode(source: &Source, buffer: &mut Self::Buffer, take: impl FnMut(&[u8]));
}

pub(crate) const fn contender<E: Encode>(name: &'static str, role: Role) -> Contender {
    Contender {
        name,
        role,
        work: |source| {
            let buffer = RefCell::default();
            Box::new(move || {
                E::encode(black_box(&source), &mut buffer.borrow_mut(), |bytes| {
                    // Separately: loading the pair at once waits for the length to reach the cache,
                    // and that is the harness's own time.
                    _ = (black_box(bytes.as_ptr()), black_box(bytes.len()));
                });
            })
        },
        keep: |source| {
            let mut all = Vec::new();
            E::encode(source, &mut E::Buffer::default(), |bytes| {
                all.extend_from_slice(bytes)
            });
            all
        },
    }
}

/// Ours: an `Event` of borrowed parts into a `Vec`.
struct Borrowed;

impl Encode for Borrowed {
    type Buffer = Vec<u8>;

    fn encode(source: &Source, buffer: &mut Vec<u8>, mut take: impl FnMut(&[u8])) {
        for event in &*source.events {
            buffer.clear();
            ours(event, &event.data).encode(buffer);
            take(buffer);
        }
    }
}

/// Ours: data in pieces of `SIZE` bytes.
struct Pieces<const SIZE: usize>;

impl<const SIZE: usize> Encode for Pieces<SIZE> {
    type Buffer = Vec<u8>;

    fn encode(source: &Source, buffer: &mut Vec<u8>, mut take: impl FnMut(&[u8])) {
        let mut encoder = sse_wire::Encoder::new();
        for event in &*source.events {
            buffer.clear();
            let (mut piece, mut rest) = head(&event.data, SIZE);
            encoder.begin(&ours(event, piece), buffer);
            while !rest.is_empty() {
                (piece, rest) = head(rest, SIZE);
                encoder.data(piece, buffer);
            }
            encoder.end(buffer);
            take(buffer);
        }

        #[inline(always)]
        fn head(data: &str, size: usize) -> (&str, &str) {
            data.split_at_checked(size).unwrap_or((data, ""))
        }
    }
}

/// Ours: a `Bytes` of its own for every event, to be shared by many subscribers.
pub(crate) struct ToBytes;

impl Encode for ToBytes {
    type Buffer = ();

    fn encode(source: &Source, (): &mut (), mut take: impl FnMut(&[u8])) {
        for event in &*source.events {
            take(&ours(event, &event.data).to_bytes());
        }
    }
}

// Inlined here and below, since a caller's own code builds its events.
#[inline(always)]
pub(crate) fn ours<'a>(event: &'a Event, data: &'a str) -> sse_wire::Event<'a> {
    // An empty event type is none.
    let event_type = EventType::new(event.event_type).expect("no line end");
    let ours = sse_wire::Event::new(data).with_event_type(event_type);
    let ours = match &*event.id {
        "" => ours,
        id => ours.with_id(EventId::new(id).expect("no line end")),
    };
    match event.retry {
        None => ours,
        Some(retry) => ours.with_retry(Duration::from_millis(retry)),
    }
}

/// The `tokio_util` codec; its parts are shared strings, so borrowed ones must be copied first.
struct Russe;

impl Encode for Russe {
    type Buffer = BytesMut;

    fn encode(source: &Source, buffer: &mut BytesMut, mut take: impl FnMut(&[u8])) {
        let mut encoder = russe::Encoder::default();
        for event in &*source.events {
            buffer.clear();
            let message = russe::Event::Message(message(event));
            encoder.encode(message, buffer).expect("a valid message");
            take(buffer);
        }
    }
}

/// The same for a caller whose parts already are shared strings: clones instead of copies.
struct RusseShared;

impl Encode for RusseShared {
    type Buffer = BytesMut;

    fn encode(source: &Source, buffer: &mut BytesMut, mut take: impl FnMut(&[u8])) {
        let mut encoder = russe::Encoder::default();
        for message in &source.messages {
            buffer.clear();
            let message = russe::Event::Message(message.clone());
            encoder.encode(message, buffer).expect("a valid message");
            take(buffer);
        }
    }
}

#[inline(always)]
fn message(event: &Event) -> russe::Message {
    let set = |value: &str| (!value.is_empty()).then(|| value.into());
    russe::Message {
        data: (*event.data).into(),
        event: set(event.event_type),
        id: set(&event.id),
        retry: event.retry.map(Duration::from_millis),
    }
}

/// `Sse::encode`; its parts are `String`s, its result a `Bytes`.
struct SseStream;

impl Encode for SseStream {
    type Buffer = ();

    fn encode(source: &Source, (): &mut (), mut take: impl FnMut(&[u8])) {
        for event in &*source.events {
            let set = |value: &str| (!value.is_empty()).then(|| value.to_owned());
            let block = sse_stream::Sse {
                event: set(event.event_type),
                data: Some(event.data.clone()),
                id: set(&event.id),
                retry: event.retry,
            };
            take(&block.encode().expect("a valid block"));
        }
    }
}

/// The `tokio_util` codec; it always writes an event type, and `retry` as a frame before the event.
struct TokioSseCodec;

impl Encode for TokioSseCodec {
    type Buffer = BytesMut;

    fn encode(source: &Source, buffer: &mut BytesMut, mut take: impl FnMut(&[u8])) {
        let mut encoder = tokio_sse_codec::SseEncoder::new();
        for event in &*source.events {
            buffer.clear();
            if let Some(retry) = event.retry {
                let retry = tokio_sse_codec::Frame::<&str>::Retry(Duration::from_millis(retry));
                encoder.encode(retry, buffer).expect("a valid frame");
            }
            let frame = tokio_sse_codec::Frame::Event(tokio_sse_codec::Event {
                id: (!event.id.is_empty()).then(|| event.id.clone().into()),
                name: if event.event_type.is_empty() {
                    "message"
                } else {
                    event.event_type
                }
                .into(),
                data: &*event.data,
            });
            encoder.encode(frame, buffer).expect("a valid frame");
            take(buffer);
        }
    }
}

/// `Event` through the body of an `Sse` response, since nothing else returns its bytes.
pub(crate) struct Axum;

impl Encode for Axum {
    type Buffer = ();

    fn encode(source: &Source, (): &mut (), mut take: impl FnMut(&[u8])) {
        let events = Arc::clone(&source.events);
        let events = (0..events.len()).map(move |index| {
            let event = &events[index];
            let mut built = sse::Event::default();
            if !event.event_type.is_empty() {
                built = built.event(event.event_type);
            }
            if !event.id.is_empty() {
                built = built.id(&event.id);
            }
            if let Some(retry) = event.retry {
                built = built.retry(Duration::from_millis(retry));
            }
            Ok::<_, Infallible>(built.data(&event.data))
        });
        let mut body = pin!(sse::Sse::new(Ready(events)).into_response().into_body());
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(&mut context) {
            let bytes: Bytes = frame.into_data().expect("no trailers");
            take(&bytes);
        }
    }
}

/// What people write by hand.
struct ByHand;

impl Encode for ByHand {
    type Buffer = String;

    fn encode(source: &Source, buffer: &mut String, mut take: impl FnMut(&[u8])) {
        for event in &*source.events {
            buffer.clear();
            write(event, buffer).expect("a string takes everything");
            take(buffer.as_bytes());
        }

        fn write(event: &Event, buffer: &mut String) -> std::fmt::Result {
            if !event.event_type.is_empty() {
                writeln!(buffer, "event: {}", event.event_type)?;
            }
            if !event.id.is_empty() {
                writeln!(buffer, "id: {}", event.id)?;
            }
            if let Some(retry) = event.retry {
                writeln!(buffer, "retry: {retry}")?;
            }
            for line in event.data.lines() {
                writeln!(buffer, "data: {line}")?;
            }
            writeln!(buffer)
        }
    }
}

/// What a stream with LF line ends means: the check's own few lines, no contender's decoder.
fn interpret(stream: &[u8]) -> Vec<Event> {
    let (mut events, mut event, mut data) = (Vec::new(), Event::default(), Vec::new());
    for line in std::str::from_utf8(stream).unwrap_or_default().lines() {
        match line.split_once(": ").unwrap_or((line, "")) {
            ("data", value) => data.push(value),
            ("event", "update") => event.event_type = "update",
            ("event", "content_block_delta") => event.event_type = "content_block_delta",
            ("event", "message") => {}
            ("id", value) => event.id = value.into(),
            ("retry", value) => event.retry = value.parse().ok(),
            ("", _) => {
                event.data = data.join("\n");
                data.clear();
                events.push(std::mem::take(&mut event));
            }
            _ => event.event_type = "a field nobody encoded",
        }
    }
    events
}
