//! The decoder returns what the reference decoder returns, in any chunks and for any calls.

use super::{
    Outcome, State, bom_len, events, finish, frames, is_event, is_line_end, next_event, next_frame,
    outcome,
};
use sse_wire::{DecodeError, Decoder, EventId, OwnedFeed};
use sse_wire_testing::reference::{self, Frame};
use sse_wire_testing::strategies::Chunking;
use std::cell::Cell;

/// How many bytes of a line a decoder keeps before it knows the field: less than `event: `.
const LINE_START: usize = 6;

pub fn holds_no_more_than_its_limit(decoder: &Decoder) {
    let most = decoder.max_event_size().saturating_add(LINE_START);
    assert!(decoder.buffered() <= most, "{decoder:?}");
}

/// The decoder returns what the reference decoder returns, and never late.
pub fn the_decoder_says_what_the_reference_says(stream: &[u8], chunking: &Chunking) {
    let decoded = reference::decode(stream);
    let mut decoder = Decoder::new();
    let (mut fed, mut seen) = (0, 0);
    for chunk in chunking.split(stream) {
        let mut feed = decoder.feed(chunk);
        while let Some(frame) = feed.next_frame() {
            let (_, due) = decoded.frames.get(seen).expect("a frame of the stream");
            assert_eq!(*due, frame.expect("no limit is near"));
            seen += 1;
        }
        fed += chunk.len();
        let due = decoded.frames.partition_point(|(at, _)| *at <= fed);
        assert_eq!(seen, due, "frames after {fed} bytes");
    }
    assert_eq!(decoder.last_event_id(), decoded.last_event_id);
    assert_eq!(decoder.retry(), decoded.retries().last());
    let cut_off = decoded.cut_off.clone();
    assert_eq!(finish(&mut decoder), cut_off.map(Frame::Event).map(Ok));
    assert_eq!(decoder.last_event_id(), decoded.last_event_id);
    assert_eq!(decoder.retry(), decoded.retries().last());
    assert_eq!(decoder.buffered(), 0);
}

/// Chunk boundaries make no difference: however the bytes are split, frames, events, errors and
/// state are the same.
pub fn chunk_boundaries_make_no_difference(stream: &[u8], limit: usize, chunking: &Chunking) {
    let mut whole = Decoder::new().with_max_event_size(limit);
    let mut in_chunks = whole.clone();
    let mut events_in_chunks = whole.clone();

    let expected = frames(&mut whole.feed(stream));
    let (mut seen, mut seen_events) = (Vec::new(), Vec::new());
    for chunk in chunking.split(stream) {
        seen.extend(frames(&mut in_chunks.feed(chunk)));
        seen_events.extend(events(&mut events_in_chunks.feed(chunk)));
        holds_no_more_than_its_limit(&in_chunks);
    }
    assert_eq!(seen, expected);
    assert_eq!(in_chunks.buffered(), whole.buffered());
    assert_eq!(State::of(&in_chunks), State::of(&whole));
    assert_eq!(State::of(&events_in_chunks), State::of(&whole));
    assert!(
        seen_events
            .iter()
            .eq(expected.iter().filter(|it| is_event(it)))
    );

    let finished = finish(&mut whole);
    assert_eq!(finish(&mut in_chunks), finished);
    assert_eq!(finish(&mut events_in_chunks), finished);
    assert_eq!(State::of(&in_chunks), State::of(&whole));
    assert_eq!(in_chunks.buffered(), 0);
}

/// `in_line` is true inside a line, and `in_block` if the end of the stream would cut something
/// off.
pub fn a_decoder_knows_what_the_end_would_cut_off(stream: &[u8]) {
    let mut decoder = Decoder::new();
    frames(&mut decoder.feed(stream));
    let last = stream[bom_len(stream)..].last();
    let in_line = last.is_some_and(|last| !is_line_end(last));
    assert_eq!(decoder.in_line(), in_line);
    // The first LF may belong to a CR before it.
    let by_blank_line = frames(&mut decoder.clone().feed(b"\n\n"));
    assert_eq!(decoder.in_block(), in_line || !by_blank_line.is_empty());
    assert!(decoder.in_block() || decoder.finish().is_none());
}

