//! What HTTP code around the codec is told.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use sse_wire::headers::{self, is_event_stream, last_event_id};
use sse_wire::{Decoder, EncodeError, Event};

/// R22, with the content types of the Web Platform Tests `eventsource/format-mime-*` and
/// `format-utf-8` first.
#[test]
fn a_content_type_is_an_event_streams_by_its_essence() {
    for (content_type, expected) in [
        ("text/event-stream", true),
        ("text/event-stream;", true),
        ("text/event-stream;x bogus", true),
        ("text/event-stream x bogus", false),
        ("text/event-stream;charset=utf-8", true),
        ("text/event-stream;charset=windows-1252", true),
        ("x bogus", false),
        // Case and white space.
        ("TEXT/Event-Stream", true),
        ("text/event-stream ; charset=utf-8", true),
        ("text/event-stream; charset=utf-8", true),
        (" \t\r\ntext/event-stream\n\r\t ", true),
        ("text/event-stream\t;", true),
        ("\u{c}text/event-stream", false),
        ("text/event-stream\u{b}", false),
        ("\u{a0}text/event-stream", false),
        ("text /event-stream", false),
        ("text/ event-stream", false),
        ("text/event-stream\0", false),
        // Parameters are not looked at, whatever they are.
        ("text/event-stream;;;", true),
        ("text/event-stream;=\"", true),
        ("text/event-stream;,text/html", true),
        // Others, and nearly.
        ("", false),
        (" ", false),
        (";", false),
        ("/", false),
        ("*/*", false),
        ("text/*", false),
        ("text/plain", false),
        ("text/html; charset=utf-8", false),
        ("text/html;text/event-stream", false),
        ("application/json", false),
        ("text/event-streams", false),
        ("text/event-strea", false),
        ("text/event_stream", false),
        ("text-event/stream", false),
        ("\"text/event-stream\"", false),
        ("text/event-stream,foo", false),
        ("text/event-stream, text/event-stream", false),
        ("text/event-\u{17f}tream", false),
    ] {
        assert_eq!(is_event_stream(content_type), expected, "{content_type:?}");
    }
    assert!(!is_event_stream(b"text/event-stream\xff"));
    assert!(is_event_stream(b"text/event-stream;\xff"));
}

/// R23 and R24.
#[test]
fn a_last_event_id_from_a_client_is_text_without_nul_cr_and_lf() {
    let line_end = |position| EncodeError::LineEnd {
        field: "last event ID",
        position,
    };
    for (value, expected) in [
        (&b""[..], Ok("")),
        (b"42", Ok("42")),
        (b" 42 ", Ok(" 42 ")),
        ("\u{c5d0}\u{2026}".as_bytes(), Ok("\u{c5d0}\u{2026}")),
        ("\u{feff}1".as_bytes(), Ok("\u{feff}1")),
        ("\u{2028}\u{85}".as_bytes(), Ok("\u{2028}\u{85}")),
        (b"1\0", Err(EncodeError::Nul { position: 1 })),
        (b"\n", Err(line_end(0))),
        (b"12\r\ndata: x", Err(line_end(2))),
        (b"\xff", Err(EncodeError::NotUtf8 { position: 0 })),
        (b"caf\xe9", Err(EncodeError::NotUtf8 { position: 3 })),
        // Cut in a character; overlong; a surrogate.
        (b"1\xe2\x80", Err(EncodeError::NotUtf8 { position: 1 })),
        (b"1\xc0\x80", Err(EncodeError::NotUtf8 { position: 1 })),
        (b"1\xed\xa0\x80", Err(EncodeError::NotUtf8 { position: 1 })),
        // Text at all comes first.
        (b"\n\xff", Err(EncodeError::NotUtf8 { position: 1 })),
    ] {
        assert_eq!(last_event_id(value), expected, "{value:?}");
    }
}

#[test]
fn an_accepted_last_event_id_is_accepted_everywhere() {
    let id = last_event_id("\u{e9} 1".as_bytes()).unwrap();
    assert_eq!(Event::new("").with_id(id).unwrap().id(), Some(id));
    let decoder = Decoder::new().with_last_event_id(id).unwrap();
    assert_eq!(decoder.last_event_id(), id);
}

#[test]
fn header_names_are_in_lower_case_and_no_value_ends_the_line() {
    let names = http::RESPONSE_HEADERS.map(|(name, _)| name);
    for name in names.into_iter().chain([http::LAST_EVENT_ID]) {
        assert!(
            name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
            "{name}"
        );
    }
    for (_, value) in http::RESPONSE_HEADERS {
        assert!(value.bytes().all(|b| b.is_ascii_graphic()), "{value}");
    }
    let content_type = http::RESPONSE_HEADERS
        .iter()
        .find(|(name, _)| *name == "content-type");
    assert!(is_event_stream(content_type.unwrap().1));
}
