//! What the fuzz targets assert: functions of any bytes that panic where a law does not hold.
//!
//! All read their input in one way: a number is a byte, a string is a number and so many bytes.
//! Where the input is used up, numbers are 0, and strings end.

use sse_wire::check::{Checker, Diagnostic};
use sse_wire::http;
use sse_wire::{DecodeError, Decoder, EncodeError, Encoder, Event, Feed};
use sse_wire_testing::reference::{self, Frame};
use sse_wire_testing::strategies::Chunking;
use sse_wire_testing::vectors;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write as _;
use std::mem;
use std::time::Duration;

#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub name: &'static str,
    pub body: fn(&[u8]),
    /// What makes an input for it of a stream that follows.
    heads: &'static [&'static [u8]],
}

pub const TARGETS: [Target; 6] = [
    Target {
        name: "decode",
        body: decode,
        heads: &[&[0], &[1, 1], &[3, 2, 0, 5]],
    },
    Target {
        name: "chunks",
        body: chunks,
        heads: &[&[255, 1, 1], &[9, 2, 1, 7], &[24, 1, 1]],
    },
    Target {
        name: "round_trip",
        body: round_trip,
        heads: &[&[1, 255], &[15, 1, b'a', 1, 1, 255]],
    },
    Target {
        name: "encoder",
        body: encoder,
        heads: &[&[2, 255], &[1, 0, 2, 1, b'a', 3, 255]],
    },
    Target {
        name: "operations",
        body: operations,
        heads: &[&[255, 0, 255], &[20, 2, 3, 1, 255]],
    },
    Target {
        name: "check",
        body: check,
        heads: &[&[255, 1, 1], &[9, 2, 1, 7]],
    },
];

impl Target {
    /// Inputs to start from: the streams of all conformance vectors.
    pub fn inputs(self) -> impl Iterator<Item = Vec<u8>> {
        vectors().iter().flat_map(move |vector| {
            self.heads
                .iter()
                .map(|head| [head, &vector.input[..]].concat())
        })
    }
}

/// The decoder says what the reference says, and never late.
///
/// Input: chunk sizes; the rest is the stream.
pub fn decode(input: &[u8]) {
    let mut input = Input(input);
    let chunking = input.chunking();
    let stream = input.rest();
    let expected = reference::decode(stream);
    let mut decoder = Decoder::new();
    let (mut fed, mut seen) = (0, 0);
    for chunk in chunking.split(stream) {
        let mut feed = decoder.feed(chunk);
        while let Some(frame) = feed.next_frame().expect("no limit is near") {
            let (_, expected) = expected
                .frames
                .get(seen)
                .expect("a frame that the stream has");
            assert_eq!(*expected, frame);
            seen += 1;
        }
        fed += chunk.len();
        let due = expected.frames.partition_point(|(at, _)| *at <= fed);
        assert_eq!(seen, due, "frames after {fed} bytes");
    }
    assert_eq!(decoder.last_event_id(), expected.last_event_id);
    assert_eq!(decoder.retry(), expected.retries().last());
    assert_eq!(finish(&mut decoder), Ok(expected.cut_off.clone()));
    assert_eq!(
        state(&decoder),
        (&*expected.last_event_id, expected.retries().last(), 0)
    );
}

/// Chunks cannot be observed: neither in frames nor in errors nor in the state. A limit takes away
/// what is over it, and nothing else.
///
/// Input: a limit, chunk sizes; the rest is the stream.
pub fn chunks(input: &[u8]) {
    let mut input = Input(input);
    let limit = input.limit();
    let chunking = input.chunking();
    let stream = input.rest();
    let mut whole = Decoder::new().with_max_event_size(limit);
    let mut in_chunks = whole.clone();
    let mut events_in_chunks = whole.clone();

    let expected = frames(&mut whole.feed(stream));
    let (mut seen, mut seen_events) = (Vec::new(), Vec::new());
    for chunk in chunking.split(stream) {
        seen.extend(frames(&mut in_chunks.feed(chunk)));
        seen_events.extend(events(&mut events_in_chunks.feed(chunk)));
        assert!(in_chunks.buffered() <= limit.saturating_add(LINE_START));
    }
    assert_eq!(seen, expected);
    assert_eq!(state(&in_chunks), state(&whole));
    assert!(
        seen_events
            .iter()
            .eq(expected.iter().filter(|outcome| is_event(outcome)))
    );
    assert_eq!(events_in_chunks.last_event_id(), whole.last_event_id());
    assert_eq!(events_in_chunks.retry(), whole.retry());
    obeys_limit(stream, limit, &expected);

    let finished = finish(&mut whole);
    assert_eq!(finish(&mut in_chunks), finished);
    assert_eq!(finish(&mut events_in_chunks), finished);
    assert_eq!(state(&in_chunks), state(&whole));
}