/// The end of the stream is a line end and a blank line, but commits nothing.
pub fn the_end_is_a_blank_line_that_commits_nothing(stream: &[u8], limit: usize) {
    let mut decoder = Decoder::new().with_max_event_size(limit);
    events(&mut decoder.feed(stream));
    let mut with_blank_line = decoder.clone();
    let due = events(&mut with_blank_line.feed(b"\n\n"))
        .into_iter()
        .next();

    let before = State::of(&decoder);
    let finished = finish(&mut decoder);
    assert_eq!(decoder.last_event_id(), before.last_event_id);
    assert_eq!(decoder.retry(), before.retry);
    assert!(!decoder.in_block() && decoder.buffered() == 0);
    // With one exception: a reconnection time whose line is cut off has no effect.
    assert_eq!(without_retry(finished), without_retry(due));
}

fn without_retry(mut outcome: Option<Outcome>) -> Option<Outcome> {
    if let Some(Ok(Frame::Event(event))) = &mut outcome {
        event.retry = None;
    }
    outcome
}

/// What a caller may do to a decoder.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Feeds a chunk, and asks for events if a bit of `asks` is set, else for frames.
    Feed {
        chunk: Vec<u8>,
        asks: u8,
    },
    /// The same, but drops the feed after each outcome, and feeds what remains.
    FeedOften {
        chunk: Vec<u8>,
        asks: u8,
    },
    /// The same, but takes only this many outcomes before the connection ends.
    FeedLast {
        chunk: Vec<u8>,
        asks: u8,
        most: u8,
    },
    /// Continues with a clone.
    Clone,
    /// Feeds a clone, which does not affect the original.
    FeedClone(Vec<u8>),
    Finish,
    Reconnect,
    Reset,
    /// Continues with a new decoder that has this last event ID.
    New(EventId<'static>),
    /// Sets the last event ID between two connections.
    Resume(EventId<'static>),
}

/// After any operations, a decoder continues like one that is fed byte by byte; and, if no limit is
/// near, like the reference decoder.
pub fn any_operations_are_the_same_byte_by_byte(limit: usize, operations: &[Operation]) {
    let mut decoder = Decoder::new().with_max_event_size(limit);
    let mut twin = Twin::of(&decoder);
    for operation in operations {
        match operation {
            Operation::Feed { chunk, asks } => {
                twin.feed(chunk, &feed_part(&mut decoder, chunk, *asks, usize::MAX).0);
            }
            Operation::FeedOften { chunk, asks } => {
                let (mut rest, mut asks, mut outcomes) = (&chunk[..], *asks, Vec::new());
                loop {
                    // A feed that is not asked for anything consumes at most an LF.
                    rest = decoder.feed(rest).remaining();
                    let (outcome, remaining) = feed_part(&mut decoder, rest, asks, 1);
                    if outcome.is_empty() {
                        break;
                    }
                    outcomes.extend(outcome);
                    (rest, asks) = (remaining, asks.rotate_left(1));
                }
                twin.feed(chunk, &outcomes);
            }
            Operation::FeedLast { chunk, asks, most } => {
                let (outcomes, rest) = feed_part(&mut decoder, chunk, *asks, (*most).into());
                twin.feed(&chunk[..chunk.len() - rest.len()], &outcomes);
                if asks % 2 == 0 {
                    twin.finish(finish(&mut decoder));
                } else {
                    reconnect(&mut decoder, &mut twin);
                }
            }
            Operation::Clone => decoder = decoder.clone(),
            Operation::FeedClone(chunk) => drop(events(&mut decoder.clone().feed(chunk))),
            Operation::Finish => twin.finish(finish(&mut decoder)),
            Operation::Reconnect => reconnect(&mut decoder, &mut twin),
            Operation::Reset => {
                decoder.reset();
                assert_eq!(decoder.last_event_id(), "");
                assert_eq!(decoder.retry(), None);
                twin = Twin::of(&decoder);
            }
            Operation::New(id) => {
                decoder = Decoder::new()
                    .with_max_event_size(limit)
                    .with_last_event_id(id.clone());
                assert_eq!(decoder.last_event_id(), id.as_str());
                twin = Twin::of(&decoder);
            }
            Operation::Resume(id) => {
                decoder.reconnect();
                decoder.set_last_event_id(id.clone());
                assert_eq!(decoder.last_event_id(), id.as_str());
                twin = Twin::of(&decoder);
            }
        }
        if twin.connection.is_empty() {
            assert_eq!(decoder.buffered(), 0);
        }
        assert_eq!(decoder.max_event_size(), limit);
        assert_eq!(State::of(&decoder), State::of(&twin.decoder));
        holds_no_more_than_its_limit(&decoder);
    }
}

fn reconnect(decoder: &mut Decoder, twin: &mut Twin) {
    decoder.reconnect();
    twin.decoder.reconnect();
    twin.connection.clear();
}

/// Feeds a chunk until this many outcomes came. Returns them and the remaining bytes.
fn feed_part<'c>(
    decoder: &mut Decoder,
    chunk: &'c [u8],
    mut asks: u8,
    most: usize,
) -> (Vec<Outcome>, &'c [u8]) {
    let mut feed = decoder.feed(chunk);
    let mut outcomes = Vec::new();
    while outcomes.len() < most {
        asks = asks.rotate_left(1);
        let outcome = if asks & 1 == 1 {
            next_event(&mut feed)
        } else {
            next_frame(&mut feed)
        };
        let Some(outcome) = outcome else {
            assert!(feed.remaining().is_empty());
            break;
        };
        outcomes.push(outcome);
    }
    (outcomes, feed.remaining())
}

