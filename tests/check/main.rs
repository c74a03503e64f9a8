//! The checker: each kind of diagnostic with its place and with what clients do there, and laws for
//! all streams.

mod captures;
mod laws;

use sse_wire::check::{Checker, Diagnostic, Kind, Severity, Summary};
use sse_wire::{DecodeError, Decoder, Event};
use std::collections::BTreeSet;
use std::time::Duration;

/// A stream with one fault, what clients make of it, and a similar stream without a fault.
struct Row {
    kind: Kind,
    stream: &'static [u8],
    /// Line, column, offset and length of the diagnostic.
    at: (u64, u64, u64, u64),
    /// Other findings, since one mistake leads to another.
    also: &'static [Kind],
    client: Client,
    neighbour: &'static [u8],
}

/// What a client makes of a stream.
#[derive(Debug, PartialEq)]
struct Client {
    /// Types and data, in order.
    events: &'static [(&'static str, &'static str)],
    last_event_id: &'static str,
    /// In milliseconds.
    retry: Option<u64>,
}

const fn client(events: &'static [(&'static str, &'static str)]) -> Client {
    Client {
        events,
        last_event_id: "",
        retry: None,
    }
}

const fn with_id(last_event_id: &'static str, client: Client) -> Client {
    Client {
        last_event_id,
        ..client
    }
}

const fn with_retry(milliseconds: u64, client: Client) -> Client {
    Client {
        retry: Some(milliseconds),
        ..client
    }
}

/// The limit of an event in the rows.
const LIMIT: usize = 90;

