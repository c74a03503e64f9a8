//! The output, byte for byte, without help from the decoder.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use bytes::BytesMut;
use sse_wire::{Encoder, Event, EventId, EventType, Field, Frame, InvalidText};
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::panic::catch_unwind;
use std::time::Duration;

#[test]
fn each_field_has_its_line_and_its_place() {
    let event = Event::new;
    let (event_type, id) = (EventType::from_static, EventId::from_static);
    let ms = Duration::from_millis;
    for (event, expected) in [
        (event("a"), "data: a\n\n"),
        (Event::without_data(), "\n"),
        (
            event("d")
                .with_retry(ms(3))
                .with_id(id("i"))
                .with_event_type(event_type("t")),
            "event: t\nid: i\nretry: 3\ndata: d\n\n",
        ),
        (
            Event::without_data().with_event_type(event_type("t")),
            "event: t\n\n",
        ),
        (Event::without_data().with_id(id("i")), "id: i\n\n"),
        (Event::without_data().with_retry(ms(0)), "retry: 0\n\n"),
        // An empty event type is not written, an empty id resets (R15, R18).
        (event("a").with_event_type(event_type("")), "data: a\n\n"),
        (event("a").with_id(id("")), "id: \ndata: a\n\n"),
        (
            event("a").with_event_type(event_type("message")),
            "event: message\ndata: a\n\n",
        ),
        // Spaces, colons, BOM and NUL are ordinary in values.
        (event(" a "), "data:  a \n\n"),
        (event("data: :"), "data: data: :\n\n"),
        (event("\u{feff}\0"), "data: \u{feff}\0\n\n"),
        (
            event("").with_event_type(event_type(" \0:")),
            "event:  \0:\ndata: \n\n",
        ),
        // Whole milliseconds, saturating.
        (
            event("").with_retry(Duration::from_micros(9_999)),
            "retry: 9\ndata: \n\n",
        ),
        (event("").with_retry(ms(10)), "retry: 10\ndata: \n\n"),
        (
            event("").with_retry(ms(u64::MAX)),
            "retry: 18446744073709551615\ndata: \n\n",
        ),
        (
            event("").with_retry(Duration::MAX),
            "retry: 18446744073709551615\ndata: \n\n",
        ),
    ] {
        assert_encodes_to(&event, expected);
    }
}

/// Data, and each of its lines.
const TEXTS: [(&str, &[&str]); 22] = [
    ("", &[""]),
    ("a", &["a"]),
    ("\n", &["", ""]),
    ("\r", &["", ""]),
    ("\r\n", &["", ""]),
    ("a\n", &["a", ""]),
    ("\na", &["", "a"]),
    ("a\r", &["a", ""]),
    ("a\nb", &["a", "b"]),
    ("a\rb", &["a", "b"]),
    ("a\r\nb", &["a", "b"]),
    ("a\rb\nc\r\nd", &["a", "b", "c", "d"]),
    ("a\n\rb", &["a", "", "b"]),
    ("a\r\rb", &["a", "", "b"]),
    ("a\n\nb", &["a", "", "b"]),
    ("a\r\r\nb", &["a", "", "b"]),
    ("a\r\n\nb", &["a", "", "b"]),
    ("a\r\n\r\nb\r\n", &["a", "", "b", ""]),
    ("\n\r\n\r", &["", "", "", ""]),
    (
        "\u{c5d0}\r\n\u{1f600}\r\u{e9}",
        &["\u{c5d0}", "\u{1f600}", "\u{e9}"],
    ),
    (
        "\u{b}\u{c}\u{85}\u{2028}\u{2029}\0",
        &["\u{b}\u{c}\u{85}\u{2028}\u{2029}\0"],
    ),
    (
        "x\n\nevent: y\rid: z\r\n: c",
        &["x", "", "event: y", "id: z", ": c"],
    ),
];

#[test]
fn data_takes_a_line_for_each_of_its_own() {
    for (text, lines) in TEXTS {
        assert_encodes_to(&Event::new(text), &(prefixed("data: ", lines) + "\n"));
    }
}

