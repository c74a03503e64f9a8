//! Every conformance vector, in every way to cut it, and the promises of the whole set.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sse_wire::check::{Checker, Kind};
use sse_wire::{Decoder, Encoder, Event, EventId, EventType, Feed, InvalidText};
use sse_wire_testing::reference::{self, Frame};
use sse_wire_testing::strategies::{Chunking, chunking};
use sse_wire_testing::{
    Call, EncoderVector, Fields, Outcome, Problem, Refusal, Vector, encoder_vectors, vectors,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Up to this length every 2-split and every 3-split is tested; beyond it every chunk size up to
/// `MAX_CHUNK_SIZE`.
const MAX_LEN_FOR_EVERY_SPLIT: usize = 200;
const MAX_CHUNK_SIZE: usize = 70;

#[test]
fn the_set_of_vectors_is_what_its_schema_page_says() {
    let vectors = vectors();
    assert!(vectors.len() >= 350);
    assert_eq!(
        distinct(vectors, |vector| &vector.name),
        vectors.len(),
        "a name occurs twice"
    );
    assert_eq!(
        distinct(vectors, |vector| &vector.input),
        vectors.len(),
        "an input occurs twice"
    );

    let rules: BTreeSet<_> = vectors
        .iter()
        .flat_map(|vector| vector.rules.clone())
        .collect();
    assert!(
        (2..=21).all(|rule| rules.contains(&format!("R{rule}"))),
        "a rule has no vector"
    );
    let traps: BTreeSet<_> = vectors
        .iter()
        .flat_map(|vector| vector.traps.clone())
        .collect();
    assert!(
        traps.into_iter().eq(1..=20),
        "a trap has no vector, or there is none of that number"
    );

    for Vector {
        name,
        text,
        input,
        cuts,
        why,
        ..
    } in vectors
    {
        assert_eq!(*text, input.escape_ascii().to_string(), "{name}");
        assert!(
            cuts.is_sorted() && cuts.iter().all(|&cut| cut <= input.len()),
            "{name}"
        );
        assert!(why.ends_with('.'), "{name}");
    }
    assert_eq!(
        distinct(encoder_vectors(), |vector| &vector.name),
        encoder_vectors().len()
    );
    for EncoderVector { name, outcome, .. } in encoder_vectors() {
        let Outcome::Output { text, bytes, .. } = outcome else {
            continue;
        };
        assert_eq!(*text, bytes.escape_ascii().to_string(), "{name}");
    }
}

fn distinct<T, K: Ord>(items: &[T], key: impl Fn(&T) -> &K) -> usize {
    items.iter().map(key).collect::<BTreeSet<_>>().len()
}

#[test]
fn every_vector_says_what_the_reference_says() {
    for vector in vectors() {
        let decoded = reference::decode_from(&vector.initial_last_event_id, &vector.input);
        let events: Vec<_> = decoded
            .frames
            .iter()
            .filter_map(|(at, frame)| match frame {
                Frame::Event(event) => Some((parts(event), *at)),
                _ => None,
            })
            .collect();
        let expected: Vec<_> = vector
            .events
            .iter()
            .map(|event| {
                (
                    [&*event.event_type, &event.data, &event.last_event_id],
                    event.at,
                )
            })
            .collect();
        assert_eq!(events, expected, "{}", vector.name);
        assert!(decoded.comments().eq(&vector.comments), "{}", vector.name);
        assert!(
            decoded.retries().eq(vector.retries.iter().copied()),
            "{}",
            vector.name
        );
        assert_eq!(
            decoded.last_event_id, vector.last_event_id,
            "{}",
            vector.name
        );
        let cut_off = vector
            .cut_off
            .as_ref()
            .map(|event| [&*event.event_type, &event.data, &event.last_event_id]);
        assert_eq!(
            decoded.cut_off.as_ref().map(parts),
            cut_off,
            "{}",
            vector.name
        );
    }
}

fn parts(event: &reference::Event) -> [&str; 3] {
    [&event.event_type, &event.data, &event.last_event_id]
}

#[test]
fn whole_byte_by_byte_and_at_the_cuts_of_the_vector() {
    for vector in vectors() {
        let expected = Expected::of(vector);
        for ask in [Ask::Frames, Ask::Events] {
            Run::new(&expected, ask).all([&vector.input[..]]);
            Run::new(&expected, ask).all(vector.input.chunks(1));
            Run::new(&expected, ask).all(at_cuts(&vector.input, &vector.cuts));
        }
    }
}

fn at_cuts<'a>(input: &'a [u8], cuts: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([input.len()]);
    starts.zip(ends).map(|(start, end)| &input[start..end])
}