const ROWS: &[Row] = &[
    Row {
        kind: Kind::InvalidUtf8,
        stream: b"data: caf\xE9!\n\n",
        at: (1, 10, 9, 1),
        also: &[],
        client: client(&[("message", "caf\u{fffd}!")]),
        neighbour: b"data: caf\xC3\xA9!\n\n",
    },
    Row {
        kind: Kind::BomBeforeField,
        stream: b"\xEF\xBB\xBF\xEF\xBB\xBFdata: a\n\ndata: b\n\n",
        at: (1, 1, 3, 3),
        also: &[],
        client: client(&[("message", "b")]),
        neighbour: b"\xEF\xBB\xBFdata: a\n\ndata: b\n\n",
    },
    Row {
        kind: Kind::BomInValue,
        stream: b"data: \xE2\x82\xAC\xEF\xBB\xBFa\n\n",
        at: (1, 8, 9, 3),
        also: &[],
        client: client(&[("message", "\u{20ac}\u{feff}a")]),
        neighbour: b": \xEF\xBB\xBF\ndata: \xE2\x82\xACa\n\n",
    },
    Row {
        kind: Kind::MixedLineEnds,
        stream: b"data: a\n\ndata: b\r\n\r\n",
        at: (3, 8, 16, 2),
        also: &[],
        client: client(&[("message", "a"), ("message", "b")]),
        neighbour: b"data: a\r\n\r\ndata: b\r\n\r\n",
    },
    Row {
        kind: Kind::BareCr,
        stream: b"data: a\r\rdata: b\r\r",
        at: (1, 8, 7, 1),
        also: &[],
        client: client(&[("message", "a"), ("message", "b")]),
        neighbour: b"data: a\r\n\r\ndata: b\r\n\r\n",
    },
    Row {
        kind: Kind::CrCrLf,
        stream: b"data: a\r\r\ndata: b\r\r\n\r\r\n",
        at: (1, 8, 7, 3),
        also: &[],
        client: client(&[("message", "a"), ("message", "b")]),
        neighbour: b"data: a\r\n\r\ndata: b\r\n\r\n",
    },
    Row {
        kind: Kind::UnicodeLineEnd,
        stream: b"data: a\xE2\x80\xA8b\n\n",
        at: (1, 8, 7, 3),
        also: &[],
        client: client(&[("message", "a\u{2028}b")]),
        neighbour: b"data: \xE2\x80\x9Ca\xE2\x80\x9D\n\n: \xE2\x80\xA8\n",
    },
    Row {
        kind: Kind::UnknownField,
        stream: b"data: a\nfoo: b\n\n",
        at: (2, 1, 8, 3),
        also: &[],
        client: client(&[("message", "a")]),
        neighbour: b"data: a\n:foo: b\n\n",
    },
    Row {
        kind: Kind::FieldNameCase,
        stream: b"id: 1\nData: a\ndata: b\n\n",
        at: (2, 1, 6, 4),
        also: &[],
        client: with_id("1", client(&[("message", "b")])),
        neighbour: b"id: 1\ndata: Data\ndata: b\n\n",
    },
    Row {
        kind: Kind::SpaceBeforeColon,
        stream: b"data: a\n\ndata : b\n\n",
        at: (3, 1, 9, 5),
        also: &[],
        client: client(&[("message", "a")]),
        neighbour: b"data: a\n\ndata: :b\n\n",
    },
    Row {
        kind: Kind::LeadingSpace,
        stream: b"data: a\n\n\tid: 1\n\n",
        at: (3, 1, 9, 3),
        also: &[],
        client: client(&[("message", "a")]),
        neighbour: b"data: a\ndata:\tid: 1\n\n",
    },
    Row {
        kind: Kind::WhiteSpaceLine,
        stream: b"data: a\n \ndata: b\n\n",
        at: (2, 1, 8, 1),
        also: &[],
        client: client(&[("message", "a\nb")]),
        neighbour: b"data: a\n:\ndata: b\n\n",
    },
    Row {
        kind: Kind::DoubledField,
        stream: b"data: data: a\n\n",
        at: (1, 7, 6, 5),
        also: &[],
        client: client(&[("message", "data: a")]),
        neighbour: b"data: data\n\ndata: a data: b\n\n",
    },
    Row {
        kind: Kind::LostSpace,
        stream: b"data:La\n\ndata: frase\n\ndata:come\n\n",
        at: (3, 6, 14, 1),
        also: &[],
        client: client(&[("message", "La"), ("message", "frase"), ("message", "come")]),
        neighbour: b"data:{\"a\": 1}\n\ndata: [DONE]\n\ndata:La\n\nid: 1\ndata:\n\n",
    },
    Row {
        kind: Kind::NoSpaceAfterColon,
        stream: b"id: 1\ndata:a\n\n",
        at: (2, 5, 10, 1),
        also: &[],
        client: with_id("1", client(&[("message", "a")])),
        neighbour: b":a\nid:\ndata\ndata:\ndata: a\n\n",
    },
    Row {
        kind: Kind::TwoSpacesAfterColon,
        stream: b"data:  a\n\n",
        at: (1, 7, 6, 1),
        also: &[],
        client: client(&[("message", " a")]),
        neighbour: b"data: a  b\n\n",
    },
    Row {
        kind: Kind::NulInData,
        stream: b"data: a\0b\n\n",
        at: (1, 8, 7, 1),
        also: &[],
        client: client(&[("message", "a\0b")]),
        neighbour: b"data: {\"a\": \"\\u0000\"}\n\n: \0\n",
    },
    Row {
        kind: Kind::SentinelSpace,
        stream: b"data: a\n\ndata: [DONE] \n\n",
        at: (3, 13, 21, 1),
        also: &[],
        client: client(&[("message", "a"), ("message", "[DONE] ")]),
        neighbour: b"data: a \n\ndata: [DONE]\n\n",
    },
    Row {
        kind: Kind::EventTypeOverwritten,
        stream: b"event: a\nevent: b\ndata: c\n\n",
        at: (2, 1, 9, 8),
        also: &[],
        client: client(&[("b", "c")]),
        neighbour: b"event: a\ndata: c\n\nevent\nevent: b\nevent: b\ndata: c\n\n",
    },
    Row {
        kind: Kind::EventTypeSpace,
        stream: b"event: tick \ndata: a\n\n",
        at: (1, 8, 7, 5),
        also: &[],
        client: client(&[("tick ", "a")]),
        neighbour: b"event: tick tock\ndata: a \n\n",
    },
    Row {
        kind: Kind::ReservedEventType,
        stream: b"data: a\nevent: error\n\n",
        at: (2, 1, 8, 12),
        also: &[],
        client: client(&[("error", "a")]),
        neighbour: b"data: error\nevent: errors\n\nevent: message\ndata: a\n\n",
    },
    Row {
        kind: Kind::IdWithNul,
        stream: b"id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n",
        at: (4, 6, 20, 1),
        also: &[],
        client: with_id("1", client(&[("message", "a"), ("message", "b")])),
        neighbour: b"id: 1\ndata: a\n\nid: 20\ndata: b\n\n",
    },
    Row {
        kind: Kind::IdNotPortable,
        stream: b"id: a\x7F\ndata: a\n\n",
        at: (1, 6, 5, 1),
        also: &[],
        client: with_id("a\x7F", client(&[("message", "a")])),
        neighbour: b"id: resp_1/2 b\ndata: \x7F\n\n",
    },
    Row {
        kind: Kind::IdOverwritten,
        stream: b"id: 1\ndata: a\nid: 2\ndata: b\n\n",
        at: (3, 1, 14, 5),
        also: &[],
        client: with_id("2", client(&[("message", "a\nb")])),
        neighbour: b"id: 1\ndata: a\n\nid: 2\ndata: b\nid: 2\n\n",
    },
    Row {
        kind: Kind::EmptyRetry,
        stream: b"retry: \n\n",
        at: (1, 1, 0, 7),
        also: &[],
        client: client(&[]),
        neighbour: b"retry: 0\n\n",
    },
    Row {
        kind: Kind::InvalidRetry,
        stream: b"retry: 500\nretry: +1500\n\n",
        at: (2, 8, 18, 5),
        also: &[],
        client: with_retry(500, client(&[])),
        neighbour: b"retry: 500\nretry: 0001500\n\n",
    },
    Row {
        kind: Kind::HugeRetry,
        stream: b"retry: 2147483648\n\n",
        at: (1, 8, 7, 10),
        also: &[],
        client: with_retry(2_147_483_648, client(&[])),
        neighbour: b"retry: 2147483647\n\n",
    },
    Row {
        kind: Kind::BlockWithoutData,
        stream: b"id: 1\nevent: ping\n\ndata: a\n\n",
        at: (2, 1, 6, 11),
        also: &[],
        client: with_id("1", client(&[("message", "a")])),
        neighbour: b"id: 1\nevent: ping\ndata\n\nid: 1\n\nretry: 5\n\nevent\nid: 1\n\ndata: a\n\n",
    },
    Row {
        kind: Kind::EventTypeWithoutData,
        stream: b": hi\nevent: ping\n\ndata: a\n\n",
        at: (2, 1, 5, 11),
        also: &[],
        client: client(&[("message", "a")]),
        neighbour: b"event\n\nevent: ping\ndata\n\n: ping\n\n",
    },
    Row {
        kind: Kind::IdWithoutData,
        stream: b"id: 1\n\ndata: a\n\n",
        at: (1, 1, 0, 5),
        also: &[],
        client: with_id("1", client(&[("message", "a")])),
        neighbour: b"retry: 5\n\n: a\n\nid: 1\ndata: a\n\n",
    },
    Row {
        kind: Kind::EventTooLarge,
        stream: b"data: 3456789 123456789 123456789 123456789 123456789\n\
                  data: 3456789 123456789 123456789 123456789 123456789\n\ndata: a\n\n",
        at: (2, 1, 54, 53),
        also: &[],
        client: client(&[("message", "a")]),
        neighbour: b"data: 3456789 123456789 123456789 123456789 123456789\n\n\
                     data: 3456789 123456789 123456789 123456789 123456789\n\ndata: a\n\n",
    },
    Row {
        kind: Kind::LineTooLong,
        stream: b":23456789 123456789 123456789 123456789 123456789 123456789 123456789 \
                  123456789 123456789 123456789 1\n",
        at: (1, 1, 0, 101),
        also: &[],
        client: client(&[]),
        neighbour: b":23456789 123456789 123456789 123456789 123456789 123456789 123456789 \
                     123456789 123456789 123456789\n",
    },
    Row {
        kind: Kind::EndInsideLine,
        stream: b"id: 1\ndata: a\n\nid: 2",
        at: (4, 6, 20, 0),
        also: &[],
        client: with_id("1", client(&[("message", "a")])),
        neighbour: b"id: 1\ndata: a\n\n: 2",
    },
    Row {
        kind: Kind::EndInsideBlock,
        stream: b"id: 1\ndata: a\n\nid: 2\ndata: b\n",
        at: (6, 1, 29, 0),
        also: &[],
        client: with_id("1", client(&[("message", "a")])),
        neighbour: b"id: 1\ndata: a\n\nretry: 5\n: b\n",
    },
    Row {
        kind: Kind::RawJson,
        stream: b"{\n  \"error\": {\n    \"data\": [\n      1\n    ]\n  }\n}\n",
        at: (1, 1, 0, 1),
        also: &[],
        client: client(&[]),
        neighbour: b"data: {\ndata:   \"error\": {\ndata:     \"data\": [\ndata:       1\n\
                     data:     ]\ndata:   }\ndata: }\n\n",
    },
    Row {
        kind: Kind::RawHtml,
        stream: b"<!DOCTYPE html>\n<title>Oops</title>\n\n<p>Data: none\n \n",
        at: (1, 1, 0, 15),
        also: &[],
        client: client(&[]),
        neighbour: b"data: <!DOCTYPE html>\ndata: <title>Oops</title>\n\n",
    },
    Row {
        kind: Kind::RawHttpHead,
        stream: b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: a\r\n\r\n",
        at: (1, 1, 0, 15),
        also: &[],
        client: client(&[("message", "a")]),
        neighbour: b": HTTP/1.1 200 OK\r\ndata: a\r\n\r\n",
    },
    Row {
        kind: Kind::RawHttpChunk,
        stream: b"9\r\ndata: a\n\n\r\n9\r\ndata: b\n\n\r\n0\r\n\r\n",
        at: (1, 1, 0, 1),
        also: &[],
        client: client(&[("message", "a"), ("message", "b")]),
        neighbour: b"data: a\n\ndata: b\n\n",
    },
    Row {
        kind: Kind::RawCompressed,
        stream: b"\x1F\x8B\x08\0\0\0\0\0\0\x03KI,ID\n\xFF\xFE",
        at: (1, 1, 0, 15),
        also: &[],
        client: client(&[]),
        neighbour: b"data: \x1F\xC2\x8B\n\n",
    },
    Row {
        kind: Kind::RawBinary,
        stream: b": hi\n\n\x8B\x02\x80\x00data\x03\n\xFF\xFE: a\n\n\x00\x01\n",
        at: (3, 1, 6, 9),
        also: &[],
        client: client(&[]),
        neighbour: b": hi\n\ndata: \x01\x02\x03\x04\n\n",
    },
    Row {
        kind: Kind::RecordingTool,
        stream:
            b"  % Total    % Received % Xferd\n                Dload  Upload\n\n\r  0     0    0 \
                  --:--:-- --:--:-- --:--:--     0\rdata: a\n\n",
        at: (1, 1, 0, 31),
        also: &[],
        client: client(&[("message", "a")]),
        neighbour: b"data: % Total\n\ndata: --:--:--\n\n",
    },
    Row {
        kind: Kind::NoEventStream,
        stream:
            b"12:00:01 INFO: a\n12:00:02 INFO: b\n\n \nc\nd\ne\nf\xFF\ng\nh\ni\nj\nk: \xFF\n\nl\n",
        at: (1, 1, 0, 16),
        also: &[],
        client: client(&[]),
        neighbour: b": 12:00:01 INFO: a\n: 12:00:02 INFO: b\n",
    },
    Row {
        kind: Kind::RawUtf16,
        stream: b"\xFF\xFEd\0a\0t\0a\0:\0 \0a\0\n\0\n\0",
        at: (1, 1, 0, 16),
        also: &[],
        client: client(&[]),
        neighbour: b"\xEF\xBB\xBFdata: a\n\n",
    },
    Row {
        kind: Kind::JsonCutByLineEnd,
        stream: b"data: {\"text\": \"one\ntwo\", \"more\": [\n1]}\n\ndata: {}\n\n",
        at: (2, 1, 20, 15),
        also: &[],
        client: client(&[("message", "{\"text\": \"one"), ("message", "{}")]),
        neighbour: b"data: {\"text\": \"one\\ntwo\", \"more\": [\ndata: 1]}\n\ndata: {}\n\n",
    },
    Row {
        kind: Kind::LineEndInJsonString,
        stream: b"data: {\"text\": \"one\ndata: two\ndata: three\"}\n\n",
        at: (2, 7, 26, 3),
        also: &[],
        client: client(&[("message", "{\"text\": \"one\ntwo\nthree\"}")]),
        neighbour: b"data: {\"text\":\ndata: \"one two\"\ndata: }\n\n",
    },
    Row {
        kind: Kind::JsonTextsInOneEvent,
        stream: b"data: {\"a\": 1}\ndata: {\"a\": 2}\ndata: {\"a\": 3}\n\n",
        at: (2, 7, 21, 8),
        also: &[],
        client: client(&[("message", "{\"a\": 1}\n{\"a\": 2}\n{\"a\": 3}")]),
        neighbour: b"data: [{\"a\": 1},\ndata: {\"a\": 2}]\n\ndata: {\"a\": 3}\n\n",
    },
    Row {
        kind: Kind::InvalidJson,
        stream: b"data: {\"a\": 1}\n\ndata: {\"a\": \n\ndata: {\"a\": 2}\n\n",
        at: (3, 7, 22, 6),
        also: &[],
        client: client(&[
            ("message", "{\"a\": 1}"),
            ("message", "{\"a\": "),
            ("message", "{\"a\": 2}"),
        ]),
        neighbour: b"data: {\"a\": 1}\n\ndata: {a}\n\ndata: [docs](x)\n\n",
    },
    Row {
        kind: Kind::LiteralLineEnd,
        stream: b"data: one\\ndata: two\\n\\n\n\n",
        at: (1, 10, 9, 2),
        also: &[],
        client: client(&[("message", "one\\ndata: two\\n\\n")]),
        neighbour: b"data: {\"text\": \"one\\ndata: two\\n\"}\n\ndata: C:\\new\n\n",
    },
];