#[test]
fn line_ends_are_found_wherever_they_stand() {
    // At the ends of search blocks, and at the cuts of a long text.
    let powers = [4096, 8192, 16_384].map(|power| power - 3..power + 3);
    for length in (0..200).chain(powers.into_iter().flatten()) {
        let line = "x".repeat(length);
        for (line_end, rest) in [("\n", "y"), ("\r", ""), ("\r\n", "y"), ("\n\r", "y")] {
            let lines = line_end.replace("\r\n", "\n").len() + 1;
            let event = Event::new(format!("{line}{line_end}{rest}"));
            let encoded = String::from_utf8(event.to_bytes().to_vec()).unwrap();
            assert!(encoded.starts_with(&format!("data: {line}\ndata: ")));
            assert!(encoded.ends_with(&format!("\ndata: {rest}\n\n")));
            assert_eq!(encoded.lines().count(), lines + 1, "{length} {line_end:?}");
            assert_eq!(event.encoded_len(), encoded.len());
        }
    }
}

#[test]
fn comments_are_lines_and_nothing_else() {
    for (text, lines) in TEXTS {
        let mut buf = Vec::new();
        Encoder::new().comment(text, &mut buf);
        assert_eq!(text_of(&buf), prefixed(": ", lines), "{text:?}");
    }
}

#[test]
fn a_cut_in_data_is_not_seen() {
    for (text, lines) in TEXTS {
        let expected = prefixed("data: ", lines) + "\n";
        for first in boundaries(text) {
            for second in boundaries(text).filter(|&second| second >= first) {
                let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
                encoder.data("", &mut buf);
                encoder.data(&text[..first], &mut buf);
                encoder.data("", &mut buf);
                encoder.data(&text[first..second], &mut buf);
                encoder.data(&text[second..], &mut buf);
                encoder.end(&mut buf);
                assert_eq!(
                    text_of(&buf),
                    expected,
                    "{text:?} cut at {first} and {second}"
                );

                buf.clear();
                encoder.begin(&Event::new(&text[..first]), &mut buf);
                encoder.data(&text[first..second], &mut buf);
                encoder.data(&text[second..], &mut buf);
                encoder.end(&mut buf);
                assert_eq!(
                    text_of(&buf),
                    expected,
                    "{text:?} cut at {first} and {second}"
                );
            }
        }
    }
}

/// A CR that ended one event does not join an LF that starts the next.
#[test]
fn a_pair_of_line_ends_does_not_reach_over_events() {
    let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
    encoder.data("\r", &mut buf);
    encoder.end(&mut buf);
    encoder.data("\n", &mut buf);
    encoder.end(&mut buf);
    assert_eq!(text_of(&buf), "data: \ndata: \n\ndata: \ndata: \n\n");
}

type Step = fn(&mut Encoder, &mut Vec<u8>);

const COMMENT: Step = |encoder, buf| encoder.comment("c\rd", buf);
const KEEP_ALIVE: Step = |encoder, buf| encoder.keep_alive(buf);
const RETRY: Step = |encoder, buf| encoder.retry(Duration::from_millis(7), buf);
const EVENT: Step = |encoder, buf| encoder.event(&Event::new("e"), buf);
const BEGIN: Step = |encoder, buf| encoder.begin(&Event::new("b"), buf);
const BEGIN_EMPTY: Step = |encoder, buf| encoder.begin(&Event::without_data(), buf);
const BEGIN_WITH_ID: Step = |encoder, buf| {
    encoder.begin(
        &Event::without_data().with_id(EventId::from_static("i")),
        buf,
    )
};
const DATA: Step = |encoder, buf| encoder.data("d", buf);
const DATA_WITH_CR: Step = |encoder, buf| encoder.data("d\r", buf);
const DATA_WITH_LF: Step = |encoder, buf| encoder.data("\nd", buf);
const NO_DATA: Step = |encoder, buf| encoder.data("", buf);
const END: Step = |encoder, buf| encoder.end(buf);
const FIELD: Step = |encoder, buf| encoder.field(&Field::new("f", "v").unwrap(), buf);
const BOM_FIELD: Step = |encoder, buf| encoder.field(&Field::new("\u{feff}", "").unwrap(), buf);
const COMMENT_FRAME: Step = |encoder, buf| encoder.frame(&Frame::Comment("c\rd".into()), buf);
const RETRY_FRAME: Step =
    |encoder, buf| encoder.frame(&Frame::Retry(Duration::from_millis(7)), buf);