/// Each run continues from a clone that was made at the first cut, and the original continues after
/// all of its clones.
#[test]
fn every_2_split_and_every_3_split() {
    for vector in vectors()
        .iter()
        .filter(|vector| vector.input.len() <= MAX_LEN_FOR_EVERY_SPLIT)
    {
        let expected = Expected::of(vector);
        for first in 0..=vector.input.len() {
            let (start, rest) = vector.input.split_at(first);
            let mut cut_once = Run::new(&expected, Ask::Frames);
            cut_once.feed(start);
            for second in 0..=rest.len() {
                let mut cut_twice = cut_once.clone();
                cut_twice.feed(&rest[..second]);
                cut_twice.all([&rest[second..]]);
            }
            cut_once.all([rest]);
        }
    }
}

#[test]
fn every_chunk_size() {
    for vector in vectors()
        .iter()
        .filter(|vector| vector.input.len() > MAX_LEN_FOR_EVERY_SPLIT)
    {
        let expected = Expected::of(vector);
        for size in 1..=MAX_CHUNK_SIZE {
            for ask in [Ask::Frames, Ask::Events] {
                Run::new(&expected, ask).all(vector.input.chunks(size));
            }
        }
    }
}

#[test]
fn random_pieces_and_empty_chunks() {
    let mut runner = TestRunner::deterministic();
    let chunkings: Vec<Chunking> = (0..24)
        .map(|_| {
            chunking()
                .new_tree(&mut runner)
                .expect("a chunking")
                .current()
        })
        .collect();
    for vector in vectors() {
        let expected = Expected::of(vector);
        for chunking in &chunkings {
            for ask in [Ask::Frames, Ask::Events] {
                Run::new(&expected, ask).all(chunking.split(&vector.input));
            }
        }
    }
}

/// Later bytes must not change earlier frames, and must not be lost.
#[test]
fn with_more_of_the_stream_after_it() {
    for tail in [
        "\n",
        "\r\n",
        "\n\n",
        "\ndata: next\n\n",
        "data: next\r\r",
        "\u{feff}data: next\n\n",
    ] {
        for vector in vectors() {
            let mut longer = vector.clone();
            longer.input.extend_from_slice(tail.as_bytes());
            let expected = Expected::of(&longer);
            Run::new(&expected, Ask::Frames).all([&longer.input[..]]);
            Run::new(&expected, Ask::Frames).all([&vector.input[..], tail.as_bytes()]);
        }
    }
}

#[test]
fn finish_at_every_offset_returns_what_is_cut_off_and_commits_nothing() {
    for vector in vectors()
        .iter()
        .filter(|vector| vector.input.len() <= MAX_LEN_FOR_EVERY_SPLIT)
    {
        let expected = Expected::of(vector);
        for end in 0..=vector.input.len() {
            Run::new(&expected, Ask::Frames).all([&vector.input[..end]]);
            Run::new(&expected, Ask::Events).all(vector.input[..end].chunks(1));
        }
    }
}

