//! Laws of the codec, held against arbitrary input. `PROPTEST_CASES` sets how many cases each
//! property gets.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::FileFailurePersistence;
use sse_wire::{DecodeError, Decoder, EncodeError, Encoder, Event, Feed};
use sse_wire_testing::reference::{self, Decoded, Frame};
use sse_wire_testing::strategies::{
    chunking, event, hostile_text, long_stream, single_line_text, stream,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// By what a case takes, so that no property takes more than some seconds.
const FAST: u32 = 10_000;
const SLOW: u32 = 2_000;
const SLOWEST: u32 = 64;

fn config(cases: u32) -> ProptestConfig {
    let default = ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => default,
        None => ProptestConfig { cases, ..default },
    }
}

type Outcome = Result<Frame, DecodeError>;

/// All that a feed has left, with the frames that only `next_frame` shows.
fn frames(feed: &mut Feed<'_, '_>) -> Vec<Outcome> {
    std::iter::from_fn(|| {
        feed.next_frame()
            .map(|frame| frame.map(Frame::from))
            .transpose()
    })
    .collect()
}

/// All events that a feed has left.
fn events(feed: &mut Feed<'_, '_>) -> Vec<Outcome> {
    std::iter::from_fn(|| {
        feed.next_event()
            .map(|event| event.map(|event| Frame::Event(event.into())))
            .transpose()
    })
    .collect()
}

fn is_event(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Ok(Frame::Event(_)) | Err(DecodeError::EventTooLarge { .. })
    )
}

fn expected(decoded: &Decoded) -> Vec<Outcome> {
    decoded
        .frames
        .iter()
        .map(|(_, frame)| Ok(frame.clone()))
        .collect()
}

fn finish(decoder: &mut Decoder) -> Result<Option<reference::Event>, DecodeError> {
    decoder
        .finish()
        .map(|event| event.map(reference::Event::from))
}

/// Everything about a decoder that can be seen without feeding it.
fn state(decoder: &Decoder) -> (String, Option<Duration>, usize) {
    (
        decoder.last_event_id().to_owned(),
        decoder.retry(),
        decoder.buffered(),
    )
}

fn arbitrary_bytes() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..80).prop_map(Bytes::from)
}

// The decoder against the reference.

proptest! {
    #![proptest_config(config(FAST))]

    #[test]
    fn hostile_streams_decode_as_the_reference_says(stream in stream(), chunking in chunking()) {
        decodes_as_the_reference_says(&stream, chunking.split(&stream))?;
    }

    #[test]
    fn arbitrary_bytes_decode_as_the_reference_says(bytes in arbitrary_bytes(), chunking in chunking()) {
        decodes_as_the_reference_says(&bytes, chunking.split(&bytes))?;
    }
}

proptest! {
    #![proptest_config(config(SLOWEST))]

    #[test]
    fn long_streams_decode_as_the_reference_says(stream in long_stream(), chunking in chunking()) {
        decodes_as_the_reference_says(&stream, chunking.split(&stream))?;
        decodes_as_the_reference_says(&stream, [&stream[..]].into_iter())?;
    }
}

fn decodes_as_the_reference_says<'a>(
    stream: &[u8],
    chunks: impl Iterator<Item = &'a [u8]>,
) -> Result<(), TestCaseError> {
    let decoded = reference::decode(stream);
    let mut decoder = Decoder::new();
    let (mut fed, mut seen) = (0, Vec::new());
    for chunk in chunks {
        seen.extend(frames(&mut decoder.feed(chunk)));
        fed += chunk.len();
        let due = decoded.frames.iter().filter(|(at, _)| *at <= fed).count();
        prop_assert_eq!(seen.len(), due, "late or early after {} bytes", fed);
    }
    prop_assert_eq!(seen, expected(&decoded));
    prop_assert_eq!(decoder.last_event_id(), &decoded.last_event_id);
    prop_assert_eq!(decoder.retry(), decoded.retries().last());
    prop_assert_eq!(finish(&mut decoder), Ok(decoded.cut_off));
    prop_assert_eq!(state(&decoder), (decoded.last_event_id, decoder.retry(), 0));
    Ok(())
}