#[test]
fn each_kind_where_it_is_and_not_beside_it() {
    for row in ROWS {
        let Row {
            kind,
            stream,
            at,
            also,
            client,
            neighbour,
        } = row;
        let text = stream.escape_ascii();
        let (found, summary) = check(checker_for(*kind), [*stream]);
        let (this, others): (Vec<_>, Vec<_>) = found.iter().partition(|d| d.kind() == *kind);
        let [diagnostic] = this[..] else {
            panic!("{kind}: {text}\n{found:#?}")
        };
        let place = (
            diagnostic.line(),
            diagnostic.column(),
            diagnostic.offset(),
            diagnostic.length(),
        );
        assert_eq!(place, *at, "{kind}: {text}");
        let others: Vec<_> = others.iter().map(|diagnostic| diagnostic.kind()).collect();
        assert_eq!(others, *also, "{kind}: {text}");
        assert_eq!(summary.count(*kind), 1, "{kind}: {text}");
        assert_client(stream, client);

        let (found, _) = check(checker_for(*kind), [*neighbour]);
        assert_eq!(found, [], "beside {kind}: {}", neighbour.escape_ascii());
    }
    let with_row: BTreeSet<Kind> = ROWS.iter().map(|row| row.kind).collect();
    assert!(Kind::ALL.iter().all(|kind| with_row.contains(kind)));
}

fn checker_for(kind: Kind) -> Checker {
    Checker::new()
        .with_max_event_size(LIMIT)
        .with_style(kind.is_style())
}

fn assert_client(stream: &[u8], expected: &Client) {
    let mut decoder = Decoder::new().with_max_event_size(LIMIT);
    let events = decode(&mut decoder, stream).0;
    let events: Vec<_> = events
        .iter()
        .map(|event| (event.event_type(), event.data()))
        .collect();
    let text = stream.escape_ascii();
    assert_eq!(events, expected.events, "{text}");
    assert_eq!(decoder.last_event_id(), expected.last_event_id, "{text}");
    assert_eq!(
        decoder.retry(),
        expected.retry.map(Duration::from_millis),
        "{text}"
    );
}