/// Nothing that the end of a connection cut off reaches the next one: no partial line, no half of a
/// CRLF, no cut character. And the next one may begin with a BOM again.
#[test]
fn a_connection_may_end_at_every_offset() {
    let next_connections = [
        "\u{feff}id: 2\ndata: next\n\n",
        "\n\u{feff}data\ndata: next\r\r",
        "\u{80}\n\ndata\n\n",
    ];
    for vector in vectors()
        .iter()
        .filter(|vector| vector.input.len() <= MAX_LEN_FOR_EVERY_SPLIT)
    {
        let expected = Expected::of(vector);
        for (end, state) in &expected.states {
            let mut run = Run::new(&expected, Ask::Frames);
            run.feed(&vector.input[..*end]);
            for stream in next_connections {
                let mut finished = run.decoder.clone();
                let mut reconnected = run.decoder.clone();
                assert!(
                    !matches!(finished.finish(), Some(Err(_))),
                    "no limit is near"
                );
                reconnected.reconnect();
                for mut decoder in [finished, reconnected] {
                    assert_eq!(
                        decoder.last_event_id(),
                        state.last_event_id,
                        "{}",
                        vector.name
                    );
                    assert_eq!(decoder.retry(), state.retry, "{}", vector.name);
                    let mut feed = decoder.feed(stream.as_bytes());
                    for event in
                        reference::decode_from(&state.last_event_id, stream.as_bytes()).events()
                    {
                        let seen = feed
                            .next_event()
                            .expect("an event")
                            .expect("no limit is near");
                        assert_eq!(*event, seen, "{} cut off at {end}", vector.name);
                    }
                    assert_eq!(feed.next_event(), None, "{} cut off at {end}", vector.name);
                }
            }
        }
    }
}

#[test]
fn the_diagnostics_that_are_due_and_no_others() {
    for vector in vectors() {
        let Some(due) = &vector.diagnostics else {
            continue;
        };
        let input = &vector.input[..];
        for style in [true, false] {
            let due: Vec<_> = due
                .iter()
                .map(|name| kind(name))
                .filter(|kind| style || !kind.is_style())
                .collect();
            let assert_found = |chunks: &[&[u8]]| {
                let found = diagnosed(Checker::new().with_style(style), chunks);
                assert_eq!(found, due, "{}, style: {style}, {chunks:?}", vector.name);
            };
            assert_found(&Vec::from_iter(input.chunks(1)));
            assert_found(&Vec::from_iter(at_cuts(input, &vector.cuts)));
            for cut in 0..=input.len() {
                let (start, rest) = input.split_at(cut);
                assert_found(&[start, b"", rest]);
            }
        }
    }
}

fn kind(name: &str) -> Kind {
    let mut kinds = Kind::ALL.iter().copied();
    kinds
        .find(|kind| kind.name() == name)
        .unwrap_or_else(|| panic!("no kind of diagnostic is called {name}"))
}

fn diagnosed(mut checker: Checker, chunks: &[&[u8]]) -> Vec<Kind> {
    let mut found = Vec::new();
    for chunk in chunks {
        found.extend(checker.feed(chunk).map(|diagnostic| diagnostic.kind()));
    }
    found.extend(checker.finish().map(|diagnostic| diagnostic.kind()));
    found
}

#[test]
fn every_kind_of_diagnostic_has_a_vector_but_those_about_limits() {
    let shown: BTreeSet<_> = vectors()
        .iter()
        .flat_map(|vector| vector.diagnostics.iter().flatten())
        .map(|name| kind(name))
        .collect();
    let missing = Kind::ALL.iter().filter(|kind| !shown.contains(kind));
    assert!(missing.eq(&[Kind::EventTooLarge, Kind::LineTooLong]));
}

#[test]
fn every_encoder_vector() {
    for EncoderVector {
        name,
        calls,
        outcome,
        ..
    } in encoder_vectors()
    {
        match outcome {
            Outcome::Output { bytes, .. } => {
                assert_eq!(
                    encode(calls).escape_ascii().to_string(),
                    bytes.escape_ascii().to_string(),
                    "{name}"
                );
                assert_eq!(data_of(calls), data_in(bytes), "{name}");
            }
            Outcome::Refused(refusal) => {
                let [Call::Event(fields)] = &calls[..] else {
                    panic!("{name}")
                };
                let expected = Some((refusal.position, refusal.because));
                assert_eq!(refused(fields, refusal), expected, "{name}");
                assert!(build(fields).is_err(), "{name}");
            }
            _ => panic!("{name}"),
        }
    }
}