// What the caller may do between chunks and within them.

proptest! {
    #![proptest_config(config(SLOW))]

    /// A feed may be dropped after any frame, if the rest of its chunk is fed again; and each call
    /// may ask anew.
    #[test]
    fn mixed_calls_and_dropped_feeds_lose_nothing(
        stream in stream(),
        chunking in chunking(),
        calls in vec((any::<bool>(), any::<bool>()), 1..16),
    ) {
        let mut decoder = Decoder::new();
        let mut calls = calls.into_iter().cycle();
        let mut seen = Vec::new();
        for mut rest in chunking.split(&stream) {
            loop {
                let mut feed = decoder.feed(rest);
                let mut exhausted = false;
                for (ask_for_frames, drop_the_feed) in calls.by_ref() {
                    let frame = if ask_for_frames {
                        feed.next_frame()
                    } else {
                        feed.next_event().map(|event| event.map(sse_wire::Frame::Event))
                    };
                    exhausted = matches!(frame, Ok(None));
                    seen.extend(frame.map(|frame| frame.map(Frame::from)).transpose());
                    if exhausted || drop_the_feed {
                        break;
                    }
                }
                rest = feed.remaining();
                if exhausted {
                    prop_assert!(rest.is_empty());
                    break;
                }
            }
        }
        // What is not an event is seen by those who ask for frames in time.
        let due = expected(&reference::decode(&stream));
        let mut rest_of_due = due.iter();
        prop_assert!(seen.iter().all(|outcome| rest_of_due.any(|due| due == outcome)));
        prop_assert!(seen.iter().filter(|seen| is_event(seen)).eq(due.iter().filter(|due| is_event(due))));
        prop_assert_eq!(decoder.retry(), reference::decode(&stream).retries().last());
    }

    #[test]
    fn a_clone_goes_on_like_its_original(stream in stream(), cut in any::<Index>(), chunking in chunking()) {
        let (start, rest) = stream.split_at(cut.index(stream.len() + 1));
        let mut decoder = Decoder::new();
        frames(&mut decoder.feed(start));
        let mut clone = decoder.clone();
        prop_assert_eq!(state(&clone), state(&decoder));
        let seen: Vec<_> = chunking.split(rest).flat_map(|chunk| frames(&mut clone.feed(chunk))).collect();
        prop_assert_eq!(seen, frames(&mut decoder.feed(rest)));
        prop_assert_eq!(state(&clone), state(&decoder));
        prop_assert_eq!(finish(&mut clone), finish(&mut decoder));
    }

    /// A feed may be dropped in the middle of a chunk before the connection ends, too.
    #[test]
    fn a_reconnect_keeps_the_id_and_nothing_partial(
        before in stream(),
        after in stream(),
        ending in 0..3,
        taken in 0..8_usize,
        chunking in chunking(),
    ) {
        let mut decoder = Decoder::new();
        let mut feed = decoder.feed(&before);
        for _ in 0..taken {
            let _ = feed.next_frame().expect("no limit is near");
        }
        match ending {
            0 => decoder.reconnect(),
            1 => drop(decoder.finish()),
            _ => decoder.reset(),
        }
        let (id, retry, buffered) = state(&decoder);
        prop_assert_eq!(buffered, 0);
        if ending == 2 {
            prop_assert_eq!((&*id, retry), ("", None));
        }
        let decoded = reference::decode_from(&id, &after);
        let seen: Vec<_> = chunking.split(&after).flat_map(|chunk| frames(&mut decoder.feed(chunk))).collect();
        prop_assert_eq!(seen, expected(&decoded));
        prop_assert_eq!(decoder.last_event_id(), &decoded.last_event_id);
        prop_assert_eq!(decoder.retry(), decoded.retries().last().or(retry));
    }

    #[test]
    fn a_seed_is_the_last_event_id_until_the_stream_sets_one(
        id in single_line_text(),
        stream in stream(),
        chunking in chunking(),
    ) {
        let id = id.replace('\0', "");
        let mut decoder = Decoder::new().with_last_event_id(&id).expect("it is one line without NUL");
        let decoded = reference::decode_from(&id, &stream);
        let seen: Vec<_> = chunking.split(&stream).flat_map(|chunk| frames(&mut decoder.feed(chunk))).collect();
        prop_assert_eq!(seen, expected(&decoded));
        prop_assert_eq!(decoder.last_event_id(), &decoded.last_event_id);
    }
}