#[test]
fn messages_say_what_to_do() {
    for row in ROWS {
        let (found, _) = check(checker_for(row.kind), [row.stream]);
        for diagnostic in found {
            let message = diagnostic.message();
            assert!(message.len() <= 160, "{message}");
            assert!(!message.contains(char::is_control), "{message}");
            assert!(!message.ends_with('.'), "{message}");
            if diagnostic.severity() == Severity::Error {
                let losses = [
                    "ignore",
                    "lost",
                    "drop",
                    "replaces",
                    "U+FFFD",
                    "no event",
                    "dispatches nothing",
                ];
                assert!(
                    losses.iter().any(|loss| message.contains(loss)),
                    "{message}"
                );
            }
        }
    }
}

#[test]
fn what_is_found() {
    let wrong: Vec<_> = FOUND
        .iter()
        .map(|(stream, expected)| (stream.escape_ascii(), found_in(stream), *expected))
        .filter(|(_, found, expected)| found != expected)
        .map(|(stream, found, expected)| format!("{stream}\n  {found:?}\n  {expected:?}\n"))
        .collect();
    assert!(
        wrong.is_empty(),
        "stream, found, expected:\n{}",
        wrong.concat()
    );
}

fn found_in(stream: &[u8]) -> Vec<String> {
    in_short(&check(Checker::new(), [stream]).0)
}