fn encode(calls: &[Call]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    let mut buf = Vec::new();
    for call in calls {
        match call {
            Call::Event(fields) => {
                let (event, start) = (build(fields).expect("valid"), buf.len());
                encoder.event(&event, &mut buf);
                assert!(buf[start..].ends_with(&event.to_bytes()));
                assert_eq!(event.encoded_len(), event.to_bytes().len());
            }
            Call::Comment(text) => encoder.comment(text, &mut buf),
            Call::KeepAlive => encoder.keep_alive(&mut buf),
            Call::Retry(time) => encoder.retry(*time, &mut buf),
            Call::Begin(fields) => encoder.begin(&build(fields).expect("valid"), &mut buf),
            Call::Data(piece) => encoder.data(piece, &mut buf),
            Call::End => encoder.end(&mut buf),
            _ => panic!("an unknown call"),
        }
    }
    buf
}

fn build(fields: &Fields) -> Result<Event<'_>, InvalidText> {
    let mut event = fields
        .data
        .as_deref()
        .map_or_else(Event::without_data, Event::new);
    if let Some(event_type) = &fields.event_type {
        event = event.with_event_type(EventType::new(event_type)?);
    }
    if let Some(id) = &fields.id {
        event = event.with_id(EventId::new(id)?);
    }
    Ok(fields.retry.into_iter().fold(event, Event::with_retry))
}

/// The position at which the event type or id is refused, and why.
fn refused(fields: &Fields, refusal: &Refusal) -> Option<(usize, Problem)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let error = match &*refusal.field {
        "id" => EventId::new(text(&fields.id)).err()?,
        _ => EventType::new(text(&fields.event_type)).err()?,
    };
    match error {
        InvalidText::LineEnd { position, .. } => Some((position, Problem::LineEnd)),
        InvalidText::Nul { position, .. } => Some((position, Problem::Nul)),
        _ => None,
    }
}

/// The data of the events that the calls ask for, with LF for every line end.
fn data_of(calls: &[Call]) -> Vec<String> {
    let mut events = Vec::new();
    let mut open = None;
    for call in calls {
        match call {
            Call::Event(fields) | Call::Begin(fields) => {
                events.extend(open.take());
                match call {
                    Call::Begin(_) => open.clone_from(&fields.data),
                    _ => events.extend(fields.data.clone()),
                }
            }
            Call::Data(piece) => open.get_or_insert_default().push_str(piece),
            Call::End => events.extend(open.take()),
            _ => {}
        }
    }
    events
        .iter()
        .map(|data| data.replace("\r\n", "\n").replace('\r', "\n"))
        .collect()
}

fn data_in(bytes: &[u8]) -> Vec<String> {
    reference::decode(bytes)
        .events()
        .map(|event| event.data.clone())
        .collect()
}

/// The expected result of a vector's input, and of each of its prefixes.
struct Expected<'v> {
    vector: &'v Vector,
    frames: Vec<(usize, Frame)>,
    /// The state after this many bytes.
    states: BTreeMap<usize, State>,
}

struct State {
    last_event_id: String,
    retry: Option<Duration>,
    cut_off: Option<reference::Event>,
    /// By asking for all frames, and by asking only for events: then no comment is kept.
    buffered: [usize; 2],
}

impl<'v> Expected<'v> {
    fn of(vector: &'v Vector) -> Self {
        let Vector {
            input,
            initial_last_event_id,
            ..
        } = vector;
        let every_prefix = if input.len() <= MAX_LEN_FOR_EVERY_SPLIT {
            0
        } else {
            input.len()
        };
        let states = (every_prefix..=input.len())
            .map(|end| (end, State::after(initial_last_event_id, &input[..end])))
            .collect();
        let frames = reference::decode_from(initial_last_event_id, input).frames;
        Self {
            vector,
            frames,
            states,
        }
    }
}