// Limits.

/// What must come of a stream under a limit. An independent model: it knows the reference's frames
/// and the sizes of the lines, and nothing of how the decoder stores them.
struct Limited {
    outcomes: Vec<Outcome>,
    last_event_id: String,
}

impl Limited {
    fn decode(stream: &[u8], limit: usize) -> Self {
        let frames: BTreeMap<usize, Frame> = reference::decode(stream).frames.into_iter().collect();
        let mut limited = Self {
            outcomes: Vec::new(),
            last_event_id: String::new(),
        };
        let mut block = Block::default();
        for (line, at) in lines(stream) {
            limited.line(line, frames.get(&at), &mut block, limit);
        }
        limited
    }

    fn line(&mut self, line: &[u8], frame: Option<&Frame>, block: &mut Block, limit: usize) {
        let (name, value) = name_and_value(line);
        let decoded = String::from_utf8_lossy(value);
        let fits = |block: &Block| block.size() + value.len().max(decoded.len()) <= limit;
        match (name, frame) {
            (b"", None | Some(Frame::Event(_))) => {
                self.last_event_id = block
                    .id
                    .clone()
                    .unwrap_or_else(|| self.last_event_id.clone());
                if let (Some(Frame::Event(event)), false) = (frame, block.too_large) {
                    self.outcomes
                        .push(block.event(event, &self.last_event_id, limit));
                }
                *block = Block::default();
            }
            (b"", Some(comment)) => {
                let too_large = DecodeError::CommentTooLarge { limit };
                self.outcomes.push(if fits(block) {
                    Ok(comment.clone())
                } else {
                    Err(too_large)
                });
            }
            (b"data", _) if !block.too_large => {
                let join = usize::from(block.data.is_some());
                if block.size() + join + value.len() <= limit {
                    *block.data.get_or_insert(0) += join + value.len();
                } else {
                    self.outcomes.push(block.drop_it(limit));
                }
            }
            (b"event", _) if !block.too_large => {
                if fits(block) {
                    block.event_type = decoded.len();
                } else {
                    self.outcomes.push(block.drop_it(limit));
                }
            }
            (b"id", _) => {
                // One with NUL will be ignored, but takes room until that is known.
                let has_nul = value.contains(&0);
                let size = if has_nul {
                    value.len()
                } else {
                    value.len().max(decoded.len())
                };
                let fits = |block: &Block| block.size() + size <= limit;
                if !(block.too_large || fits(block)) {
                    self.outcomes.push(block.drop_it(limit));
                }
                if fits(block) && !has_nul {
                    block.id = Some(decoded.into_owned());
                }
            }
            (b"retry", Some(retry)) => self.outcomes.push(Ok(retry.clone())),
            _ => {}
        }
    }
}

#[derive(Default)]
struct Block {
    data: Option<usize>,
    event_type: usize,
    id: Option<String>,
    too_large: bool,
}

impl Block {
    fn size(&self) -> usize {
        self.data.unwrap_or(0) + self.event_type + self.id.as_ref().map_or(0, String::len)
    }

    /// Its id is still committed, so it stays.
    fn drop_it(&mut self, limit: usize) -> Outcome {
        *self = Self {
            id: self.id.take(),
            too_large: true,
            ..Self::default()
        };
        Err(DecodeError::EventTooLarge { limit })
    }