/// A decoder that is fed byte by byte, and remembers its whole connection.
#[derive(Default)]
struct Twin {
    decoder: Decoder,
    /// The last event ID and the bytes since the connection began.
    resumed_after: String,
    connection: Vec<u8>,
}

impl Twin {
    fn of(decoder: &Decoder) -> Self {
        Self {
            decoder: decoder.clone(),
            ..Self::default()
        }
    }

    /// The other decoder consumed this chunk and returned this. It need not have asked for
    /// everything.
    fn feed(&mut self, chunk: &[u8], outcomes: &[Outcome]) {
        if self.connection.is_empty() {
            self.resumed_after = self.decoder.last_event_id().to_owned();
        }
        let bytes = chunk.chunks(1);
        let expected = Vec::from_iter(bytes.flat_map(|byte| frames(&mut self.decoder.feed(byte))));
        let is_event = |outcome: &&Outcome| is_event(outcome);
        let events = outcomes.iter().filter(is_event);
        assert!(events.eq(expected.iter().filter(is_event)));
        let mut due = expected.iter();
        assert!(outcomes.iter().all(|seen| due.any(|due| due == seen)));

        let fed = self.connection.len();
        self.connection.extend(chunk);
        if let Some(decoded) = self.reference() {
            let new = decoded.frames.into_iter().filter(|(at, _)| *at > fed);
            assert!(new.map(|(_, frame)| Ok(frame)).eq(expected));
            assert_eq!(self.decoder.last_event_id(), decoded.last_event_id);
        }
    }

    fn finish(&mut self, finished: Option<Outcome>) {
        if let Some(decoded) = self.reference() {
            assert_eq!(finished, decoded.cut_off.map(Frame::Event).map(Ok));
        }
        assert_eq!(finish(&mut self.decoder), finished);
        self.connection.clear();
    }