impl State {
    fn after(last_event_id: &str, input: &[u8]) -> Self {
        let decoded = reference::decode_from(last_event_id, input);
        let buffered = [Ask::Frames, Ask::Events].map(|ask| {
            let mut decoder = Decoder::new();
            let mut feed = decoder.feed(input);
            while ask.next(&mut feed).is_some() {}
            decoder.buffered()
        });
        Self {
            retry: decoded.retries().last(),
            last_event_id: decoded.last_event_id,
            cut_off: decoded.cut_off,
            buffered,
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Ask {
    Frames,
    Events,
}

impl Ask {
    fn next<'f>(self, feed: &'f mut Feed<'_, '_>) -> Option<sse_wire::Frame<'f>> {
        match self {
            Self::Frames => feed.next_frame(),
            Self::Events => feed
                .next_event()
                .map(|event| event.map(sse_wire::Frame::Event)),
        }
        .map(|frame| frame.expect("no limit is near"))
    }
}

/// Watches a decoder on its way through an input.
#[derive(Clone)]
struct Run<'v> {
    expected: &'v Expected<'v>,
    ask: Ask,
    decoder: Decoder,
    /// How many bytes were fed.
    fed: usize,
    /// How many of the expected frames were returned.
    seen: usize,
}

impl<'v> Run<'v> {
    fn new(expected: &'v Expected<'v>, ask: Ask) -> Self {
        let seed = EventId::new(&expected.vector.initial_last_event_id).expect("valid");
        let decoder = Decoder::new().with_last_event_id(seed);
        Self {
            expected,
            ask,
            decoder,
            fed: 0,
            seen: 0,
        }
    }

    /// Feeds a chunk, and checks that the right frames come out, that none is late, and the state.
    fn feed(&mut self, chunk: &[u8]) {
        let Expected {
            vector: Vector { name, .. },
            frames,
            states,
        } = self.expected;
        let mut feed = self.decoder.feed(chunk);
        let mut due = frames[self.seen..]
            .iter()
            .filter(|(_, frame)| self.ask == Ask::Frames || matches!(frame, Frame::Event(_)));
        self.fed += chunk.len();
        while let Some(frame) = self.ask.next(&mut feed) {
            let (_, expected) = due
                .next()
                .unwrap_or_else(|| panic!("{name}: {frame:?} too much"));
            assert_eq!(*expected, frame, "{name}");
        }
        assert!(feed.remaining().is_empty(), "{name}");
        let missing = due.next().filter(|(at, _)| *at <= self.fed);
        assert_eq!(missing, None, "{name} is late after {} bytes", self.fed);
        self.seen = frames.partition_point(|(at, _)| *at <= self.fed);

        if let Some(state) = states.get(&self.fed) {
            assert_eq!(self.decoder.last_event_id(), state.last_event_id, "{name}");
            assert_eq!(self.decoder.retry(), state.retry, "{name}");
            assert_eq!(
                self.decoder.buffered(),
                state.buffered[self.ask as usize],
                "{name}"
            );
        }
    }

    /// Feeds the rest in these chunks, and ends the stream.
    fn all<'c>(mut self, chunks: impl IntoIterator<Item = &'c [u8]>) {
        for chunk in chunks {
            self.feed(chunk);
        }
        let Expected {
            vector: Vector { name, .. },
            states,
            ..
        } = self.expected;
        let state = &states[&self.fed];
        let cut_off = self
            .decoder
            .finish()
            .map(|event| event.expect("no limit is near").into());
        assert_eq!(cut_off, state.cut_off, "{name}");
        assert_eq!(self.decoder.last_event_id(), state.last_event_id, "{name}");
        assert_eq!(self.decoder.retry(), state.retry, "{name}");
        assert_eq!(self.decoder.buffered(), 0, "{name}");
    }
}
