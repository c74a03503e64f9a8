//! Events and the encoder: the output is what was asked for, and nothing else.

use super::{expected, finish, frames, with_line_feeds};
use sse_wire::{Decoder, Encoder, Event, EventId, EventType, Field, InvalidText, Parts, headers};
use sse_wire_testing::reference::{self, Frame};
use sse_wire_testing::strategies::Chunking;
use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::io::Write as _;
use std::mem;
use std::time::Duration;

/// Text that the wire cannot carry is refused at its first invalid byte; any other text is a value.
pub fn a_value_that_would_inject_is_refused_at_its_first_offence(value: &str) {
    let first = |offences: &[char]| value.find(offences);
    let refusal = |position: usize| match value.as_bytes()[position] {
        b'\0' => format!("NUL at byte {position}"),
        b':' => format!("colon at byte {position}"),
        _ => format!("line end at byte {position}"),
    };
    let text = |error: InvalidText| error.to_string();

    let line_end = first(&['\r', '\n']).map(refusal);
    assert_eq!(EventType::new(value).err().map(text), line_end);
    let field = Field::new("name", value);
    assert_eq!(field.err().map(text), line_end);

    let in_id = first(&['\r', '\n', '\0']).map(refusal);
    assert_eq!(EventId::new(value).err().map(text), in_id);
    let header = headers::last_event_id(value.as_bytes());
    assert_eq!(header.err().map(text), in_id);

    let is_reserved = ["", "data", "event", "id", "retry"].contains(&value);
    let in_name = first(&['\r', '\n', ':']);
    let name = Field::new(value, "");
    assert_eq!(name.is_err(), is_reserved || in_name.is_some());
}

/// A request's header is an id if it is UTF-8 and an event may have it as its id.
pub fn a_header_is_an_id_that_an_event_may_have(value: &[u8]) {
    let text = std::str::from_utf8(value).ok();
    let id = text.and_then(|text| EventId::new(text).ok());
    assert_eq!(headers::last_event_id(value).ok(), id);
}