    /// What the reference decoder returns for the connection, unless a limit may be near.
    fn reference(&self) -> Option<reference::Decoded> {
        let limit_is_far = self.connection.len() <= self.decoder.max_event_size();
        let has_begun = !self.connection.is_empty();
        (limit_is_far && has_begun)
            .then(|| reference::decode_from(&self.resumed_after, &self.connection))
    }
}

/// A feed that owns its chunk never differs from one that borrows it. A set bit of `asks` asks for
/// events, a clear one for frames.
pub fn an_owned_feed_is_a_feed(stream: &[u8], limit: usize, chunking: &Chunking, mut asks: u8) {
    let mut decoder = Decoder::new().with_max_event_size(limit);
    let mut owned = OwnedFeed::with_decoder(decoder.clone());
    for chunk in chunking.split(stream) {
        let mut feed = decoder.feed(chunk);
        assert_eq!(owned.push(chunk), None);
        loop {
            assert_eq!(owned.remaining(), feed.remaining());
            asks = asks.rotate_left(1);
            let (due, advanced) = if asks & 1 == 1 {
                (next_event(&mut feed), owned.advance())
            } else {
                (next_frame(&mut feed), owned.advance_frame())
            };
            it_found(&owned, advanced, due.as_ref());
            let Some(due) = due else { break };
            if due.is_ok() || !feed.remaining().is_empty() {
                assert_eq!(owned.take(), None);
            }
        }
        assert_eq!(owned.take(), Some(chunk));
        assert_eq!(owned.take(), None);
    }
    assert_eq!(State::of(owned.decoder()), State::of(&decoder));
    assert_eq!(owned.decoder().buffered(), decoder.buffered());
    let finished = owned.finish();
    it_found(&owned, finished, finish(&mut decoder).as_ref());
    assert_eq!(owned.advance(), None);
    assert_eq!(State::of(&owned.into_decoder()), State::of(&decoder));
}

/// An owned feed can return what it has found a second time.
fn it_found(
    owned: &OwnedFeed<&[u8]>,
    advanced: Option<Result<(), DecodeError>>,
    due: Option<&Outcome>,
) {
    let frame = |()| owned.frame().expect("what it has found");
    assert_eq!(advanced.map(|it| outcome(it.map(frame))).as_ref(), due);
    let due_frame = due.and_then(|due| due.as_ref().ok());
    assert_eq!(owned.frame().map(Frame::from).as_ref(), due_frame);
    let due_event = due_frame.filter(|frame| matches!(frame, Frame::Event(_)));
    let event = owned.event().map(sse_wire::Frame::Event);
    assert_eq!(event.map(Frame::from).as_ref(), due_event);
}

/// A chunk that changes its content and length between two reads never causes a panic.
pub fn a_chunk_that_changes_never_panics(stream: &[u8], chunking: &Chunking, mut asks: u8) {
    struct Changing<'s> {
        looks: &'s [&'s [u8]],
        next: Cell<usize>,
    }

    impl AsRef<[u8]> for Changing<'_> {
        fn as_ref(&self) -> &[u8] {
            let look = self.next.replace(self.next.get() + 1);
            self.looks[look % self.looks.len()]
        }
    }

    let looks = Vec::from_iter(chunking.split(stream));
    let mut owned = OwnedFeed::new();
    for first in 0..looks.len() {
        let next = first.into();
        owned.push(Changing {
            looks: &looks,
            next,
        });
        for _ in 0..8 {
            asks = asks.rotate_left(1);
            let found = if asks & 1 == 1 {
                owned.advance()
            } else {
                owned.advance_frame()
            };
            let _ = (owned.event(), owned.frame(), owned.remaining().len());
            if found.is_none() {
                break;
            }
        }
        if asks & 2 == 2 {
            owned.take();
        }
    }
    let _ = owned.finish();
    let _ = (owned.event(), owned.frame());
}