const FOUND: &[(&[u8], &[&str])] = &[
    // Nothing, and nearly nothing.
    (b"", &[]),
    (b"\xEF\xBB\xBF", &[]),
    (b"\n\n\n", &[]),
    (b"\xEF\xBB\xBF\ndata: a\n\n", &[]),
    (b":\n\n: ping\n\n", &[]),
    (b"data\ndata:\nid\nevent\n\n", &[]),
    (b"data: \x01\x1B\x1F\xC2\x84\xE2\x80\xA7\n\n", &[]),
    // Invalid text: each maximal subpart, in every line that is looked at.
    (
        b"data: \xF0\x9F\x98a\xC0\x80\xE2\x82\xACb\xFF\n\n",
        &["1:7 invalid-utf8", "1:9 invalid-utf8"],
    ),
    (
        b": \xFF\nid: \xC0\x80\n\n",
        &["1:3 invalid-utf8"],
    ),
    (b"da\xFFta: a\n", &["1:1 unknown-field", "1:3 invalid-utf8"]),
    (b"data: \xE2\x82\n\n", &["1:7 invalid-utf8"]),
    // Byte order marks.
    (b"data: a\n\xEF\xBB\xBF\n\n", &["2:1 bom-before-field"]),
    (
        b"\xEF\xBB\xBF\xEF\xBB\xBF\xEF\xBB\xBF\n",
        &["1:1 bom-before-field"],
    ),
    (b"\n\xEF\xBB\xBF: a\n", &["2:1 bom-before-field"]),
    (b"da\xEF\xBB\xBFta: a\n", &["1:1 unknown-field"]),
    (
        b"id: \xEF\xBB\xBF1\xEF\xBB\xBF\n\n",
        &["1:5 id-not-portable", "1:5 bom-in-value"],
    ),
    (
        b"id: \xEF\xBB\xBF1\0\n\n",
        &["1:5 bom-in-value", "1:7 id-with-nul"],
    ),
    // Line ends: each other kind once, where it comes first.
    (
        b":\n:\r\n:\r:\n:\r\n:\r",
        &["2:2 mixed-line-ends", "3:2 mixed-line-ends"],
    ),
    (b":\n\r:\n", &["2:1 mixed-line-ends"]),
    (b"data: a\r", &["1:8 bare-cr", "2:1 end-inside-block"]),
    (b"data: a\r\n", &["2:1 end-inside-block"]),
    // Names: the first thing that is wrong.
    (b" Data : a\n", &["1:1 leading-space"]),
    (b"Data : a\n", &["1:1 space-before-colon"]),
    (b"EVENT\n", &["1:1 field-name-case"]),
    (b"data \n", &["1:1 space-before-colon"]),
    (
        b"   \n\t\n",
        &["1:1 white-space-line"],
    ),
    (b" : ping\n", &["1:1 unknown-field"]),
    (
        b"dataa: a\nids\n\"data\": a\n",
        &[
            "1:1 unknown-field",
            "2:1 unknown-field",
            "3:1 unknown-field",
        ],
    ),
    (b"[DONE]\n\n", &["1:1 unknown-field"]),
    // Values.
    (
        b"event: a\nevent\ndata\n\n",
        &["2:1 event-type-overwritten"],
    ),
    (
        b"event: open\nevent: a\ndata\n\n",
        &["2:1 event-type-overwritten"],
    ),
    (b"event: error\n\n", &["1:1 event-type-without-data"]),
    (
        b"event: open\ndata\n\nevent: Error\ndata\n\n",
        &["1:1 reserved-event-type"],
    ),
    (b"event:\tat\ndata\n\n", &["1:7 event-type-space"]),
    (b"id: 1\nid: 2\0\nid: 1\n\n", &["2:6 id-with-nul"]),
    (b"id: 1\n\nid: 2\n\n", &[]),
    (
        b"id: 1\nid: 2\nid: 1\n\n",
        &["2:1 id-overwritten"],
    ),
    (
        b"data: a\nData: b\n\nevent: a\nID: 1\n\n",
        &[
            "2:1 field-name-case",
            "5:1 field-name-case",
            "4:1 block-without-data",
        ],
    ),
    (b"data: {\"a\": 1}\\n\\n\n\n", &["1:15 literal-line-end"]),
    (b"data: {\"a\": \"\\n\"}\n\ndata: \"a\\n\"\n\n", &[]),
    (
        b"event: a\\ndata: b\\n\\n\ndata\n\n",
        &["1:9 literal-line-end"],
    ),
    (
        b"retry: 5\\n\n",
        &["1:8 invalid-retry", "1:9 literal-line-end"],
    ),
    // JSON that is cut, and text that only starts like JSON.
    (
        b"data: {\"a\":\n\n\"b\"}\n\n",
        &["3:1 json-cut-by-line-end"],
    ),
    (b"data: {\nfoo: b\n\n", &["2:1 unknown-field"]),
    (b"data: {\n\ndata: }\n\n", &["1:7 invalid-json"]),
    (b"data: {\n Data: 1}\n\n", &["2:1 leading-space"]),
    (b"data: [\"a\nData: b\"]\n\n", &["2:1 field-name-case"]),
    (b"data: {\n \ndata: }\n\n", &["2:1 white-space-line"]),
    (b"data: [INFO] \"a\nb\"\n\n", &["2:1 unknown-field"]),
    (b"data: \"one\ndata: two\"\n\n", &[]),
    (b"data: {}\ndata: a\n\n", &[]),
    // Not an event stream: one error up to the next field.
    (b"{\"a\": 1}\n\n{\"a\": 2}\n\n", &["1:1 raw-json"]),
    (b"{'a': 1}\n[1]\n", &["1:1 raw-json"]),
    (
        b"data: a\n\n{\"b\": 1}\n\ndata: c\n\n[1]\n",
        &["3:1 raw-json"],
    ),
    (
        b"<p>\nfoo\n\xFF\n:\ndata: a\nfoo\n\n",
        &["1:1 raw-html", "6:1 unknown-field"],
    ),
    (b"<html>\r\n\n", &["1:1 raw-html"]),
    (
        b"HTTP/1.1 200 OK\n\n5\ndata: a\n\n5\nData\n",
        &["1:1 raw-http-head", "7:1 field-name-case"],
    ),
    (
        b"data: a\n\n5\nHTTP/1.1 200\n",
        &["3:1 unknown-field"],
    ),
    (b": hi\n\nHTTP/1.1 200 OK\n", &["3:1 raw-http-head"]),
    (b"\x28\xB5\x2F\xFD\x04", &["1:1 raw-compressed"]),
    (b"\xFE\xFF\0d", &["1:1 raw-utf16"]),
    (
        b"id\n\n\xFF\xFE\n",
        &["3:1 unknown-field", "3:1 invalid-utf8"],
    ),
    // A space that only some lines have was part of the text.
    (b"data: a\n\ndata:b\n\ndata: c\n\n", &["1:6 lost-space"]),
    (b"data:fn a() {\ndata:    b\n\n", &[]),
    (b"data:fn a() {\ndata: b\n\n", &["2:6 lost-space"]),
    (b"data: a\n\ndata:{\"a\": 1}\n\ndata:1\n\ndata:\"b\"\n\ndata\n\n", &[]),
    (b"id:1\ndata: a\n\n", &[]),
    // A second layer: once, and not where it is meant.
    (b"data: event: ping\n\n", &["1:7 doubled-field"]),
    (b"data: : comment\n\n", &["1:7 doubled-field"]),
    (b"data: id: 5\ndata: data: a\ndata:\n\n", &["1:7 doubled-field"]),
    (b"data: b'data: {...}'\n\n", &["1:9 doubled-field"]),
    (b"event: event: a\ndata\n\n", &["1:8 doubled-field"]),
    (b"id: id: a\ndata\n\n", &["1:5 doubled-field"]),
    (b"data: data: a\n\ndata: data: b\n\ndata: id: c\n\n", &["1:7 doubled-field"]),
    (b"data: data: a\n", &["1:7 doubled-field", "2:1 end-inside-block"]),
    (b"data: data:image/png;base64,AAAA\n\n", &[]),
    (b"data: name: a\ndata: data: 5\n\ndata: data:\ndata:   b: 1\n\n", &[]),
    (b"data: :)\n\ndata: :\n\ndata: data\n\n", &[]),
    // JSON that does not parse, among JSON that does.
    (
        b"data: {\"a\":1,\"b\"\ndata: {\"type\":\"error\"}\n\n",
        &["2:7 invalid-json"],
    ),
    (
        b"data: {\"a\":\"b\ndata: {\"type\":\"error\"}\n\n",
        &["2:7 invalid-json"],
    ),
    (b"data: {'a': None}\n\n", &["1:7 invalid-json"]),
    (b"data: b'{\"a\": 1}'\n\n", &["1:7 invalid-json"]),
    (b"data: {\"a\": 1\n\n", &[]),
    (b"data: {\"a\": 1\n\ndata: {}\n\n", &["1:7 invalid-json"]),
    (b"data: {}\n\ndata: {\"a\": 1\n\n", &["3:7 invalid-json"]),
    (b"data: {}\n\ndata: {\"a\": 1}}\n\ndata: b\n\n", &["3:7 invalid-json"]),
    (
        b"data: {\"a\": \"b\n\ndata: c\"}\n\ndata: {}\n\n",
        &["1:7 invalid-json"],
    ),
    (b"data: {\"\n\ndata: a\n\ndata: {}\n\n", &[]),
    (b"data: {}\n\ndata: a\n\ndata: b\n\ndata: {\"\n\n", &[]),
    (b"data: \"Hello\"\ndata: [docs](x)\n\n", &[]),
    (b"data: \"name\"\ndata: {not json}\n\n", &[]),
    (b"data: {}\n\ndata: {\n", &["4:1 end-inside-block"]),
    // Line ends of other formats, only in values, once.
    (
        b"data: \x0B\n\nid: \xC2\x85\n\n",
        &["1:7 unicode-line-end", "3:5 id-not-portable"],
    ),
    // Two line ends in one place.
    (
        b"data: a\r\r\n\r\r\ndata: b\n\n",
        &["1:8 cr-cr-lf", "5:8 mixed-line-ends"],
    ),
    (b"data: a\r\n\r\r\n", &["2:1 mixed-line-ends"]),
    (b":\nd\r\r", &["2:1 unknown-field", "2:2 mixed-line-ends"]),
    (b"data: a\r\rdata: b\r\n\r\n", &["1:8 bare-cr", "3:8 mixed-line-ends"]),
    // Names: a better guess than data.
    (b"vent: a\ntype: b\nerror: {\"a\": 1}\n: c\n", &[
        "1:1 unknown-field",
        "2:1 unknown-field",
        "3:1 unknown-field",
    ]),
    (b": a\nfoo: b\n\nfoo: c\n", &["2:1 unknown-field"]),
    (b"data\xE2\x80\x8B: a\n", &["1:1 space-before-colon"]),
    (b"\xC2\xA0data: a\n", &["1:1 leading-space"]),
    (b"\xE2\x80\x8B\n", &["1:1 white-space-line"]),
    (
        b"data: a\n\nContent-Type: text/plain\nX-Foo: b\n\nbar: c\n",
        &["3:1 raw-http-head", "6:1 unknown-field"],
    ),
    // An empty type is not a type.
    (b"event:\n\n", &[]),
    (b"event:\nevent: a\ndata\n\n", &[]),
    (b"event\n", &[]),
    (b"event: a\nfoo: b\n\n", &["2:1 unknown-field", "1:1 block-without-data"]),
    // Foreign text ends.
    (b"{\"error\":1}\n\nData: x\n", &["1:1 raw-json", "3:1 field-name-case"]),
    (b"{\"error\":1}\nData: x\n", &["1:1 raw-json", "2:1 field-name-case"]),
    (b"{\"error\":1}\n\nfoo: x\n", &["1:1 raw-json", "3:1 unknown-field"]),
    (b"{\n\n\"a\": 1\n\n}\n", &["1:1 raw-json"]),
    (b"<p>\n\n<p>a\n\n  b\n\nfoo: c\n", &["1:1 raw-html", "7:1 unknown-field"]),
    // Bodies that are not text.
    (b"\x78\x9C\xAA\x56\n\xFF\xFE\xFD", &["1:1 raw-compressed"]),
    (b"d\0a\0t\0a\0:\0 \0a\0\n\0\n\0", &["1:1 raw-utf16"]),
    (b"\0d\0a\0t\0a\0:\0 \0a\0\n\0\n", &["1:1 raw-utf16"]),
    (b"\xFF\xFE\0\0d\0\0\0a\0\0\0\n\0\0\0", &["1:1 raw-utf16"]),
    (b"d\0\0\0a\0\0\0t\0\0\0\n\0\0\0", &["1:1 raw-utf16"]),
    (
        b"\0\0\0\x7B\0\0\0\x4B\x81\x0B\x83\x0C\x0B:event-type\x07\0\x05chunk\x0D:content-type\x07\n",
        &["1:1 raw-binary"],
    ),
    (b"x^2 is a square\n: a\n", &["1:1 unknown-field"]),
    // Lines that recording tools add.
    (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nfoo: b\r\n\r\ndata: a\n\n",
        &["1:1 raw-http-head"],
    ),
    (
        b"* Trying ::1...\n* odd\n> GET / HTTP/1.1\r\n> Host: a\r\n>\r\n< HTTP/1.1 200 OK\r\n< \r\n\
          { [94 bytes data]\ndata: a\n\n* Closing connection\n",
        &["1:1 recording-tool"],
    ),
    (
        b"{ [94 bytes data]\ndata: {\n} [5 bytes data]\ndata: }\n\n",
        &["1:1 recording-tool"],
    ),
    (
        b"data: a\n\n  % Total\n  5 --:--:--\r  6 --:--:--\rfoo\n",
        &["3:1 recording-tool", "6:1 unknown-field"],
    ),
    (
        b"user@host:~$ curl -N x\ndata: a\n\nuser@host:~$ ",
        &["1:1 recording-tool"],
    ),
    // Not a stream at all.
    (b"1: a\n2: a\n3: a\n4: a\n5: a\n6: a\n7: a\n8: a\n9: a\n", &[
        "1:1 unknown-field",
        "2:1 unknown-field",
        "3:1 unknown-field",
        "4:1 unknown-field",
        "5:1 unknown-field",
        "6:1 unknown-field",
        "7:1 unknown-field",
        "8:1 unknown-field",
        "9:1 unknown-field",
    ]),
    (b"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\ndata: a\n\nl\n", &[
        "1:1 no-event-stream",
        "14:1 unknown-field",
    ]),
    (b"a\nb\nc\nd\ne\nf\ng\nh\ni\n: j\nk\n", &["1:1 unknown-field"]),
    // The end of the stream.
    (b"Data: hello", &["1:1 field-name-case", "1:12 end-inside-line"]),
    (b"retry: 5s", &["1:8 invalid-retry", "1:10 end-inside-line"]),
    (b"retry:", &["1:7 end-inside-line"]),
    (b"id: 7", &["1:6 end-inside-line"]),
    (b"data: a\n\n(shell) C:\\>", &["3:1 recording-tool"]),
    (b"data: a\n\nfoo", &["3:1 unknown-field"]),
    (b"data: a\nfoo", &["2:1 unknown-field", "2:4 end-inside-block"]),
    (b"data: a\n\n5", &["3:1 unknown-field"]),
    (b"data", &["1:5 end-inside-line"]),
    (b"da", &["1:3 end-inside-line"]),
    (b"\xEF\xBB", &["1:2 end-inside-line"]),
    (b"data: \xE2\x82", &["1:8 end-inside-line"]),
    (b"data: \xFF", &["1:7 invalid-utf8", "1:8 end-inside-line"]),
    (
        b"data: \xE2\x82a",
        &["1:7 invalid-utf8", "1:9 end-inside-line"],
    ),
    (b"retry: 5", &["1:9 end-inside-line"]),
    (b"event: a\n", &["2:1 end-inside-block"]),
    (b"data: a\n: b", &["2:4 end-inside-block"]),
    (
        b"data: a\n{\"b\": 1}",
        &["2:1 raw-json", "2:9 end-inside-block"],
    ),
    (b"{\"error\": 1}", &["1:1 raw-json"]),
    (b"<p>\nfoo", &["1:1 raw-html"]),
];

