//! The specification's text as code: slow and obvious. Fast decoders are compared with it.
//!
//! It takes a whole stream and returns everything that the stream says. There is no state between
//! calls, no chunk, no limit and no shortcut: each function is one paragraph of the specification,
//! with its steps in the same order.
//!
//! ```
//! use sse_wire_testing::reference::{self, Frame};
//!
//! let decoded = reference::decode(b"retry: 500\nid: 1\ndata: a\n\ndata: cut off");
//! assert_eq!(decoded.retries().count(), 1);
//! assert_eq!(decoded.last_event_id, "1");
//! assert_eq!(decoded.cut_off.unwrap().data, "cut off");
//!
//! let [_, (at, Frame::Event(event))] = &decoded.frames[..] else { unreachable!() };
//! assert_eq!((event.data.as_str(), *at), ("a", 26));
//! ```

use std::time::Duration;

/// All that a stream says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decoded {
    /// The frames, in stream order, each with the number of bytes after which it is complete. A
    /// decoder that has consumed these bytes and not returned the frame is late (R3).
    pub frames: Vec<(usize, Frame)>,
    /// The last event ID when the stream ends: that of the last blank line (R18).
    pub last_event_id: String,
    /// The event that the end of the stream cut off, if the end also ends the line and the block.
    /// The specification discards it (R20).
    pub cut_off: Option<Event>,
}

/// What a stream says at one point.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame {
    /// A dispatched event, complete with the first byte of its blank line's end (R18).
    Event(Event),
    /// A block without data that has a type, an id, a reconnection time or another field. It
    /// dispatches nothing (R18).
    Undispatched(Event),
    /// A comment: all that follows the colon, untouched (R9).
    Comment(String),
    /// A reconnection time, in force from its line on (R16).
    Retry(Duration),
    /// A field with another name, which is ignored (R17).
    Field {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
}

/// An event as it is dispatched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The event type; `message` if the block sets none.
    pub event_type: String,
    /// The data lines, joined by LF.
    pub data: String,
    /// The last event ID after this event: this block's id or the most recent earlier one.
    pub last_event_id: String,
    /// This block's own id, if it has a valid one.
    pub id: Option<String>,
    /// This block's own reconnection time, if it has a valid one.
    pub retry: Option<Duration>,
}

/// Decodes a whole stream, from its first byte to its end.
///
/// Never fails: every sequence of bytes is an event stream.
#[must_use]
pub fn decode(stream: &[u8]) -> Decoded {
    decode_from("", stream)
}

/// Decodes the stream of a connection that resumes after the event with this id. As in browsers,
/// the last event ID stays.
///
/// ```
/// use sse_wire_testing::reference;
///
/// let decoded = reference::decode_from("7", b"data: a\n\n");
/// assert_eq!(decoded.events().next().unwrap().last_event_id, "7");
/// ```
#[must_use]
pub fn decode_from(last_event_id: &str, stream: &[u8]) -> Decoded {
    let mut characters = utf8_decode_without_bom(stream);
    let complete_lines = take_lines(&mut characters);
    let cut_off_line: String = characters
        .iter()
        .map(|character| character.scalar)
        .collect();

    let mut interpreter = Interpreter::new(last_event_id);
    for line in complete_lines {
        interpreter.line(&line.text, line.end);
    }
    interpreter.end_of_file(&cut_off_line, stream.len())
}

impl Decoded {
    /// The dispatched events, in stream order.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.frames.iter().filter_map(|(_, frame)| match frame {
            Frame::Event(event) => Some(event),
            _ => None,
        })
    }

    /// The comments, in stream order.
    pub fn comments(&self) -> impl Iterator<Item = &str> {
        self.frames.iter().filter_map(|(_, frame)| match frame {
            Frame::Comment(comment) => Some(comment.as_str()),
            _ => None,
        })
    }

    /// The reconnection times, in stream order. The last one is in force when the stream ends.
    pub fn retries(&self) -> impl Iterator<Item = Duration> {
        self.frames.iter().filter_map(|(_, frame)| match frame {
            Frame::Retry(time) => Some(*time),
            _ => None,
        })
    }
}

/// What the decoder of `sse-wire` lends, in the types of the reference decoder, to compare the two.
impl From<sse_wire::Event<'_>> for Event {
    fn from(event: sse_wire::Event<'_>) -> Self {
        Self {
            event_type: event.event_type().to_owned(),
            data: event.data().to_owned(),
            last_event_id: event.last_event_id().to_owned(),
            id: event.id().map(ToOwned::to_owned),
            retry: event.retry(),
        }
    }
}