const EVENT_WITH_RETRY: Step = |encoder, buf| {
    let event = Event::new("e").with_retry(Duration::from_millis(7));
    encoder.frame(&Frame::Event(event), buf);
};
const UNDISPATCHED: Step = |encoder, buf| {
    encoder.frame(&Frame::Undispatched(Event::without_data()), buf);
};

#[test]
fn each_call_in_each_state() {
    let table: &[(&[Step], &str)] = &[
        // Between events.
        (&[COMMENT], ": c\n: d\n"),
        (&[KEEP_ALIVE], ":\n"),
        (&[RETRY], "retry: 7\n"),
        (&[EVENT, EVENT], "data: e\n\ndata: e\n\n"),
        (&[END], ""),
        (&[EVENT, END], "data: e\n\n"),
        (&[COMMENT_FRAME], ":c\n:d\n"),
        // In a block whose event has not begun.
        (&[RETRY, END], "retry: 7\n\n"),
        (&[RETRY, COMMENT, EVENT], "retry: 7\n: c\n: d\ndata: e\n\n"),
        (&[FIELD], "f: v\n"),
        (&[FIELD, END], "f: v\n\n"),
        (&[FIELD, EVENT], "f: v\ndata: e\n\n"),
        (&[FIELD, UNDISPATCHED], "f: v\n\n"),
        (&[FIELD, BEGIN, END], "f: v\ndata: b\n\n"),
        (&[FIELD, BEGIN, EVENT], "f: v\ndata: b\n\ndata: e\n\n"),
        (&[FIELD, DATA, END], "f: v\ndata: d\n\n"),
        (&[FIELD, COMMENT, FIELD], "f: v\n: c\n: d\nf: v\n"),
        (&[RETRY_FRAME, EVENT], "retry: 7\ndata: e\n\n"),
        (&[RETRY_FRAME, EVENT_WITH_RETRY], "retry: 7\ndata: e\n\n"),
        (
            &[FIELD, RETRY, EVENT_WITH_RETRY],
            "f: v\nretry: 7\ndata: e\n\n",
        ),
        (&[FIELD, EVENT_WITH_RETRY], "f: v\nretry: 7\ndata: e\n\n"),
        (
            &[RETRY_FRAME, EVENT_WITH_RETRY, FIELD, EVENT_WITH_RETRY],
            "retry: 7\ndata: e\n\nf: v\nretry: 7\ndata: e\n\n",
        ),
        // A byte order mark at the start of the stream would be dropped (R5).
        (&[BOM_FIELD], "\n\u{feff}: \n"),
        (&[FIELD, BOM_FIELD], "f: v\n\u{feff}: \n"),
        (&[BEGIN_EMPTY, BOM_FIELD], "\n\u{feff}: \n"),
        (&[BEGIN_EMPTY, FIELD, BOM_FIELD], "f: v\n\u{feff}: \n"),
        (&[BEGIN_EMPTY, RETRY, BOM_FIELD], "retry: 7\n\u{feff}: \n"),
        (&[BEGIN_WITH_ID, BOM_FIELD], "id: i\n\u{feff}: \n"),
        (&[FIELD, BEGIN_EMPTY, BOM_FIELD], "f: v\n\u{feff}: \n"),
        // In an event without data so far.
        (&[BEGIN_EMPTY], ""),
        (&[BEGIN_WITH_ID], "id: i\n"),
        (&[BEGIN_EMPTY, END, END], "\n"),
        (&[BEGIN_WITH_ID, END], "id: i\n\n"),
        (&[BEGIN_WITH_ID, COMMENT], "id: i\n: c\n: d\n"),
        (&[BEGIN_WITH_ID, KEEP_ALIVE], "id: i\n:\n"),
        (&[BEGIN_WITH_ID, RETRY, END], "id: i\nretry: 7\n\n"),
        (
            &[BEGIN_WITH_ID, COMMENT, DATA, END],
            "id: i\n: c\n: d\ndata: d\n\n",
        ),
        (&[BEGIN_WITH_ID, EVENT], "id: i\n\ndata: e\n\n"),
        (&[BEGIN_WITH_ID, BEGIN, END], "id: i\n\ndata: b\n\n"),
        (&[BEGIN_WITH_ID, NO_DATA, END], "id: i\ndata: \n\n"),
        (
            &[BEGIN_WITH_ID, DATA_WITH_LF, END],
            "id: i\ndata: \ndata: d\n\n",
        ),
        // In a data line.
        (&[DATA], "data: d"),
        (&[NO_DATA], "data: "),
        (&[BEGIN, DATA, END], "data: bd\n\n"),
        (&[DATA, KEEP_ALIVE, DATA, END], "data: dd\n\n"),
        (&[DATA, COMMENT], "data: d"),
        (&[DATA, COMMENT, DATA, END], "data: dd\n: c\n: d\n\n"),
        (
            &[DATA, RETRY, COMMENT, RETRY, END],
            "data: d\nretry: 7\n: c\n: d\nretry: 7\n\n",
        ),
        (
            &[DATA, RETRY, DATA_WITH_LF, DATA_WITH_LF],
            "data: d\nretry: 7\ndata: d\ndata: d",
        ),
        (
            &[DATA, RETRY, DATA_WITH_LF, RETRY, END],
            "data: d\nretry: 7\ndata: d\nretry: 7\n\n",
        ),
        (&[DATA, RETRY, EVENT], "data: d\nretry: 7\n\ndata: e\n\n"),
        (
            &[DATA, RETRY, BEGIN, END, COMMENT],
            "data: d\nretry: 7\n\ndata: b\n\n: c\n: d\n",
        ),
        (&[DATA, FIELD, DATA, END], "data: dd\nf: v\n\n"),
        (
            &[DATA, RETRY_FRAME, COMMENT_FRAME, END],
            "data: d\nretry: 7\n:c\n:d\n\n",
        ),
        // Between the two bytes of a line end.
        (&[DATA_WITH_CR, DATA_WITH_LF, END], "data: d\ndata: d\n\n"),
        (
            &[DATA_WITH_CR, NO_DATA, DATA_WITH_LF, END],
            "data: d\ndata: d\n\n",
        ),
        (
            &[DATA_WITH_CR, RETRY, DATA_WITH_LF, END],
            "data: d\ndata: d\nretry: 7\n\n",
        ),
        (
            &[DATA_WITH_CR, KEEP_ALIVE, DATA_WITH_LF],
            "data: d\ndata: d",
        ),
        (
            &[DATA_WITH_CR, DATA, DATA_WITH_LF],
            "data: d\ndata: d\ndata: d",
        ),
        (
            &[DATA_WITH_CR, BEGIN_EMPTY, DATA_WITH_LF],
            "data: d\ndata: \n\ndata: \ndata: d",
        ),
    ];
    for (row, (steps, expected)) in table.iter().enumerate() {
        let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
        for step in *steps {
            step(&mut encoder, &mut buf);
        }
        assert_eq!(text_of(&buf), *expected, "row {row}");
    }
}