#[test]
fn a_block_over_the_limit_is_told_of_once() {
    let over = "x".repeat(LIMIT + 1);
    for stream in [
        format!("event: {over}\n\n"),
        format!("id: {over}\n\n"),
        format!("data: {over}\ndata: {over}\nid: {over}\nevent: {over}\n\n"),
    ] {
        let checker = Checker::new().with_max_event_size(LIMIT).with_style(true);
        let (found, summary) = check(checker, [stream.as_bytes()]);
        let kinds: Vec<_> = found
            .iter()
            .map(|found| (found.line(), found.kind()))
            .collect();
        assert_eq!(kinds[0], (1, Kind::EventTooLarge), "{stream}");
        assert!(
            kinds[1..]
                .iter()
                .all(|(_, kind)| *kind == Kind::LineTooLong),
            "{kinds:?}"
        );
        assert_eq!(
            (summary.events, summary.blocks_without_data),
            (0, 0),
            "{stream}"
        );
        assert_eq!(
            (summary.first_id, summary.last_id),
            (None, None),
            "{stream}"
        );
    }
}

#[test]
fn the_end_may_show_that_a_block_is_over_the_limit() {
    let (found, _) = check(Checker::new().with_max_event_size(0), [&b"data:a"[..]]);
    assert_eq!(
        in_short(&found),
        ["1:1 event-too-large", "1:7 end-inside-line"]
    );
}

#[test]
fn a_long_line_ends_where_it_ends() {
    let stream = format!(":\n:{}\r\n", "x".repeat(1000));
    let (found, _) = check(checker_for(Kind::LineTooLong), [stream.as_bytes()]);
    let places: Vec<_> = found
        .iter()
        .map(|found| (found.kind(), found.line(), found.offset(), found.length()))
        .collect();
    let expected = [
        (Kind::LineTooLong, 2, 2, 1001),
        (Kind::MixedLineEnds, 2, 1003, 2),
    ];
    assert_eq!(places, expected);
}

#[test]
fn a_summary_counts_blocks_that_lack_data() {
    for (stream, expected) in [
        (&b"id: 1\n\n"[..], 1),
        (b"event: a\n\n", 1),
        (b"retry: 5\n\n", 1),
        (b"id: 1\nevent: a\nretry: 5\n\n", 1),
        (b"retry: 5\nretry: 6\nretry: x\n\n", 1),
        (b"id: 1\n\nevent: a\n\nretry: 5\n\n", 3),
        (b": a\n\nfoo: a\n\n\n", 0),
        (b"id: \0\n\nretry: x\n\nretry\n\n", 0),
        (b"id: 1\nevent: a\nretry: 5\ndata\n\n", 0),
        (b"id: 1\n", 0),
    ] {
        let (_, summary) = check(Checker::new(), [stream]);
        assert_eq!(
            summary.blocks_without_data,
            expected,
            "{}",
            stream.escape_ascii()
        );
    }
}