/// What the decoder of `sse-wire` lends, in the types of the reference decoder, to compare the two.
impl From<sse_wire::Frame<'_>> for Frame {
    fn from(frame: sse_wire::Frame<'_>) -> Self {
        match frame {
            sse_wire::Frame::Event(event) => Self::Event(event.into()),
            sse_wire::Frame::Undispatched(event) => Self::Undispatched(event.into()),
            sse_wire::Frame::Comment(comment) => Self::Comment(comment.into_owned()),
            sse_wire::Frame::Retry(time) => Self::Retry(time),
            sse_wire::Frame::Field(field) => Self::Field {
                name: field.name().to_owned(),
                value: field.value().to_owned(),
            },
            frame => panic!("this version of the kit does not know {frame:?}"),
        }
    }
}

/// Compares all that both have, without a copy.
impl PartialEq<sse_wire::Event<'_>> for Event {
    fn eq(&self, event: &sse_wire::Event<'_>) -> bool {
        self.event_type == event.event_type()
            && self.data == event.data()
            && self.last_event_id == event.last_event_id()
            && self.id.as_deref() == event.id()
            && self.retry == event.retry()
    }
}

/// Compares all that both have, without a copy.
impl PartialEq<sse_wire::Frame<'_>> for Frame {
    fn eq(&self, frame: &sse_wire::Frame<'_>) -> bool {
        match (self, frame) {
            (Self::Event(one), sse_wire::Frame::Event(other)) => one == other,
            (Self::Undispatched(one), sse_wire::Frame::Undispatched(other)) => one == other,
            (Self::Field { name, value }, sse_wire::Frame::Field(other)) => {
                name == other.name() && value == other.value()
            }
            (Self::Comment(one), sse_wire::Frame::Comment(other)) => one == other,
            (Self::Retry(one), sse_wire::Frame::Retry(other)) => one == other,
            _ => false,
        }
    }
}

/// One character, and the offset after its last byte.
struct Character {
    scalar: char,
    end: usize,
}

/// "UTF-8 decode" of the Encoding standard, section 6: one BOM at the very start is dropped (R5).
fn utf8_decode_without_bom(stream: &[u8]) -> Vec<Character> {
    let mut characters = utf8_decode(stream);
    if characters
        .first()
        .is_some_and(|first| first.scalar == '\u{feff}')
    {
        characters.remove(0);
    }
    characters
}

/// The "UTF-8 decoder" of the Encoding standard, section 8.1.1, where every error becomes U+FFFD.
fn utf8_decode(stream: &[u8]) -> Vec<Character> {
    let mut characters = Vec::new();
    let mut code_point = 0;
    let mut bytes_needed = 0;
    let mut lower_boundary = 0x80;
    let mut upper_boundary = 0xBF;

    let mut index = 0;
    while index < stream.len() {
        let byte = stream[index];
        if bytes_needed == 0 {
            index += 1;
            match byte {
                0x00..=0x7F => characters.push(Character {
                    scalar: char::from(byte),
                    end: index,
                }),
                0xC2..=0xDF => (bytes_needed, code_point) = (1, u32::from(byte & 0x1F)),
                0xE0..=0xEF => {
                    match byte {
                        0xE0 => lower_boundary = 0xA0,
                        0xED => upper_boundary = 0x9F,
                        _ => {}
                    }
                    (bytes_needed, code_point) = (2, u32::from(byte & 0x0F));
                }
                0xF0..=0xF4 => {
                    match byte {
                        0xF0 => lower_boundary = 0x90,
                        0xF4 => upper_boundary = 0x8F,
                        _ => {}
                    }
                    (bytes_needed, code_point) = (3, u32::from(byte & 0x07));
                }
                _ => characters.push(Character {
                    scalar: char::REPLACEMENT_CHARACTER,
                    end: index,
                }),
            }
            continue;
        }

        let in_range = (lower_boundary..=upper_boundary).contains(&byte);
        (lower_boundary, upper_boundary) = (0x80, 0xBF);
        if !in_range {
            // The byte is "restored": it is read again, as a first byte.
            bytes_needed = 0;
            characters.push(Character {
                scalar: char::REPLACEMENT_CHARACTER,
                end: index,
            });
            continue;
        }
        index += 1;
        code_point = (code_point << 6) | u32::from(byte & 0x3F);
        bytes_needed -= 1;
        if bytes_needed == 0 {
            let scalar =
                char::from_u32(code_point).expect("the boundaries leave scalar values only");
            characters.push(Character { scalar, end: index });
        }
    }
    if bytes_needed != 0 {
        characters.push(Character {
            scalar: char::REPLACEMENT_CHARACTER,
            end: index,
        });
    }
    characters
}

