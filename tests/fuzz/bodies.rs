//! The fuzz targets: each reads values from any bytes, and tests laws on them.
//!
//! All read their input in one way: a number is a byte, a string is a number and this many bytes.
//! After the end of the input, numbers are 0, and strings end.

use crate::laws::decoder::{self, Operation};
use crate::laws::encoder::{self, Call};
use crate::laws::{self, gateway, limits};
use sse_wire::check::{Checker, Diagnostic};
use sse_wire::{Decoder, Event, EventId, EventType, Field, Frame};
use sse_wire_testing::reference;
use sse_wire_testing::strategies::Chunking;
use sse_wire_testing::vectors;
use std::time::Duration;

#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub name: &'static str,
    pub body: fn(&[u8]),
    /// The bytes to put before a stream, to make an input of it.
    heads: &'static [&'static [u8]],
}

pub const TARGETS: [Target; 7] = [
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
        name: "gateway",
        body: gateway,
        heads: &[&[0, 0, 0], &[1, 2, 1, 1, 1, b'a']],
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

/// The decoder returns what the reference decoder returns, and never late.
///
/// Input: chunk sizes; the rest is the stream.
pub fn decode(input: &[u8]) {
    let mut input = Input(input);
    let chunking = input.chunking();
    let stream = input.rest();
    decoder::the_decoder_says_what_the_reference_says(stream, &chunking);
    decoder::a_decoder_knows_what_the_end_would_cut_off(stream);
}

/// Chunk boundaries make no difference under any limit, and a limit drops only blocks over it.
///
/// Input: a limit, chunk sizes; the rest is the stream.
pub fn chunks(input: &[u8]) {
    let mut input = Input(input);
    let limit = input.limit();
    let chunking = input.chunking();
    let stream = input.rest();
    decoder::chunk_boundaries_make_no_difference(stream, limit, &chunking);
    decoder::the_end_is_a_blank_line_that_commits_nothing(stream, limit);
    limits::a_limit_drops_what_is_too_large_and_nothing_else(stream, limit, &chunking);
    // Varies with the input, but needs no byte of its own.
    let asks = stream.first().copied().unwrap_or_default();
    decoder::an_owned_feed_is_a_feed(stream, limit, &chunking, asks);
    decoder::a_chunk_that_changes_never_panics(stream, &chunking, asks);
}

/// Encoded values decode to the same, and values that cannot be encoded are refused.
///
/// Input: events, each as flags and a string for each value that it has.
pub fn round_trip(input: &[u8]) {
    let mut input = Input(input);
    let mut events = Vec::new();
    while !input.is_empty() {
        events.push(input.event());
    }
    for event in &events {
        encoder::an_event_is_the_same_in_every_form(event);
        // It tries every cut, which would take too long for more.
        if event.data().len() < 64 {
            encoder::data_in_pieces_is_data_at_once(event.data());
        }
    }
    encoder::encoded_events_are_the_stream_of_those_events(&events, &Chunking::new([]));
}

/// Any calls of an encoder in any order write only what they ask for.
///
/// Input: calls, each as a number and what it takes.
pub fn encoder(input: &[u8]) {
    let mut input = Input(input);
    let mut calls = Vec::new();
    while !input.is_empty() {
        calls.push(input.call());
    }
    encoder::calls_write_what_they_ask_for_and_nothing_else(&calls);
}

/// A gateway's output decodes to the same frames, and a gateway finds the end of each block.
///
/// Input: flags, chunk sizes of both sides, a string if a flag is set; the rest is the stream.
pub fn gateway(input: &[u8]) {
    let mut input = Input(input);
    let flags = input.number();
    let (before, after) = (input.chunking(), input.chunking());
    let data = (flags & 1 == 1).then(|| input.text());
    let stream = input.rest();
    gateway::frames_written_back_are_the_same(stream, data.as_deref(), &before, &after);
    gateway::remaining_marks_the_end_of_each_line_and_block(stream, &before);
}

/// After any operations, a decoder continues like one that is fed byte by byte.
///
/// Input: a limit, then operations, each as a number and what it takes.
pub fn operations(input: &[u8]) {
    let mut input = Input(input);
    let limit = input.limit();
    let mut operations = Vec::new();
    while !input.is_empty() {
        operations.push(input.operation());
    }
    decoder::any_operations_are_the_same_byte_by_byte(limit, &operations);
}

/// Diagnostics are the same for all chunks, have places within the stream, and agree with the
/// decoder.
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
    // The same fault is reported once.
    assert!(summary.errors() + summary.warnings() >= expected.len() as u64);

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
    let events = laws::events(&mut decoder.feed(stream));
    let dispatched = events.into_iter().flatten().count();
    assert_eq!(summary.bytes, stream.len() as u64);
    assert_eq!(summary.events, dispatched as u64);
    assert_eq!(
        summary.last_id.as_deref().unwrap_or_default(),
        decoder.last_event_id()
    );
    assert_eq!(summary.comments, decoded.comments().count() as u64);
    assert_eq!(summary.retries, decoded.retries().count() as u64);
}