#[test]
fn a_summary_keeps_no_more_than_it_says() {
    let most = Summary::MAX_DISTINCT_IDS;
    let stream: String = (0..=most)
        .map(|id| format!("id: {id}\nretry: {id}\nretry: 0\n\n"))
        .collect();
    let (_, summary) = check(Checker::new(), [stream.as_bytes()]);
    assert_eq!(summary.distinct_ids, most);
    assert_eq!(summary.first_id.as_deref(), Some("0"));
    assert_eq!(summary.last_id, Some(most.to_string()));
    assert_eq!(summary.retries, 2 * (most as u64 + 1));
    let kept = (0..Summary::MAX_RETRY_VALUES as u64).map(Duration::from_millis);
    assert!(summary.retry_values.iter().copied().eq(kept));
}

#[test]
fn a_message_names_what_it_is_about() {
    for (stream, expected) in [
        (&b"Data: a\n"[..], "field `Data` is ignored"),
        (
            b"dA\x1B\xEF\xBB\xBF\xFFta: a\n",
            "field `dA\\u{1b}\\u{feff}\u{fffd}ta` is ignored",
        ),
        (
            b"data: a\n\xEF\xBB\xBF\n",
            "this line is not blank and ends no block",
        ),
        (
            b"\n\xEF\xBB\xBFdata: a\n",
            "before its name this field is ignored",
        ),
        (b"data: a\xE2\x82b\n", "bytes E2 82 are not UTF-8"),
        (b"data: a\xFFb\n", "byte FF is not UTF-8"),
        (b"event: tick \n", "listeners for `tick` miss"),
        (b"retry: +5\n", "its sign"),
        (b"retry: 1.5\n", "its fraction"),
        (b"retry: 5s\n", "its unit"),
        (b"retry:  5\n", "its white space"),
        (b"retry: 1_0\n", "what is no ASCII digit"),
        (b"retry: 99999999999999999999\n", "64 bits"),
        (b"event: open\ndata\n\n", "`onopen`"),
        (b"data: a\nb\n", "to continue the data"),
        (b"hello\n", "to send it"),
        (b":\n:\r\n", "ends with a CRLF, earlier ones with LF"),
        (b"data: a\\r\\n\n", "`\\r\\n` is text"),
        (
            b"event: x\nid: 7\ndata: abc",
            "an event of type `x` with 3 bytes of data and the id `7` are lost",
        ),
        (
            b"data: abc\n",
            "an event of type `message` with 3 bytes of data is lost",
        ),
        (b"data: a", "with 1 byte of data is lost"),
        (b"id: 7", "within a line: the id `7` is lost"),
        (b"id: 7\n", "of a block: the id `7` is lost"),
        (
            b"event: a\nid: 7\n",
            "the event type `a` and the id `7` are lost",
        ),
        (b"event: a", "the event type `a` is lost"),
        (b"retry: 5", "the reconnection time `5` is lost"),
        (b"dat", "what it cuts off is lost"),
        (b"data\xE2\x80\x8B: a\n", "field `data\\u{200b}` is ignored"),
        (b"retry: 18446744073709551615\n", "JavaScript numbers"),
        (b"event: a\nretry: 5\n\n", "has no `data`: send `data:`"),
        (b"event: a\nid: 5\n\n", "(only its id takes effect)"),
        (b"event: a\n\n", "to keep the connection alive"),
        (b"data: a\r\r\n\r\r\n", "CR CR LF is two line ends"),
        (
            b"data: a\n\n\r",
            "with a CR alone, earlier ones with LF, and not every client",
        ),
        (b"type: a\ndata\n\n", "its name is `event`"),
        (
            b"error: {\"a\": 1}\n:\n",
            "send `event: error`, and the JSON after `data: `",
        ),
        (
            b"$ curl -N http://localhost\n",
            "a shell's prompt is not a field",
        ),
        (b"* Trying ::1...\n", "curl shows with `-v`"),
        (b"  % Total\n", "curl's progress meter"),
        (b"HTTP/1.1 200 OK\n", "curl -sN -o FILE URL"),
        (b"\xFF\xFEd\0", "if PowerShell has recorded it"),
        (b"id: a\x1B\n\n", "cannot reconnect"),
        (b"id: a \n\n", "drops white space"),
        (b"id: \xC3\xA9\n\n", "not ASCII"),
    ] {
        let (found, _) = check(Checker::new(), [stream]);
        let messages: Vec<_> = found.iter().map(Diagnostic::message).collect();
        assert!(
            messages.iter().any(|message| message.contains(expected)),
            "{expected}: {messages:?}"
        );
    }
    let cut_digits = [&b"retry: "[..], &b"5".repeat(LIMIT + 10), b"s\n"].concat();
    let (found, _) = check(checker_for(Kind::InvalidRetry), [&cut_digits[..]]);
    let [_, fault] = &found[..] else {
        panic!("{found:?}")
    };
    assert!(fault.message().contains("what is no ASCII digit"));
    let long = [b"x".repeat(1000), b": 1\n".to_vec()].concat();
    let (found, _) = check(Checker::new(), [&long[..]]);
    assert!(
        found[0]
            .message()
            .contains(&format!("field `{}…` is", "x".repeat(40)))
    );
}

#[test]
fn an_excerpt_shows_what_it_is_about() {
    let long = |before: usize, after: usize| {
        format!(
            "data: {}\0{}\n",
            "\u{20ac}".repeat(before),
            "\u{e9}".repeat(after)
        )
        .replace("data", "id")
    };
    for (before, after) in [
        (0, 0),
        (10, 10),
        (10, 1000),
        (1000, 0),
        (1000, 10),
        (1000, 1000),
    ] {
        let stream = long(before, after);
        let (found, _) = check(Checker::new(), [stream.as_bytes()]);
        let [nul, ..] = &found[..] else {
            panic!("{found:?}")
        };
        let (kind, column) = (nul.kind(), nul.column());
        assert_eq!((kind, column), (Kind::IdWithNul, 5 + before as u64));
        assert_eq!(nul.offset(), 4 + 3 * before as u64);
        let behind = usize::try_from(nul.column() - nul.excerpt_column()).expect("it is short");
        assert_eq!(nul.excerpt().chars().nth(behind), Some('\0'), "{nul:?}");
        assert!(nul.excerpt().len() <= 123, "{nul:?}");
        assert!(stream.contains(nul.excerpt()), "{nul:?}");
        assert!(stream.len() > 120 || nul.excerpt_column() == 1);
        let line = stream.trim_end_matches('\n');
        assert_eq!(
            nul.excerpt_is_cut(),
            !line.ends_with(nul.excerpt()),
            "{nul:?}"
        );
    }
}