/// What a decoder keeps of a line that may not count, in bytes: less than `event: `.
const LINE_START: usize = 6;

/// What must hold of any limit, without knowing how its bytes are counted.
fn obeys_limit(stream: &[u8], limit: usize, outcomes: &[Outcome]) {
    let unlimited = reference::decode(stream);
    let mut frames = unlimited.frames.iter().map(|(_, frame)| frame);
    let (mut events, mut errors) = (0, 0);
    for outcome in outcomes {
        match outcome {
            Err(error) => {
                errors += usize::from(*error == DecodeError::EventTooLarge { limit });
            }
            Ok(Frame::Event(event)) => {
                assert!(smallest_size(event) <= limit);
                let in_stream = frames.any(|frame| is_of_same_block(frame, event));
                assert!(in_stream, "{event:?} is not in the stream");
                events += 1;
            }
            Ok(frame) => assert!(frames.any(|other| other == frame), "{frame:?}"),
        }
    }
    assert!(
        events + errors >= unlimited.events().count(),
        "an event was lost without an error"
    );
    let retries = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Ok(Frame::Retry(_))))
        .count();
    assert_eq!(retries, unlimited.retries().count());
    // U+FFFD has three bytes.
    if 3 * stream.len() <= limit {
        assert_eq!(outcomes.len(), unlimited.frames.len());
    }
}

/// How many bytes it had on the wire at least.
fn smallest_size(event: &reference::Event) -> usize {
    // Those without an event type have this one.
    let event_type = if event.event_type == "message" {
        ""
    } else {
        &event.event_type
    };
    event.data.len() + event_type.len() + event.id.as_deref().unwrap_or_default().len()
}

/// An id over the limit leaves the one before it in force, so the last event ID may differ.
fn is_of_same_block(frame: &Frame, event: &reference::Event) -> bool {
    let Frame::Event(mut other) = frame.clone() else {
        return false;
    };
    other.last_event_id.clone_from(&event.last_event_id);
    other == *event
}

/// What is encoded decodes to the same, and what cannot be encoded is refused.
///
/// Input: events, each as flags and a string for each value that it has.
pub fn round_trip(input: &[u8]) {
    let mut input = Input(input);
    let (mut stream, mut expected) = (Vec::new(), Vec::new());
    let mut last_event_id = String::new();
    while !input.is_empty() {
        let event = input.event();
        let start = stream.len();
        event.encode(&mut stream);
        let encoded = &stream[start..];
        assert_eq!(encoded.len(), event.encoded_len());
        assert_eq!(encoded, event.to_bytes());
        assert!(encoded.ends_with(b"\n") && !encoded.contains(&b'\r'));

        if let Some(id) = event.id() {
            id.clone_into(&mut last_event_id);
        }
        expected.extend(event.retry().map(Frame::Retry).map(Ok));
        if event.has_data() {
            let mut received = reference::Event::from(event);
            received.data = with_line_feeds(&received.data);
            received.last_event_id.clone_from(&last_event_id);
            expected.push(Ok(Frame::Event(received)));
        }
    }
    let mut decoder = Decoder::new();
    assert_eq!(frames(&mut decoder.feed(&stream)), expected);
    assert_eq!(decoder.last_event_id(), last_event_id);
    assert_eq!(finish(&mut decoder), Ok(None));
    assert!(
        reference::decode(&stream)
            .frames
            .into_iter()
            .map(|(_, frame)| Ok(frame))
            .eq(expected)
    );
}