    fn event(&self, event: &reference::Event, last_event_id: &str, limit: usize) -> Outcome {
        let mut event = event.clone();
        last_event_id.clone_into(&mut event.last_event_id);
        event.id.clone_from(&self.id);
        let size = Self {
            data: Some(event.data.len()),
            id: self.id.clone(),
            ..*self
        }
        .size();
        if size <= limit {
            Ok(Frame::Event(event))
        } else {
            Err(DecodeError::EventTooLarge { limit })
        }
    }
}

/// The lines that have an end, and the offset behind the first byte of that end.
fn lines(stream: &[u8]) -> Vec<(&[u8], usize)> {
    let mut lines = Vec::new();
    let mut start = if stream.starts_with(b"\xEF\xBB\xBF") {
        3
    } else {
        0
    };
    for (at, byte) in stream.iter().enumerate().skip(start) {
        match byte {
            b'\n' if start == at && at > 0 && stream[at - 1] == b'\r' => start = at + 1,
            b'\n' | b'\r' => {
                lines.push((&stream[start..at], at + 1));
                start = at + 1;
            }
            _ => {}
        }
    }
    lines
}

fn name_and_value(line: &[u8]) -> (&[u8], &[u8]) {
    match line.iter().position(|&byte| byte == b':') {
        None => (line, b""),
        Some(0) => (b"", &line[1..]),
        Some(colon) => {
            let value = &line[colon + 1..];
            (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
        }
    }
}

/// Small enough to matter in most streams.
fn limit() -> impl Strategy<Value = usize> {
    prop_oneof![3 => 0..8_usize, 3 => 8..40_usize, 1 => 40..200_usize]
}

proptest! {
    #![proptest_config(config(SLOW))]

    #[test]
    fn a_limit_drops_what_is_too_large_and_nothing_else(
        stream in stream().prop_map(|stream| Bytes::from([&stream[..], b"\n\n"].concat())),
        limit in limit(),
        chunking in chunking(),
    ) {
        let expected = Limited::decode(&stream, limit);
        let mut decoder = Decoder::new().with_max_event_size(limit);
        let mut seen = Vec::new();
        for chunk in chunking.split(&stream) {
            seen.extend(frames(&mut decoder.feed(chunk)));
            prop_assert!(decoder.buffered() <= limit + MAX_LINE_START);
        }
        prop_assert_eq!(&seen, &expected.outcomes);
        prop_assert_eq!(decoder.last_event_id(), expected.last_event_id);
        prop_assert_eq!(decoder.retry(), reference::decode(&stream).retries().last());

        // Who asks for events only, sees the same events and the same errors about them.
        let mut decoder = Decoder::new().with_max_event_size(limit);
        let events: Vec<_> = chunking.split(&stream).flat_map(|chunk| events(&mut decoder.feed(chunk))).collect();
        seen.retain(is_event);
        prop_assert_eq!(events, seen);
    }
}

/// What the decoder keeps of a line before it can tell whether it counts, in bytes.
const MAX_LINE_START: usize = 6;

proptest! {
    #![proptest_config(config(SLOW))]

    /// Also in a line that is not complete.
    #[test]
    fn errors_come_at_the_same_place_for_every_chunking(
        stream in stream(),
        limit in limit(),
        chunking in chunking(),
    ) {
        let mut whole = Decoder::new().with_max_event_size(limit);
        let mut pieces = whole.clone();
        let expected = frames(&mut whole.feed(&stream));
        let seen: Vec<_> = chunking.split(&stream).flat_map(|chunk| frames(&mut pieces.feed(chunk))).collect();
        prop_assert_eq!(seen, expected);
        prop_assert_eq!(state(&pieces), state(&whole));
        prop_assert_eq!(finish(&mut pieces), finish(&mut whole));
    }

    /// The end of the stream is taken for a line end and a blank line, but commits nothing.
    #[test]
    fn finish_is_a_blank_line_that_commits_nothing(stream in stream(), limit in limit()) {
        let mut decoder = Decoder::new().with_max_event_size(limit);
        events(&mut decoder.feed(&stream));
        let mut with_blank_line = decoder.clone();
        let due = events(&mut with_blank_line.feed(b"\n\n")).into_iter().next().transpose();

        let (id, retry, _) = state(&decoder);
        let finished = finish(&mut decoder).map(|event| event.map(Frame::Event));
        prop_assert_eq!(state(&decoder), (id, retry, 0));
        // But for one thing: a reconnection time whose line is cut off does not act.
        let [finished, due] = [finished, due].map(|frame| frame.map(|frame| frame.map(without_retry)));
        prop_assert_eq!(finished, due);
    }
}

fn without_retry(mut frame: Frame) -> Frame {
    if let Frame::Event(event) = &mut frame {
        event.retry = None;
    }
    frame
}

// The encoder.

proptest! {
    #![proptest_config(config(FAST))]

    #[test]
    fn what_is_encoded_decodes_to_the_same(event in event(), chunking in chunking()) {
        let bytes = event.to_bytes();
        prop_assert_eq!(event.encoded_len(), bytes.len());
        let mut buf = Vec::new();
        event.encode(&mut buf);
        prop_assert_eq!(&bytes[..], &buf[..]);

        let mut decoder = Decoder::new();
        let seen: Vec<_> = chunking
            .split(&bytes)
            .flat_map(|chunk| events(&mut decoder.feed(chunk)))
            .collect();
        prop_assert_eq!(seen, Vec::from_iter(received(&event, "").map(Frame::Event).map(Ok)));
        prop_assert_eq!(decoder.last_event_id(), event.id().unwrap_or_default());
        prop_assert_eq!(decoder.retry(), event.retry());
        prop_assert_eq!(finish(&mut decoder), Ok(None));
    }

    #[test]
    fn values_that_would_inject_are_refused_at_the_first_offending_byte(value in hostile_text()) {
        let line_end = |field| move |position| EncodeError::LineEnd { field, position };
        let first_line_end = value.find(['\r', '\n']);
        prop_assert_eq!(
            Event::new("").with_event_type(&*value).err(),
            first_line_end.map(line_end("event type"))
        );
        let first_offence = value.find(['\r', '\n', '\0']).map(|position| match value.as_bytes()[position] {
            b'\0' => EncodeError::Nul { position },
            _ => line_end("last event ID")(position),
        });
        prop_assert_eq!(Event::new("").with_id(&*value).err(), first_offence);
        prop_assert_eq!(Decoder::new().with_last_event_id(&value).err(), first_offence);
    }

    #[test]
    fn data_in_pieces_is_data_at_once_for_every_cut(data in hostile_text()) {
        let at_once = Event::new(&*data).to_bytes();
        for (cut, _) in data.char_indices() {
            let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
            encoder.data(&data[..cut], &mut buf);
            encoder.data(&data[cut..], &mut buf);
            encoder.end(&mut buf);
            prop_assert_eq!(&buf[..], &at_once[..], "cut at {}", cut);
        }
        let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
        encoder.begin(&Event::new(""), &mut buf);
        for character in data.chars() {
            encoder.data(character.encode_utf8(&mut [0; 4]), &mut buf);
        }
        encoder.end(&mut buf);
        prop_assert_eq!(&buf[..], &at_once[..], "character by character");
    }
}

proptest! {
    #![proptest_config(config(SLOW))]

    #[test]
    fn concatenated_events_are_one_stream(sent in vec(event(), 0..6)) {
        let stream = sent.iter().map(Event::to_bytes).collect::<Vec<_>>().concat();
        let mut last_event_id = "";
        let mut due = Vec::new();
        for event in &sent {
            due.extend(received(event, last_event_id));
            last_event_id = event.id().unwrap_or(last_event_id);
        }
        let decoded = reference::decode(&stream);
        prop_assert!(decoded.events().eq(&due));
        prop_assert_eq!(&decoded.last_event_id, last_event_id);
        prop_assert!(decoded.retries().eq(sent.iter().filter_map(Event::retry)));
        prop_assert_eq!(decoded.comments().count(), 0);
        prop_assert_eq!(decoded.cut_off, None);
    }

    /// No text that is handed over, by no order of calls, makes a line, field or event that was not
    /// asked for.
    #[test]
    fn no_order_of_calls_injects(calls in vec(call(), 0..12)) {
        let (mut encoder, mut stream) = (Encoder::new(), Vec::new());
        let mut asked = Asked::default();
        for call in calls.iter().chain(&[Call::End]) {
            asked.take(call);
            match call {
                Call::Event(event) => encoder.event(event, &mut stream),
                Call::Begin(event) => encoder.begin(event, &mut stream),
                Call::Data(piece) => encoder.data(piece, &mut stream),
                Call::Comment(text) => encoder.comment(text, &mut stream),
                Call::KeepAlive => encoder.keep_alive(&mut stream),
                Call::Retry(time) => encoder.retry(*time, &mut stream),
                Call::End => encoder.end(&mut stream),
            }
        }
        let decoded = reference::decode(&stream);
        let data: Vec<_> = decoded.events().map(|event| [&*event.event_type, &event.data]).collect();
        prop_assert_eq!(data, asked.events.iter().map(|[a, b]| [&**a, b]).collect::<Vec<_>>());
        prop_assert_eq!(decoded.comments().collect::<Vec<_>>(), asked.comments);
        prop_assert_eq!(decoded.retries().collect::<Vec<_>>(), asked.retries);
        prop_assert_eq!(decoded.last_event_id, asked.last_event_id);
        prop_assert_eq!(decoded.cut_off, None);
    }
}

/// The event that a client sees, if it sees one.
fn received(event: &Event<'_>, last_event_id: &str) -> Option<reference::Event> {
    let mut received = reference::Event::from(event.clone());
    received.data = with_lf(&received.data);
    if event.id().is_none() {
        last_event_id.clone_into(&mut received.last_event_id);
    }
    event.has_data().then_some(received)
}

/// All that the format does not preserve of data: how its lines end.
fn with_lf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[derive(Clone, Debug)]
enum Call {
    Event(Event<'static>),
    Begin(Event<'static>),
    Data(String),
    Comment(String),
    KeepAlive,
    Retry(Duration),
    End,
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        2 => event().prop_map(Call::Event),
        3 => event().prop_map(Call::Begin),
        6 => hostile_text().prop_map(Call::Data),
        2 => hostile_text().prop_map(Call::Comment),
        1 => Just(Call::KeepAlive),
        1 => any::<u64>().prop_map(Duration::from_millis).prop_map(Call::Retry),
        2 => Just(Call::End),
    ]
}

/// What a client is to see of some calls.
#[derive(Default)]
struct Asked {
    /// Type and data.
    events: Vec<[String; 2]>,
    comments: Vec<String>,
    retries: Vec<Duration>,
    last_event_id: String,
    /// The type and data of the event that is open.
    open: Option<(String, Option<String>)>,
}

impl Asked {
    fn take(&mut self, call: &Call) {
        match call {
            Call::Event(event) => {
                self.take(&Call::Begin(event.clone()));
                self.take(&Call::End);
            }
            Call::Begin(event) => {
                self.take(&Call::End);
                self.retries.extend(event.retry());
                event
                    .id()
                    .unwrap_or(&self.last_event_id)
                    .to_owned()
                    .clone_into(&mut self.last_event_id);
                let data = event.has_data().then(|| event.data().to_owned());
                self.open = Some((event.event_type().to_owned(), data));
            }
            Call::Data(piece) => {
                let (_, data) = self
                    .open
                    .get_or_insert_with(|| ("message".to_owned(), None));
                data.get_or_insert_default().push_str(piece);
            }
            Call::Comment(text) => {
                self.comments
                    .extend(with_lf(text).split('\n').map(|line| format!(" {line}")));
            }
            Call::KeepAlive => {
                if !matches!(self.open, Some((_, Some(_)))) {
                    self.comments.push(String::new());
                }
            }
            Call::Retry(time) => self.retries.push(*time),
            Call::End => {
                if let Some((event_type, Some(data))) = self.open.take() {
                    self.events.push([event_type, with_lf(&data)]);
                }
            }
        }
    }
}