#[test]
fn a_clone_goes_on_from_where_it_was_taken() {
    let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
    encoder.data("a\r", &mut buf);
    encoder.comment("c", &mut buf);
    let mut copy = encoder.clone();
    let mut copy_buf = buf.clone();
    for (encoder, buf) in [(&mut encoder, &mut buf), (&mut copy, &mut copy_buf)] {
        encoder.data("\nb", buf);
        encoder.end(buf);
        assert_eq!(text_of(buf), "data: a\ndata: b\n: c\n\n");
    }
}

#[test]
fn a_writer_takes_text_and_bytes() {
    let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
    let mut writer = encoder.data_writer(&mut buf);
    writer.write_str("one\r").unwrap();
    writer.write_all("\n\u{e9}".as_bytes()).unwrap();
    assert_eq!(writer.write(b"\ntwo").unwrap(), 4);
    writer.flush().unwrap();
    serde_json::to_writer(writer, &serde_json::json!({ "a\n": [1, "\u{c5d0}"] })).unwrap();
    encoder.end(&mut buf);
    assert_eq!(
        text_of(&buf),
        "data: one\ndata: \u{e9}\ndata: two{\"a\\n\":[1,\"\u{c5d0}\"]}\n\n"
    );
}

#[test]
fn a_writer_that_was_not_used_begins_no_event() {
    let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
    encoder.data_writer(&mut buf).flush().unwrap();
    encoder.end(&mut buf);
    assert_eq!(buf, b"");
}