/// Any calls of an encoder in any order yield what was asked for, and nothing else.
///
/// Input: calls, each as a number and what it takes.
pub fn encoder(input: &[u8]) {
    let mut input = Input(input);
    let (mut encoder, mut stream) = (Encoder::new(), Vec::new());
    let mut asked = Asked::default();
    while !input.is_empty() {
        // The buffer is another one for each call.
        let mut buf = Vec::new();
        match input.number() % 9 {
            0 => {
                let event = input.event();
                encoder.event(&event, &mut buf);
                asked.begin(event);
                asked.end();
            }
            1 => {
                let event = input.event();
                encoder.begin(&event, &mut buf);
                asked.begin(event);
            }
            2 => {
                let piece = input.text();
                encoder.data(&piece, &mut buf);
                asked.data(&piece);
            }
            3 => {
                let text = input.text();
                encoder.comment(&text, &mut buf);
                asked.comment(&text);
            }
            4 => {
                encoder.keep_alive(&mut buf);
                asked.keep_alive();
            }
            5 => {
                let retry = input.duration();
                encoder.retry(retry, &mut buf);
                asked.retry(retry);
            }
            6 => {
                encoder.end(&mut buf);
                asked.end();
            }
            7 => {
                let piece = input.text();
                encoder
                    .data_writer(&mut buf)
                    .write_str(&piece)
                    .expect("never fails");
                asked.data(&piece);
            }
            _ => {
                let bytes = input.string();
                let written = encoder.data_writer(&mut buf).write(bytes).ok();
                let piece = std::str::from_utf8(bytes).ok();
                assert_eq!(written, piece.map(str::len));
                piece.into_iter().for_each(|piece| asked.data(piece));
            }
        }
        stream.extend(buf);
    }
    encoder.end(&mut stream);
    asked.end();
    asked.is_answered_by(&stream);
}

/// Whatever is done to a decoder, it goes on as one does that takes a byte at a time; and, as long
/// as no limit is near, as the reference does.
///
/// Input: a limit, then operations, each as a number and what it takes.
pub fn operations(input: &[u8]) {
    let mut input = Input(input);
    let limit = input.limit();
    let mut decoder = Decoder::new().with_max_event_size(limit);
    let mut twin = Twin {
        decoder: decoder.clone(),
        ..Twin::default()
    };
    while !input.is_empty() {
        match input.number() % 9 {
            0 => {
                let chunk = input.string();
                twin.feed(chunk, frames(&mut decoder.feed(chunk)));
            }
            1 => {
                let chunk = input.string();
                twin.feed(chunk, events(&mut decoder.feed(chunk)));
            }
            2 => {
                let calls = input.number();
                let chunk = input.string();
                twin.feed(chunk, dropped_feeds(&mut decoder, chunk, calls));
            }
            3 => {
                let original = mem::replace(&mut decoder, Decoder::new());
                decoder = original.clone();
                drop(original);
            }
            4 => {
                // What happens to a copy happens to nobody else.
                let mut copy = decoder.clone();
                events(&mut copy.feed(input.string()));
            }
            5 => twin.finish(finish(&mut decoder)),
            6 => {
                decoder.reconnect();
                twin.decoder.reconnect();
                twin.connection.clear();
            }
            7 => {
                decoder.reset();
                assert_eq!(decoder.max_event_size(), limit);
                twin = Twin {
                    decoder: decoder.clone(),
                    ..Twin::default()
                };
            }
            _ => {
                let id = input.text();
                let fresh = Decoder::new()
                    .with_max_event_size(limit)
                    .with_last_event_id(&id);
                assert_eq!(
                    fresh.as_ref().err(),
                    offence(&id, "last event ID", true).as_ref()
                );
                if let Ok(fresh) = fresh {
                    decoder = fresh;
                    twin = Twin {
                        decoder: decoder.clone(),
                        ..Twin::default()
                    };
                }
            }
        }
        assert_eq!(decoder.last_event_id(), twin.decoder.last_event_id());
        assert_eq!(decoder.retry(), twin.decoder.retry());
        assert!(decoder.buffered() <= limit.saturating_add(LINE_START));
    }
}

