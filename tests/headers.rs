//! The constants and checks for HTTP code around the codec.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use sse_wire::headers::{self, is_event_stream, last_event_id};
use sse_wire::headers::{Answer, answer};
use sse_wire::{Decoder, Event};

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
        // Any parameters are ignored.
        ("text/event-stream;;;", true),
        ("text/event-stream;=\"", true),
        ("text/event-stream;,text/html", true),
        // Other types, and similar ones.
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
    for (value, expected) in [
        (&b""[..], Ok("")),
        (b"42", Ok("42")),
        (b" 42 ", Ok(" 42 ")),
        ("\u{c5d0}\u{2026}".as_bytes(), Ok("\u{c5d0}\u{2026}")),
        ("\u{feff}1".as_bytes(), Ok("\u{feff}1")),
        ("\u{2028}\u{85}".as_bytes(), Ok("\u{2028}\u{85}")),
        (b"1\0", Err("NUL at byte 1")),
        (b"\n", Err("line end at byte 0")),
        (b"12\r\ndata: x", Err("line end at byte 2")),
        (b"\xff", Err("invalid UTF-8 at byte 0")),
        (b"caf\xe9", Err("invalid UTF-8 at byte 3")),
        // Cut in a character; overlong; a surrogate.
        (b"1\xe2\x80", Err("invalid UTF-8 at byte 1")),
        (b"1\xc0\x80", Err("invalid UTF-8 at byte 1")),
        (b"1\xed\xa0\x80", Err("invalid UTF-8 at byte 1")),
        // UTF-8 is checked first.
        (b"\n\xff", Err("invalid UTF-8 at byte 1")),
    ] {
        let id = last_event_id(value);
        let id = id
            .as_ref()
            .map(|id| id.as_str())
            .map_err(ToString::to_string);
        assert_eq!(id, expected.map_err(ToString::to_string), "{value:?}");
    }
}

#[test]
fn an_accepted_last_event_id_is_accepted_everywhere() {
    let id = last_event_id("\u{e9} 1".as_bytes()).unwrap();
    assert_eq!(Event::new("").with_id(id.clone()).id(), Some(id.as_str()));
    let decoder = Decoder::new().with_last_event_id(id.clone());
    assert_eq!(decoder.last_event_id(), id.as_str());
}

#[test]
fn header_names_are_in_lower_case_and_no_value_ends_the_line() {
    let names = headers::RESPONSE.map(|(name, _)| name);
    for name in names.into_iter().chain([headers::LAST_EVENT_ID]) {
        assert!(
            name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
            "{name}"
        );
    }
    for (_, value) in headers::RESPONSE {
        let is_visible = |b: u8| b.is_ascii_graphic() || b == b' ';
        assert!(value.bytes().all(is_visible), "{value}");
    }
    let content_type = headers::RESPONSE
        .iter()
        .find(|(name, _)| *name == "content-type");
    assert!(is_event_stream(content_type.unwrap().1));
}

/// R22 and 9.2.3: only 200 with the right type is decoded, and 204 is not an error.
#[test]
fn a_client_decodes_stops_or_fails() {
    let event_stream = Some(&b"text/event-stream; charset=utf-8"[..]);
    for (status, content_type, expected) in [
        (200, event_stream, Answer::Decode),
        (200, Some(b"application/json"), Answer::Fail),
        (200, None, Answer::Fail),
        (201, event_stream, Answer::Fail),
        (204, event_stream, Answer::Stop),
        (204, None, Answer::Stop),
        (301, None, Answer::Fail),
        (404, event_stream, Answer::Fail),
        (503, event_stream, Answer::Fail),
    ] {
        assert_eq!(
            answer(status, content_type),
            expected,
            "{status}, {content_type:?}"
        );
    }
}