#[test]
fn nothing_is_written_of_bytes_that_are_not_utf8() {
    for (bytes, valid) in [
        (&b"\xff"[..], 0),
        (b"ab\xff", 2),
        (b"a\n\xe2\x80", 2),
        (b"\r\xc0\x80", 1),
        (b"\xed\xa0\x80", 0),
    ] {
        // An encoder between events stays there, and one after a CR still waits for its LF.
        for (before, after, expected) in
            [(None, "", ""), (Some("x\r"), "\ny", "data: x\ndata: y\n\n")]
        {
            let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
            if let Some(before) = before {
                encoder.data(before, &mut buf);
            }
            let written = buf.len();
            let error = encoder.data_writer(&mut buf).write_all(bytes).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            let inner = error
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<InvalidText>());
            assert!(
                matches!(inner, Some(InvalidText::NotUtf8 { position, .. }) if *position == valid)
            );
            assert_eq!(buf.len(), written);
            if !after.is_empty() {
                encoder.data(after, &mut buf);
            }
            encoder.end(&mut buf);
            assert_eq!(text_of(&buf), expected, "{bytes:?}");
        }
    }
}

#[test]
fn a_buffer_of_the_encoded_length_is_enough_and_one_byte_less_panics() {
    let event = Event::new("a\r\nb").with_id(7);
    let encoded = event.to_bytes();
    let mut room = vec![0; event.encoded_len()];
    event.encode(&mut &mut room[..]);
    assert_eq!(room, encoded);
    let short = catch_unwind(move || event.encode(&mut &mut room[1..]));
    assert!(short.is_err());
}

#[test]
fn an_encoder_can_be_sent_and_is_small() {
    fn assert_send_and_sync<T: Send + Sync>() {}
    assert_send_and_sync::<Encoder>();
    assert!(size_of::<Encoder>() <= 48);
}

fn prefixed(prefix: &str, lines: &[&str]) -> String {
    lines
        .iter()
        .map(|line| format!("{prefix}{line}\n"))
        .collect()
}

fn boundaries(text: &str) -> impl Iterator<Item = usize> {
    (0..=text.len()).filter(|&at| text.is_char_boundary(at))
}

fn text_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Encodes a whole event in every way, into every kind of buffer.
#[track_caller]
fn assert_encodes_to(event: &Event<'_>, expected: &str) {
    let mut buf = b"before ".to_vec();
    event.encode(&mut buf);
    assert_eq!(text_of(&buf), format!("before {expected}"));
    let mut buf = BytesMut::new();
    Encoder::new().event(event, &mut buf);
    assert_eq!(text_of(&buf), expected);
    assert_eq!(text_of(&event.to_bytes()), expected);
    assert_eq!(event.encoded_len(), expected.len());
}