/// Diagnostics are the same for all chunks, stand where the stream is, and agree with the decoder.
///
/// Input: a limit, chunk sizes; the rest is the stream.
pub fn check(input: &[u8]) {
    let mut input = Input(input);
    let limit = input.limit();
    let chunking = input.chunking();
    let stream = input.rest();
    let mut whole = Checker::new()
        .with_max_event_size(limit)
        .with_max_per_kind(u64::MAX)
        .with_style(true);
    let mut in_chunks = whole.clone();

    let mut expected: Vec<Diagnostic> = whole.feed(stream).collect();
    expected.extend(whole.finish());
    let mut found = Vec::new();
    for chunk in chunking.split(stream) {
        found.extend(in_chunks.feed(chunk));
    }
    found.extend(in_chunks.finish());
    assert_eq!(found, expected);
    assert_eq!(whole.finish().count(), 0);
    let summary = whole.summary();
    assert_eq!(in_chunks.summary(), summary);
    assert_eq!(summary.errors() + summary.warnings(), expected.len() as u64);

    let lines = stream
        .iter()
        .filter(|byte| matches!(byte, b'\r' | b'\n'))
        .count() as u64
        + 1;
    for diagnostic in &expected {
        assert!(diagnostic.offset() + diagnostic.length() <= stream.len() as u64);
        assert!((1..=lines).contains(&diagnostic.line()));
        assert!((1..=diagnostic.column()).contains(&diagnostic.excerpt_column()));
        assert!(!diagnostic.to_string().contains(char::is_control));
    }

    let decoded = reference::decode(stream);
    let mut decoder = Decoder::new().with_max_event_size(limit);
    let dispatched = events(&mut decoder.feed(stream))
        .into_iter()
        .flatten()
        .count();
    assert_eq!(summary.bytes, stream.len() as u64);
    assert_eq!(summary.events, dispatched as u64);
    assert_eq!(
        summary.last_id.as_deref().unwrap_or_default(),
        decoder.last_event_id()
    );
    assert_eq!(summary.comments, decoded.comments().count() as u64);
    assert_eq!(summary.retries, decoded.retries().count() as u64);
}

type Outcome = Result<Frame, DecodeError>;

fn frames(feed: &mut Feed<'_, '_>) -> Vec<Outcome> {
    let next = || {
        feed.next_frame()
            .map(|frame| frame.map(Frame::from))
            .transpose()
    };
    std::iter::from_fn(next).collect()
}

fn events(feed: &mut Feed<'_, '_>) -> Vec<Outcome> {
    let next = || {
        feed.next_event()
            .map(|event| event.map(as_frame))
            .transpose()
    };
    std::iter::from_fn(next).collect()
}

/// Feeds a chunk, drops the feed behind each outcome, and feeds the rest. The bits of `calls` say
/// which of the two methods is called.
fn dropped_feeds(decoder: &mut Decoder, mut chunk: &[u8], mut calls: u8) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    loop {
        // One of which nothing is asked takes in nothing that it does not tell.
        chunk = decoder.feed(chunk).remaining();
        let mut feed = decoder.feed(chunk);
        calls = calls.rotate_left(1);
        let outcome = if calls & 1 == 1 {
            feed.next_event().map(|event| event.map(as_frame))
        } else {
            feed.next_frame().map(|frame| frame.map(Frame::from))
        };
        chunk = feed.remaining();
        let Some(outcome) = outcome.transpose() else {
            assert!(chunk.is_empty());
            return outcomes;
        };
        outcomes.push(outcome);
    }
}

fn as_frame(event: Event<'_>) -> Frame {
    Frame::Event(event.into())
}

fn is_event(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Ok(Frame::Event(_)) | Err(DecodeError::EventTooLarge { .. })
    )
}

fn finish(decoder: &mut Decoder) -> Result<Option<reference::Event>, DecodeError> {
    decoder
        .finish()
        .map(|event| event.map(reference::Event::from))
}

fn state(decoder: &Decoder) -> (&str, Option<Duration>, usize) {
    (decoder.last_event_id(), decoder.retry(), decoder.buffered())
}