/// The rest of the input.
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

    fn text(&mut self) -> String {
        String::from_utf8_lossy(self.string()).into_owned()
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

    fn time(&mut self) -> Duration {
        let milliseconds = self.string().iter().take(8);
        Duration::from_millis(milliseconds.fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
    }

    /// Text that is refused if it has to stay on one line.
    fn value(&mut self) -> String {
        let bytes = self.string();
        encoder::a_header_is_an_id_that_an_event_may_have(bytes);
        let value = String::from_utf8_lossy(bytes).into_owned();
        encoder::a_value_that_would_inject_is_refused_at_its_first_offence(&value);
        value
    }

    fn id(&mut self) -> EventId<'static> {
        EventId::new(self.value()).unwrap_or_default()
    }

    fn event(&mut self) -> Event<'static> {
        let flags = self.number();
        let mut event = Event::without_data();
        if flags & 2 != 0 {
            event = event.with_event_type(EventType::new(self.value()).unwrap_or_default());
        }
        if flags & 4 != 0 {
            event = event.with_id(self.id());
        }
        if flags & 8 != 0 {
            event = event.with_retry(self.time());
        }
        if flags & 1 != 0 {
            event = event.with_data(self.text());
        }
        event
    }

    fn field(&mut self) -> Option<Field<'static>> {
        Field::new(self.value(), self.value()).ok()
    }

    fn frame(&mut self) -> Frame<'static> {
        match self.number() % 4 {
            0 => Frame::Event(self.event()),
            1 => Frame::Comment(self.text().into()),
            2 => Frame::Retry(self.time()),
            _ => self
                .field()
                .map_or_else(|| Frame::Undispatched(self.event()), Frame::Field),
        }
    }

    fn call(&mut self) -> Call {
        match self.number() % 11 {
            0 => Call::Event(self.event()),
            1 => Call::Begin(self.event()),
            2 => Call::Data(self.text()),
            3 => Call::Comment(self.text()),
            4 => Call::KeepAlive,
            5 => Call::Retry(self.time()),
            6 => Call::End,
            7 => Call::Format(self.text()),
            8 => Call::Write(self.string().to_vec()),
            9 => self.field().map_or(Call::KeepAlive, Call::Field),
            _ => Call::Frame(self.frame()),
        }
    }

    fn operation(&mut self) -> Operation {
        match self.number() % 9 {
            0 => Operation::Feed {
                asks: self.number(),
                chunk: self.string().to_vec(),
            },
            1 => Operation::FeedLast {
                asks: self.number(),
                most: self.number(),
                chunk: self.string().to_vec(),
            },
            2 => Operation::FeedOften {
                asks: self.number(),
                chunk: self.string().to_vec(),
            },
            3 => Operation::Clone,
            4 => Operation::FeedClone(self.string().to_vec()),
            5 => Operation::Finish,
            6 => Operation::Reconnect,
            7 => Operation::Reset,
            _ if self.number() & 1 == 0 => Operation::New(self.id()),
            _ => Operation::Resume(self.id()),
        }
    }
}
