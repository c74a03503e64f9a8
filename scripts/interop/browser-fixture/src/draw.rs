//! The streams: drawn from the kit's strategies, and sorted by the known faults of browsers.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::iter;
use std::ops::RangeInclusive;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde::Serialize;
use sse_wire::{Decoder, Event, Frame};
use sse_wire_testing::strategies::{self, Chunking};

use crate::firefox;

/// Parts of a stream, each an event or noise.
const PARTS: usize = 60;

/// How many streams there are of a kind.
const STREAMS: [(Kind, usize); 3] = [(Kind::Plain, 40), (Kind::Nul, 20), (Kind::IdAlone, 20)];

/// Firefox waits for 500 ms at least, whatever the stream says.
const RECONNECTION_TIMES: RangeInclusive<u128> = 500..=1000;
const FIRST: &[u8] = b"retry: 500\n\n";
/// Follows a part that sets a reconnection time outside this range.
const SOON: &[u8] = b"\n\nretry: 600\n";

/// Ids that may not come back, each for its own reason: a name, a text and how often it is repeated.
const IDS: [(&str, &str, usize); 13] = [
    ("digits", "42", 1),
    ("é", "é", 1),
    ("한국어", "한국어", 1),
    ("emoji", "😀", 1),
    ("space inside", "a b", 1),
    ("tab inside", "a\tb", 1),
    ("U+0085", "a\u{85}b", 1),
    ("8,000 bytes", "12345678", 1_000),
    ("300,000 bytes", "12345678", 37_500),
    ("U+0001", "a\u{1}b", 1),
    ("U+001B", "a\u{1b}b", 1),
    ("U+007F", "a\u{7f}b", 1),
    ("2,000,000 bytes", "12345678", 250_000),
];

/// What a stream is for.
#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Neither of the next two.
    Plain,
    /// NUL in it.
    Nul,
    /// An id in a block without data, which takes effect all the same.
    IdAlone,
    /// One event, with an id that may not come back.
    Id,
}

/// How the response ends.
#[derive(Clone, Copy, PartialEq)]
pub enum Ending {
    Proper,
    /// The connection breaks.
    Break,
}

pub struct Stream {
    pub kind: Kind,
    /// Of the id, in a stream of the kind `Id`; else empty.
    pub name: &'static str,
    pub ending: Ending,
    bytes: Vec<u8>,
    chunking: Chunking,
}

impl Stream {
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.chunking.split(&self.bytes)
    }

    /// The events, and the decoder as the end of the stream leaves it.
    pub fn decode(&self) -> (Vec<Event<'static>>, Decoder) {
        let mut decoder = Decoder::new();
        let mut events = Vec::new();
        for piece in self.pieces() {
            let mut feed = decoder.feed(piece);
            while let Some(event) = feed.next_event() {
                events.push(event.expect("shorter than any limit").into_owned());
            }
        }
        decoder.reconnect();
        (events, decoder)
    }

    /// The bytes that a decoder would have to read, to see what Firefox sees.
    pub fn as_firefox_reads_it(&self) -> Self {
        Self {
            bytes: firefox::as_if_read(&self.bytes),
            chunking: self.chunking.clone(),
            ..*self
        }
    }

    /// What to listen for, with the faults of Firefox and without.
    pub fn event_types(&self) -> BTreeSet<String> {
        let events = [self.decode().0, self.as_firefox_reads_it().decode().0].concat();
        events
            .iter()
            .map(|event| event.event_type().to_owned())
            .collect()
    }
}