/// A decoder that takes a byte at a time, and knows its whole connection.
#[derive(Default)]
struct Twin {
    decoder: Decoder,
    /// The last event ID and the bytes since the connection began.
    resumed_behind: String,
    connection: Vec<u8>,
}

impl Twin {
    /// The other decoder took in this chunk, and this came out. It need not have asked for all.
    fn feed(&mut self, chunk: &[u8], outcomes: Vec<Outcome>) {
        if self.connection.is_empty() {
            self.decoder
                .last_event_id()
                .clone_into(&mut self.resumed_behind);
        }
        let mut expected = Vec::new();
        for byte in chunk.chunks(1) {
            expected.extend(frames(&mut self.decoder.feed(byte)));
        }
        let events = |outcome: &&Outcome| is_event(outcome);
        assert!(
            outcomes
                .iter()
                .filter(events)
                .eq(expected.iter().filter(events))
        );
        let mut rest = expected.iter();
        assert!(
            outcomes
                .iter()
                .all(|outcome| rest.any(|expected| expected == outcome))
        );

        let fed = self.connection.len();
        self.connection.extend(chunk);
        if let Some(decoded) = self.reference() {
            let new = decoded.frames.into_iter().filter(|(at, _)| *at > fed);
            assert!(new.map(|(_, frame)| Ok(frame)).eq(expected));
            assert_eq!(self.decoder.last_event_id(), decoded.last_event_id);
        }
    }

    fn finish(&mut self, finished: Result<Option<reference::Event>, DecodeError>) {
        if let Some(decoded) = self.reference() {
            assert_eq!(finished, Ok(decoded.cut_off));
        }
        assert_eq!(finish(&mut self.decoder), finished);
        self.connection.clear();
    }

    /// What the reference says of the connection, unless a limit may be near.
    fn reference(&self) -> Option<reference::Decoded> {
        let limit_is_far = 3 * self.connection.len() <= self.decoder.max_event_size();
        let fed = limit_is_far && !self.connection.is_empty();
        fed.then(|| reference::decode_from(&self.resumed_behind, &self.connection))
    }
}

/// What an encoder was asked for.
#[derive(Default)]
struct Asked {
    /// Event type, data, last event ID.
    events: Vec<[String; 3]>,
    comments: Vec<String>,
    retries: Vec<Duration>,
    last_event_id: String,
    open: Option<Event<'static>>,
    /// All of it, one event or other thing after the other; as long as nothing else was asked for
    /// inside an event.
    at_once: Vec<u8>,
    had_asides: bool,
}

impl Asked {
    fn begin(&mut self, event: Event<'static>) {
        self.end();
        self.retries.extend(event.retry());
        if let Some(id) = event.id() {
            id.clone_into(&mut self.last_event_id);
        }
        self.open = Some(event);
    }

    fn data(&mut self, piece: &str) {
        let open = self.open.take().unwrap_or_else(Event::without_data);
        let data = open.data().to_owned() + piece;
        self.open = Some(with_data(&open, data));
    }

    fn comment(&mut self, text: &str) {
        let text = with_line_feeds(text);
        self.comments
            .extend(text.split('\n').map(|line| format!(" {line}")));
        self.aside(&format!(": {}\n\n", text.replace('\n', "\n: ")));
    }

    fn keep_alive(&mut self) {
        if !self.open.as_ref().is_some_and(Event::has_data) {
            self.comments.push(String::new());
            self.aside(":\n\n");
        }
    }

    fn retry(&mut self, retry: Duration) {
        self.retries.push(retry);
        self.aside(&format!("retry: {}\n\n", retry.as_millis()));
    }

    fn aside(&mut self, lines: &str) {
        self.at_once.extend(lines.bytes());
        self.had_asides |= self.open.is_some();
    }

    fn end(&mut self) {
        let Some(event) = self.open.take() else {
            return;
        };
        event.encode(&mut self.at_once);
        if event.has_data() {
            let data = with_line_feeds(event.data());
            self.events.push([
                event.event_type().to_owned(),
                data,
                self.last_event_id.clone(),
            ]);
        }
    }