#[test]
fn the_same_is_counted_and_said_once() {
    let stream = b"Data: a\nfoo: b\nbar: c\nDATA: d\n".repeat(1000);
    let (found, summary) = check(Checker::new(), [&stream[..]]);
    let expected = [
        "1:1 field-name-case",
        "2:1 unknown-field",
        "3:1 unknown-field",
        "4:1 field-name-case",
    ];
    assert_eq!(in_short(&found), expected);
    assert_eq!((summary.errors(), summary.warnings()), (4000, 0));
    let counts: Vec<_> = summary.counts().collect();
    assert_eq!(
        counts,
        [(Kind::UnknownField, 2000), (Kind::FieldNameCase, 2000)]
    );
    let names: Vec<_> = summary.unknown_fields().collect();
    assert_eq!(names, [("bar", 1000), ("foo", 1000)]);
}

#[test]
fn a_thousand_of_a_kind_are_counted_and_ten_are_reported() {
    let names = (0..1000).map(|number| format!("name{number}: a\n"));
    let stream: String = [":\n".to_owned()].into_iter().chain(names).collect();
    let (found, summary) = check(Checker::new(), [stream.as_bytes()]);
    assert_eq!((found.len(), summary.errors()), (10, 1000));
    assert_eq!(
        summary.unknown_fields().count(),
        Summary::MAX_UNKNOWN_FIELDS
    );
    let (found, summary) = check(Checker::new().with_max_per_kind(0), [stream.as_bytes()]);
    assert_eq!((found.len(), summary.errors()), (0, 1000));
    let long = format!(":\n{}: a\n{}: a\n", "x".repeat(64), "y".repeat(65));
    let (_, summary) = check(Checker::new(), [long.as_bytes()]);
    assert_eq!(summary.unknown_fields().count(), 1);
}

#[test]
fn names_that_are_meant_are_not_reported() {
    let stream = b"topics: a\nping\ndata: b\n\nTopics: c\n";
    let known = || {
        Checker::new()
            .with_known_field("topics")
            .with_known_field("ping")
    };
    let (found, _) = check(known(), [&stream[..]]);
    assert_eq!(in_short(&found), ["5:1 unknown-field"]);
    // These lines make it an event stream.
    let (found, _) = check(known(), [&b"topics: a\n".repeat(20)[..]]);
    assert_eq!(in_short(&found), [""; 0]);
}

#[test]
fn what_is_not_taken_waits() {
    let mut checker = Checker::new();
    checker.feed(b"Data: a\n");
    assert_eq!(
        checker.feed(b"foo: a\n").next().map(|found| found.kind()),
        Some(Kind::FieldNameCase)
    );
    let rest: Vec<_> = checker.finish().map(|found| found.kind()).collect();
    assert_eq!(rest, [Kind::UnknownField]);
    assert_eq!(checker.finish().next(), None);
}

#[test]
fn places_are_exact() {
    for (limit, stream, expected) in [
        (
            100,
            &b"data: data: a\n\n"[..],
            &[(Kind::DoubledField, 6, 5)][..],
        ),
        (100, b": \xFF", &[(Kind::InvalidUtf8, 2, 1)]),
        (100, b"dat", &[(Kind::EndInsideLine, 3, 0)]),
        (
            100,
            b"<html>\n5\ndata: x\n\nfoo: y\n\n",
            &[(Kind::RawHtml, 0, 6), (Kind::UnknownField, 18, 3)],
        ),
        (
            1,
            b"data: xxxxxxxxxxxxxxxxxxxx\r\r",
            &[(Kind::EventTooLarge, 0, 26), (Kind::BareCr, 26, 1)],
        ),
        // Only the part that is checked ends within a character.
        (
            1,
            b":234567890\xE2\x82\xAC\n",
            &[(Kind::LineTooLong, 0, 13)],
        ),
    ] {
        let checker = Checker::new().with_max_event_size(limit);
        let (found, _) = check(checker, [stream]);
        let places = found
            .iter()
            .map(|found| (found.kind(), found.offset(), found.length()));
        assert_eq!(
            Vec::from_iter(places),
            expected,
            "{}",
            stream.escape_ascii()
        );
    }
}

#[test]
fn how_many_wait_is_known() {
    let mut checker = Checker::new();
    assert_eq!(checker.feed(b"").len(), 0);
    let mut found = checker.feed(b"Data: a\nfoo: b\n");
    assert_eq!(found.len(), 2);
    found.next();
    assert_eq!(found.len(), 1);
}

#[test]
fn a_diagnostic_says_its_place_its_severity_and_its_kind() {
    let mut checker = Checker::new();
    for (stream, start, end) in [
        (
            "\nData: a\n",
            "2:1: error: field `Data`",
            "[field-name-case]",
        ),
        ("data: \u{feff}\n", "3:7: warning: ", "[bom-in-value]"),
    ] {
        let shown = checker
            .feed(stream.as_bytes())
            .next()
            .map(|found| found.to_string());
        let shown = shown.expect("a diagnostic");
        assert!(shown.starts_with(start) && shown.ends_with(end), "{shown}");
    }
    assert_eq!(
        format!("{:>7}|{:7}|", Severity::Error, Severity::Warning),
        "  error|warning|"
    );
}

#[test]
fn behind_the_end_another_stream_begins() {
    let first = b"HTTP/1.1 200 OK\r\n5\r\nevent: a\r\nid: 1\r\ndata: {\r";
    let second = b"\xEF\xBB\xBF\ndata:a\nfoo: b\nfoo: b\nData: c";
    let settings = || {
        Checker::new()
            .with_style(true)
            .with_max_per_kind(1)
            .with_max_event_size(50)
    };
    let mut checker = settings();
    checker.feed(first);
    checker.finish().for_each(drop);
    let of_first = checker.summary().clone();
    assert_eq!(checker.feed(b"").next(), None);
    assert_eq!(*checker.summary(), of_first);

    let mut found: Vec<_> = checker.feed(second).collect();
    found.extend(checker.finish());
    assert_eq!(
        (found, checker.summary().clone()),
        check(settings(), [&second[..]])
    );
}

fn check<'a>(
    mut checker: Checker,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Diagnostic>, Summary) {
    let mut found = Vec::new();
    for chunk in chunks {
        found.extend(checker.feed(chunk));
    }
    found.extend(checker.finish());
    (found, checker.summary().clone())
}

/// Diagnostics as `line:column kind`.
fn in_short(found: &[Diagnostic]) -> Vec<String> {
    let short =
        |found: &Diagnostic| format!("{}:{} {}", found.line(), found.column(), found.kind());
    found.iter().map(short).collect()
}

/// All events of a stream, and how many were over the limit.
fn decode(decoder: &mut Decoder, stream: &[u8]) -> (Vec<Event<'static>>, u64) {
    let (mut events, mut too_large) = (Vec::new(), 0);
    let mut feed = decoder.feed(stream);
    while let Some(event) = feed.next_event() {
        match event {
            Ok(event) => events.push(event.into_owned()),
            Err(DecodeError::EventTooLarge { .. }) => too_large += 1,
            Err(error) => panic!("{error}"),
        }
    }
    (events, too_large)
}