/// The same for the same seed: half of them whole, half cut at any byte, in pieces of any size.
pub fn streams(seed: u64) -> Vec<Stream> {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &key);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);

    let mut streams = Vec::new();
    for (kind, count) in STREAMS {
        for number in 0..count {
            let cut = number % 2 == 1;
            let ending = if number % 4 == 3 {
                Ending::Break
            } else {
                Ending::Proper
            };
            let mut draws = iter::repeat_with(|| draw_stream(kind, cut, &mut runner));
            let bytes = draws.find(|bytes| suits(kind, bytes));
            let bytes = bytes.expect("endless draws");
            let chunking = draw(&strategies::chunking(), &mut runner);
            streams.push(Stream {
                kind,
                name: "",
                ending,
                bytes,
                chunking,
            });
        }
    }
    streams.extend(IDS.map(|(name, id, times)| Stream {
        kind: Kind::Id,
        name,
        ending: Ending::Proper,
        bytes: format!("retry: 500\nid: {}\ndata: {name}\n\n", id.repeat(times)).into(),
        chunking: Chunking::new([0]),
    }));
    streams
}

fn draw_stream(kind: Kind, cut: bool, runner: &mut TestRunner) -> Vec<u8> {
    let part = prop_oneof![
        12 => strategies::event().prop_map(encode),
        4 => strategies::stream().prop_map(Vec::from),
        1 => strategies::long_stream().prop_map(Vec::from),
    ];
    let mut bytes = draw(&select(&["", "\u{feff}"]), runner).as_bytes().to_vec();
    bytes.extend(FIRST);
    let mut witness = Witness::default();
    witness.read(&bytes);
    let mut parts = 0;
    while parts < PARTS {
        let mut part = draw(&part, runner);
        let mut next = witness.clone();
        next.read(&part);
        if !next.comes_back_soon() {
            next.read(SOON);
            part.extend(SOON);
        }
        if [Some(kind), Some(Kind::Plain)].contains(&next.kind()) {
            bytes.extend(part);
            witness = next;
            parts += 1;
        }
    }
    if cut {
        bytes.truncate(draw(&(0..bytes.len()), runner));
    }
    bytes
}

/// Whether a browser will ask for more of this stream, soon and with the right id.
fn suits(kind: Kind, bytes: &[u8]) -> bool {
    let mut witness = Witness::default();
    witness.read(bytes);
    witness.kind() == Some(kind) && witness.comes_back_soon() && witness.can_come_back()
}

fn draw<T: Debug>(strategy: &impl Strategy<Value = T>, runner: &mut TestRunner) -> T {
    strategy
        .new_tree(runner)
        .expect("few values are refused")
        .current()
}

/// With a reconnection time that is short enough for a test.
fn encode(mut event: Event<'_>) -> Vec<u8> {
    if let Some(retry) = event.retry() {
        let short = 500 + u64::from(retry.subsec_millis()) / 2;
        event = event.with_retry(Duration::from_millis(short));
    }
    event.to_bytes().into()
}

/// What a stream has had so far.
#[derive(Clone, Default)]
struct Witness {
    decoder: Decoder,
    has_nul: bool,
    has_id_alone: bool,
}

impl Witness {
    fn read(&mut self, bytes: &[u8]) {
        self.has_nul |= bytes.contains(&0);
        let mut feed = self.decoder.feed(bytes);
        while let Some(frame) = feed.next_frame() {
            let frame = frame.expect("shorter than any limit");
            self.has_id_alone |=
                matches!(frame, Frame::Undispatched(event) if event.id().is_some());
        }
    }

    /// None if it is both.
    const fn kind(&self) -> Option<Kind> {
        match (self.has_nul, self.has_id_alone) {
            (false, false) => Some(Kind::Plain),
            (true, false) => Some(Kind::Nul),
            (false, true) => Some(Kind::IdAlone),
            (true, true) => None,
        }
    }

    fn comes_back_soon(&self) -> bool {
        let retry = self.decoder.retry().map(|retry| retry.as_millis());
        retry.is_some_and(|retry| RECONNECTION_TIMES.contains(&retry))
    }

    /// Whether HTTP can carry the last event ID.
    fn can_come_back(&self) -> bool {
        let is_control = |c: char| c.is_ascii_control() && c != '\t';
        !self.decoder.last_event_id().contains(is_control)
    }
}