    fn is_answered_by(&self, stream: &[u8]) {
        let decoded = reference::decode(stream);
        let events = decoded
            .events()
            .map(|event| [&event.event_type, &event.data, &event.last_event_id].map(Clone::clone));
        assert_eq!(Vec::from_iter(events), self.events);
        assert_eq!(Vec::from_iter(decoded.comments()), self.comments);
        assert_eq!(Vec::from_iter(decoded.retries()), self.retries);
        assert_eq!(decoded.last_event_id, self.last_event_id);
        assert_eq!(decoded.cut_off, None);
        if !self.had_asides {
            assert_eq!(
                stream.escape_ascii().to_string(),
                self.at_once.escape_ascii().to_string()
            );
        }
    }
}

/// The event with other data.
fn with_data(event: &Event<'_>, data: String) -> Event<'static> {
    let mut changed = Event::new(data);
    // An event does not tell whether its type is `message` or none.
    if event.to_bytes().starts_with(b"event") {
        changed = changed
            .with_event_type(event.event_type().to_owned())
            .expect("a valid type");
    }
    if let Some(id) = event.id() {
        changed = changed.with_id(id.to_owned()).expect("a valid id");
    }
    event.retry().into_iter().fold(changed, Event::with_retry)
}

/// All that the format does not preserve of data.
fn with_line_feeds(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Why the value cannot be sent, if it cannot.
fn offence(value: &str, field: &'static str, nul_counts: bool) -> Option<EncodeError> {
    value
        .bytes()
        .enumerate()
        .find_map(|(position, byte)| match byte {
            b'\r' | b'\n' => Some(EncodeError::LineEnd { field, position }),
            b'\0' if nul_counts => Some(EncodeError::Nul { position }),
            _ => None,
        })
}

/// What is left of the input.
struct Input<'i>(&'i [u8]);

impl<'i> Input<'i> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn number(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        first
    }

    fn string(&mut self) -> &'i [u8] {
        let length = usize::from(self.number()).min(self.0.len());
        let (string, rest) = self.0.split_at(length);
        self.0 = rest;
        string
    }

    fn text(&mut self) -> Cow<'i, str> {
        String::from_utf8_lossy(self.string())
    }

    fn rest(self) -> &'i [u8] {
        self.0
    }

    /// Up to seven sizes; none for one chunk.
    fn chunking(&mut self) -> Chunking {
        let sizes = usize::from(self.number() % 8);
        Chunking::new(Vec::from_iter((0..sizes).map(|_| self.number().into())))
    }

    /// A small one, or the usual one.
    fn limit(&mut self) -> usize {
        match self.number() {
            255 => Decoder::new().max_event_size(),
            small => small.into(),
        }
    }

    fn duration(&mut self) -> Duration {
        let milliseconds = self.string().iter().take(8);
        Duration::from_millis(milliseconds.fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
    }

    /// Holds the setters to what they have to refuse, and leaves out what they do.
    fn event(&mut self) -> Event<'static> {
        let flags = self.number();
        let mut event = Event::without_data();
        if flags & 2 != 0 {
            let event_type = self.text().into_owned();
            let set = event.clone().with_event_type(event_type.clone());
            assert_eq!(
                set.as_ref().err(),
                offence(&event_type, "event type", false).as_ref()
            );
            event = set.unwrap_or(event);
        }
        if flags & 4 != 0 {
            let bytes = self.string();
            let id = String::from_utf8_lossy(bytes).into_owned();
            let set = event.clone().with_id(id.clone());
            assert_eq!(
                set.as_ref().err(),
                offence(&id, "last event ID", true).as_ref()
            );
            assert_eq!(
                http::last_event_id(id.as_bytes()).err(),
                set.as_ref().err().copied()
            );
            assert_eq!(
                http::last_event_id(bytes).is_ok(),
                set.is_ok() && id.as_bytes() == bytes
            );
            event = set.unwrap_or(event);
        }
        if flags & 8 != 0 {
            event = event.with_retry(self.duration());
        }
        if flags & 1 != 0 {
            event = with_data(&event, self.text().into_owned());
        }
        event
    }
}