/// One line without its end, and the offset after the first byte of that end.
struct Line {
    text: String,
    end: usize,
}

/// Takes the lines that have an end, and leaves the rest (section 9.2.6, R6): a line ends at a CRLF
/// pair, at an LF that is not after a CR, or at a CR that is not before an LF. So the CR of a pair
/// ends the line, and the LF adds nothing.
fn take_lines(characters: &mut Vec<Character>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut text = String::new();
    let mut rest_from = 0;
    for (index, character) in characters.iter().enumerate() {
        match character.scalar {
            '\n' if index > 0 && characters[index - 1].scalar == '\r' => rest_from = index + 1,
            '\n' | '\r' => {
                lines.push(Line {
                    text: std::mem::take(&mut text),
                    end: character.end,
                });
                rest_from = index + 1;
            }
            other => text.push(other),
        }
    }
    characters.drain(..rest_from);
    lines
}

/// "Interpreting an event stream", section 9.2.6.
#[derive(Default)]
struct Interpreter {
    // The three buffers of the specification (R7).
    data: String,
    event_type: String,
    last_event_id: String,
    /// What this block sets; the specification does not need to remember it.
    id: Option<String>,
    retry: Option<Duration>,
    has_other_field: bool,
    /// The result so far, with the last event ID string.
    decoded: Decoded,
}

impl Interpreter {
    fn new(last_event_id: &str) -> Self {
        let mut interpreter = Self::default();
        interpreter.last_event_id.push_str(last_event_id);
        interpreter.decoded.last_event_id.push_str(last_event_id);
        interpreter
    }

    /// "Lines must be processed, in the order they are received, as follows" (R8 to R11).
    fn line(&mut self, line: &str, at: usize) {
        if line.is_empty() {
            self.dispatch(at);
        } else if let Some(comment) = line.strip_prefix(':') {
            self.decoded
                .frames
                .push((at, Frame::Comment(comment.to_owned())));
        } else if let Some((field, value)) = line.split_once(':') {
            self.field(field, value.strip_prefix(' ').unwrap_or(value), at);
        } else {
            self.field(line, "", at);
        }
    }

    /// "The steps to process the field" (R12 to R17).
    fn field(&mut self, name: &str, value: &str, at: usize) {
        match name {
            "event" => value.clone_into(&mut self.event_type),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => {
                value.clone_into(&mut self.last_event_id);
                self.id = Some(value.to_owned());
            }
            // The standard says "only ASCII digits", which does not settle an empty value, and
            // browsers differ. Here it is ignored.
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                let time = Duration::from_millis(saturating_integer(value));
                self.retry = Some(time);
                self.decoded.frames.push((at, Frame::Retry(time)));
            }
            "id" | "retry" => {}
            _ => {
                self.has_other_field = true;
                let (name, value) = (name.to_owned(), value.to_owned());
                self.decoded.frames.push((at, Frame::Field { name, value }));
            }
        }
    }

    /// "Dispatch the event" (R18).
    fn dispatch(&mut self, at: usize) {
        // 1. The last event ID string becomes the buffer's value; the buffer is not reset.
        self.decoded.last_event_id.clone_from(&self.last_event_id);
        let (id, retry) = (self.id.take(), self.retry.take());
        let has_other_field = core::mem::take(&mut self.has_other_field);
        // 2. If the data buffer is empty, set it and the event type buffer to the empty string and
        //    return. (What the block has set is of use to gateways.)
        if self.data.is_empty() {
            let event_type = core::mem::take(&mut self.event_type);
            if !event_type.is_empty() || id.is_some() || retry.is_some() || has_other_field {
                let event_type = if event_type.is_empty() {
                    "message".to_owned()
                } else {
                    event_type
                };
                let event = Event {
                    event_type,
                    data: String::new(),
                    last_event_id: self.decoded.last_event_id.clone(),
                    id,
                    retry,
                };
                self.decoded.frames.push((at, Frame::Undispatched(event)));
            }
            return;
        }
        // 3. If the data buffer's last character is an LF, remove it.
        if self.data.ends_with('\n') {
            self.data.pop();
        }
        // 4. and 5. An event of type "message" with the data and the last event ID string.
        let mut event = Event {
            event_type: "message".to_owned(),
            data: self.data.clone(),
            last_event_id: self.decoded.last_event_id.clone(),
            id,
            retry,
        };
        // 6. If the event type buffer is not empty, it is the type.
        if !self.event_type.is_empty() {
            event.event_type.clone_from(&self.event_type);
        }
        // 7. Set the data buffer and the event type buffer to the empty string.
        self.data.clear();
        self.event_type.clear();
        // 8. Queue a task to fire the event.
        self.decoded.frames.push((at, Frame::Event(event)));
    }

    /// "Once the end of the file is reached, any pending data must be discarded" (R20): the result
    /// is what was decoded up to here. If the end also ends the line and the block, that shows what
    /// is lost.
    fn end_of_file(mut self, cut_off_line: &str, at: usize) -> Decoded {
        let decoded = self.decoded.clone();
        let retry = self.retry;
        if !cut_off_line.is_empty() {
            self.line(cut_off_line, at);
        }
        // A reconnection time takes effect at the end of its line (R16), and this line has no end.
        self.retry = retry;
        let events_before = decoded.events().count();
        self.dispatch(at);
        let cut_off = self.decoded.events().nth(events_before).cloned();
        Decoded { cut_off, ..decoded }
    }
}