/// Every event that can be built comes back, and encoded events can be concatenated: the result is
/// the stream of those events. [`Event::encoded_len`] is exact.
pub fn encoded_events_are_the_stream_of_those_events(events: &[Event<'_>], chunking: &Chunking) {
    let (mut stream, mut sent) = (Vec::new(), Vec::new());
    let mut last_event_id = String::new();
    for event in events {
        let start = stream.len();
        event.encode(&mut stream);
        let encoded = &stream[start..];
        assert_eq!(encoded.len(), event.encoded_len());
        let in_its_own_memory = event.to_bytes();
        assert_eq!(encoded, in_its_own_memory);
        let capacity = in_its_own_memory
            .try_into_mut()
            .map(|bytes| bytes.capacity());
        assert_eq!(capacity, Ok(encoded.len()));
        assert!(encoded.ends_with(b"\n") && !encoded.contains(&b'\r'));

        if let Some(id) = event.id() {
            id.clone_into(&mut last_event_id);
        }
        sent.extend(event.retry().map(Frame::Retry).map(Ok));
        sent.extend(received(event, &last_event_id).map(Ok));
    }
    let decoded = reference::decode(&stream);
    assert_eq!(expected(&decoded), sent);
    assert_eq!(decoded.cut_off, None);
    let mut decoder = Decoder::new();
    let chunks = chunking.split(&stream);
    let seen = Vec::from_iter(chunks.flat_map(|chunk| frames(&mut decoder.feed(chunk))));
    assert_eq!(seen, sent);
    assert_eq!(decoder.last_event_id(), last_event_id);
    assert_eq!(finish(&mut decoder), None);
}

/// The frame that a decoder returns for an event, if the event sets anything.
fn received(event: &Event<'_>, last_event_id: &str) -> Option<Frame> {
    let mut received = reference::Event::from(event.as_borrowed());
    received.data = with_line_feeds(event.data());
    last_event_id.clone_into(&mut received.last_event_id);
    let sets_anything =
        event.explicit_event_type().is_some() || event.id().is_some() || event.retry().is_some();
    if event.has_data() {
        Some(Frame::Event(received))
    } else {
        sets_anything.then_some(Frame::Undispatched(received))
    }
}

/// An event is the same when it is lent, owned or taken apart; and equal events have equal hashes.
pub fn an_event_is_the_same_in_every_form(event: &Event<'_>) {
    let Parts {
        event_type,
        data,
        last_event_id,
        has_id,
        retry,
        ..
    } = event.clone().into_parts();
    assert_eq!(
        event_type.as_ref().map(EventType::as_str),
        event.explicit_event_type()
    );
    assert_eq!(data.as_deref(), event.has_data().then(|| event.data()));
    assert_eq!(last_event_id.as_str(), event.last_event_id());
    assert_eq!(has_id.then_some(last_event_id.as_str()), event.id());
    assert_eq!(retry, event.retry());

    let mut rebuilt = data.map_or_else(Event::without_data, Event::new);
    if let Some(event_type) = event_type {
        rebuilt = rebuilt.with_event_type(event_type);
    }
    if has_id {
        rebuilt = rebuilt.with_id(last_event_id);
    }
    let rebuilt = retry.into_iter().fold(rebuilt, Event::with_retry);

    let state = RandomState::new();
    for other in [event.as_borrowed(), event.clone().into_owned(), rebuilt] {
        assert_eq!(other, *event);
        assert_eq!(state.hash_one(&other), state.hash_one(event));
        assert_eq!(other.to_bytes(), event.to_bytes());
        assert_eq!(other.into_data(), event.data());
    }
}

/// Data in pieces gives the bytes of data at once, wherever it is cut.
pub fn data_in_pieces_is_data_at_once(data: &str) {
    let at_once = Event::new(data).to_bytes();
    let in_pieces = |pieces: &[&str]| {
        let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
        pieces
            .iter()
            .for_each(|piece| encoder.data(piece, &mut buf));
        encoder.end(&mut buf);
        buf
    };
    let starts = Vec::from_iter(data.char_indices().map(|(start, _)| start));
    for cut in starts {
        let (before, after) = data.split_at(cut);
        assert_eq!(in_pieces(&[before, after]), at_once, "cut at {cut}");
    }
    let characters = data.split_inclusive(|_| true);
    let characters = Vec::from_iter([""].into_iter().chain(characters));
    assert_eq!(in_pieces(&characters), at_once, "character by character");
}

/// One call of an encoder.
#[derive(Clone, Debug)]
pub enum Call {
    Event(Event<'static>),
    Begin(Event<'static>),
    Data(String),
    /// Data by `std::fmt::Write`.
    Format(String),
    /// Data by `std::io::Write`, which refuses what is not UTF-8.
    Write(Vec<u8>),
    Comment(String),
    KeepAlive,
    Retry(Duration),
    Field(Field<'static>),
    Frame(sse_wire::Frame<'static>),
    End,
}

impl Call {
    fn make(&self, encoder: &mut Encoder, buf: &mut Vec<u8>) {
        match self {
            Self::Event(event) => encoder.event(event, buf),
            Self::Begin(event) => encoder.begin(event, buf),
            Self::Data(piece) => encoder.data(piece, buf),
            Self::Format(piece) => {
                let written = encoder.data_writer(buf).write_str(piece);
                assert_eq!(written, Ok(()));
            }
            Self::Write(bytes) => {
                let written = encoder.data_writer(buf).write(bytes).ok();
                assert_eq!(written, std::str::from_utf8(bytes).ok().map(str::len));
            }
            Self::Comment(text) => encoder.comment(text, buf),
            Self::KeepAlive => encoder.keep_alive(buf),
            Self::Retry(time) => encoder.retry(*time, buf),
            Self::Field(field) => encoder.field(field, buf),
            Self::Frame(frame) => encoder.frame(frame, buf),
            Self::End => encoder.end(buf),
        }
    }
}

/// No value can add a line, field or event: any calls in any order write the lines that they ask
/// for, byte for byte, and a decoder returns what was asked for. Between any two calls the buffer
/// may change, and the encoder may be cloned.
pub fn calls_write_what_they_ask_for_and_nothing_else(calls: &[Call]) {
    let (mut encoder, mut stream, mut asked) = (Encoder::new(), Vec::new(), Asked::default());
    for call in calls.iter().chain([&Call::End]) {
        let mut buf = Vec::new();
        call.make(&mut encoder, &mut buf);
        stream.extend(buf);
        encoder = encoder.clone();
        asked.take(call);
    }
    let lines = asked.lines.iter().map(Line::written);
    assert_eq!(
        stream.escape_ascii().to_string(),
        lines
            .collect::<String>()
            .as_bytes()
            .escape_ascii()
            .to_string()
    );
    let decoded = reference::decode(&stream);
    assert_eq!(
        expected(&decoded),
        Vec::from_iter(asked.frames().into_iter().map(Ok))
    );
    assert_eq!(decoded.cut_off, None);
}

/// A line that some calls ask for. No value in it has a line end.
#[derive(Clone, Debug)]
enum Line {
    EventType(String),
    Id(String),
    Retry(Duration),
    Field(Field<'static>),
    Data(String),
    /// With all that follows the colon.
    Comment(String),
    Blank,
}

impl Line {
    fn written(&self) -> String {
        match self {
            Self::EventType(value) => format!("event: {value}\n"),
            Self::Id(value) => format!("id: {value}\n"),
            Self::Retry(time) => format!("retry: {}\n", time.as_millis()),
            Self::Field(field) => format!("{}: {}\n", field.name(), field.value()),
            Self::Data(value) => format!("data: {value}\n"),
            Self::Comment(text) => format!(":{text}\n"),
            Self::Blank => "\n".to_owned(),
        }
    }
}

/// The lines that some calls ask for. It knows all of an event's data before it splits the data
/// into lines, and remembers after which of them other lines have to come.
#[derive(Default)]
struct Asked {
    lines: Vec<Line>,
    open: Option<Open>,
}

/// An open block.
#[derive(Default)]
struct Open {
    /// It has only lines that may come before an event.
    takes_event: bool,
    has_field: bool,
    retry: Option<Duration>,
    data: Option<String>,
    /// Lines, each with the number of the data line that was open when it came.
    asides: Vec<(usize, Line)>,
}

impl Asked {
    fn take(&mut self, call: &Call) {
        match call {
            Call::Event(event)
            | Call::Frame(sse_wire::Frame::Event(event) | sse_wire::Frame::Undispatched(event)) => {
                self.begin(event);
                self.end();
            }
            Call::Begin(event) => self.begin(event),
            Call::Data(piece) | Call::Format(piece) => self.data(piece),
            Call::Write(bytes) => std::str::from_utf8(bytes)
                .into_iter()
                .for_each(|it| self.data(it)),
            Call::Comment(text) => {
                self.asides(data_lines(text).map(|line| Line::Comment(format!(" {line}"))));
            }
            Call::KeepAlive if self.open.as_ref().is_some_and(|open| open.data.is_some()) => {}
            Call::KeepAlive => self.asides([Line::Comment(String::new())]),
            Call::Frame(sse_wire::Frame::Comment(text)) => {
                self.asides(data_lines(text).map(Line::Comment));
            }
            Call::Retry(time) | Call::Frame(sse_wire::Frame::Retry(time)) => {
                self.begin_block();
                self.asides([Line::Retry(*time)]);
            }
            Call::Field(field) | Call::Frame(sse_wire::Frame::Field(field)) => {
                let has_field = self.open.as_ref().is_some_and(|open| open.has_field);
                if !has_field && field.name().starts_with('\u{feff}') {
                    // It may be the start of the stream (R5).
                    self.lines.push(Line::Blank);
                }
                self.begin_block();
                self.asides([Line::Field(field.clone())]);
            }
            Call::Frame(frame) => panic!("a new kind of frame: {frame:?}"),
            Call::End => self.end(),
        }
    }

    fn begin(&mut self, event: &Event<'_>) {
        if self.open.as_ref().is_some_and(|open| !open.takes_event) {
            self.end();
        }
        let open = self.open.take().unwrap_or_default();
        let lines_before = self.lines.len();
        let event_type = event.explicit_event_type().map(ToOwned::to_owned);
        self.lines.extend(event_type.map(Line::EventType));
        self.lines
            .extend(event.id().map(ToOwned::to_owned).map(Line::Id));
        let retry = event.retry().filter(|time| open.retry != Some(*time));
        self.lines.extend(retry.map(Line::Retry));
        self.open = Some(Open {
            has_field: open.has_field || self.lines.len() > lines_before,
            ..Open::default()
        });
        if event.has_data() {
            self.data(event.data());
        }
    }

    fn begin_block(&mut self) {
        let begun = || Open {
            takes_event: true,
            ..Open::default()
        };
        self.open.get_or_insert_with(begun).has_field = true;
    }

    fn data(&mut self, piece: &str) {
        let open = self.open.get_or_insert_default();
        (open.takes_event, open.has_field) = (false, true);
        open.data.get_or_insert_default().push_str(piece);
    }

    /// Lines that are not data of the open event.
    fn asides(&mut self, lines: impl IntoIterator<Item = Line>) {
        for line in lines {
            match &mut self.open {
                Some(Open {
                    data: Some(data),
                    asides,
                    ..
                }) => asides.push((data_lines(data).count() - 1, line)),
                open => {
                    if let (Some(open), Line::Retry(time)) = (open, &line) {
                        open.retry = Some(*time);
                    }
                    self.lines.push(line);
                }
            }
        }
    }

    fn end(&mut self) {
        let Some(Open { data, asides, .. }) = self.open.take() else {
            return;
        };
        let data = data.map(|data| Vec::from_iter(data_lines(&data)));
        for (number, line) in data.into_iter().flatten().enumerate() {
            self.lines.push(Line::Data(line));
            let here = asides.iter().filter(|(after, _)| *after == number);
            self.lines.extend(here.map(|(_, line)| line.clone()));
        }
        self.lines.push(Line::Blank);
    }

    /// The frames that a decoder has to return for the lines.
    fn frames(&self) -> Vec<Frame> {
        let (mut frames, mut last_event_id) = (Vec::new(), String::new());
        let (mut block, mut has_other) = (Event::without_data(), false);
        for line in &self.lines {
            match line {
                Line::Comment(text) => frames.push(Frame::Comment(text.clone())),
                Line::EventType(value) => {
                    block = block.with_event_type(EventType::new(value.clone()).expect("one line"));
                }
                Line::Id(value) => {
                    value.clone_into(&mut last_event_id);
                    block = block.with_id(EventId::new(value.clone()).expect("one line"));
                }
                Line::Retry(time) => {
                    frames.push(Frame::Retry(*time));
                    block = block.with_retry(*time);
                }
                Line::Field(field) => {
                    frames.push(sse_wire::Frame::Field(field.clone()).into());
                    has_other = true;
                }
                Line::Data(line) => {
                    let join = if block.has_data() { "\n" } else { "" };
                    let data = [block.data(), join, line].concat();
                    block = block.with_data(data);
                }
                Line::Blank => {
                    let block = mem::take(&mut block);
                    let has_other = mem::take(&mut has_other);
                    frames.extend(received(&block, &last_event_id).or_else(|| {
                        let mut nothing = reference::Event::from(block);
                        nothing.last_event_id.clone_from(&last_event_id);
                        has_other.then_some(Frame::Undispatched(nothing))
                    }));
                }
            }
        }
        frames
    }
}

/// The lines of a text.
fn data_lines(text: &str) -> impl Iterator<Item = String> {
    let lines = with_line_feeds(text);
    let lines = lines.split('\n').map(str::to_owned);
    lines.collect::<Vec<_>>().into_iter()
}