/// "Interpret the field value as an integer in base ten": there is no upper bound, so larger values
/// saturate.
fn saturating_integer(digits: &str) -> u64 {
    digits.bytes().fold(0, |integer: u64, digit| {
        integer
            .saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Lead bytes, their boundaries and continuation bytes: random bytes hit them too seldom.
    fn utf8_boundary_byte() -> impl Strategy<Value = u8> {
        prop_oneof![
            proptest::sample::select(
                &[
                    0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF,
                    0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF, 0xBB,
                ][..]
            ),
            any::<u8>(),
        ]
    }

    proptest! {
        #[test]
        fn utf8_is_decoded_as_the_standard_library_does(bytes in vec(utf8_boundary_byte(), 0..12)) {
            let decoded = utf8_decode(&bytes);
            let text: String = decoded.iter().map(|character| character.scalar).collect();
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes));
            prop_assert_eq!(decoded.last().map_or(0, |last| last.end), bytes.len());
            prop_assert!(decoded.is_sorted_by(|one, next| one.end < next.end));
        }
    }

    #[test]
    fn the_example_of_the_specification_with_three_kinds_of_empty_data() {
        // Section 9.2.6: "two events", the first with empty data, the second with one newline; the
        // last block is discarded.
        let decoded = decode(b"data\n\ndata\ndata\n\ndata:");
        let data: Vec<_> = decoded.events().map(|event| event.data.as_str()).collect();
        assert_eq!(data, ["", "\n"]);
        assert_eq!(decoded.cut_off.map(|event| event.data).as_deref(), Some(""));
    }

    #[test]
    fn each_frame_comes_with_the_byte_that_completes_it() {
        let undispatched = |event_type: &str, id: Option<&str>, retry| {
            Frame::Undispatched(Event {
                event_type: event_type.to_owned(),
                data: String::new(),
                last_event_id: id.unwrap_or_default().to_owned(),
                id: id.map(ToOwned::to_owned),
                retry,
            })
        };
        let field = |name: &str, value: &str| Frame::Field {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        let comment = |text: &str| Frame::Comment(text.to_owned());
        let time = Duration::from_millis(5);
        for (stream, expected) in [
            (
                &b": a\r\n:\n"[..],
                vec![(4, comment(" a")), (7, comment(""))],
            ),
            (b"retry: 5\r", vec![(9, Frame::Retry(time))]),
            (
                b"Data:a\n b\n",
                vec![(7, field("Data", "a")), (10, field(" b", ""))],
            ),
            // R18: a block that dispatches nothing still sets things.
            (b"event: a\n\r\n", vec![(10, undispatched("a", None, None))]),
            (
                b"id: 1\n\n",
                vec![(7, undispatched("message", Some("1"), None))],
            ),
            (
                b"id\n\n",
                vec![(4, undispatched("message", Some(""), None))],
            ),
            (
                b"retry:5\n\n",
                vec![
                    (8, Frame::Retry(time)),
                    (9, undispatched("message", None, Some(time))),
                ],
            ),
            (
                b"x\n\n",
                vec![
                    (2, field("x", "")),
                    (3, undispatched("message", None, None)),
                ],
            ),
            // Nothing is set here, nor after a blank line.
            (b"event\nevent: a\nevent:\n\n", vec![]),
            (b"id: \0\n\nretry: x\n\n\n", vec![]),
            (b"event: a\n", vec![]),
        ] {
            assert_eq!(decode(stream).frames, expected, "{}", stream.escape_ascii());
        }
    }

    #[test]
    fn integers_saturate() {
        for (digits, expected) in [
            ("0", 0),
            ("00000000000000000000000001500", 1500),
            ("18446744073709551615", u64::MAX),
            ("18446744073709551616", u64::MAX),
            ("99999999999999999999999999", u64::MAX),
        ] {
            assert_eq!(saturating_integer(digits), expected);
        }
    }
}
