//! [`proptest`](mod@proptest) strategies, biased to input that breaks parsers and encoders.
//!
//! The values shrink: a failing test reports one that is nearly as short as possible.

use bytes::Bytes;
use proptest::char;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use sse_wire::{Event, EventId, EventType};
use std::iter;
use std::time::Duration;

/// Events that can be sent: every combination of fields, with values of [`hostile_text`] that each
/// field allows.
///
/// ```
/// use proptest::prelude::*;
/// use sse_wire_testing::{reference, strategies};
///
/// proptest!(|(event in strategies::event())| {
///     let received = reference::decode(&event.to_bytes());
///     prop_assert_eq!(received.events().count(), usize::from(event.has_data()));
/// });
/// ```
pub fn event() -> impl Strategy<Value = Event<'static>> {
    (
        option::of(hostile_text()),
        option::of(single_line_text()),
        option::of(single_line_text()),
        option::of(any::<u64>().prop_map(Duration::from_millis)),
    )
        .prop_filter_map("all values can be sent", |(data, event_type, id, retry)| {
            let mut event = data.map_or_else(Event::without_data, Event::new);
            if let Some(event_type) = event_type {
                event = event.with_event_type(EventType::new(event_type).ok()?);
            }
            if let Some(id) = id {
                event = event.with_id(EventId::new(id.replace('\0', "")).ok()?);
            }
            Some(retry.into_iter().fold(event, Event::with_retry))
        })
}

/// Text that an attacker or an accident could give to a server: line ends, NUL, BOM, colons,
/// spaces, whole fields and events, and the line ends of other formats.
///
/// ```
/// use proptest::prelude::*;
/// use sse_wire::EventType;
/// use sse_wire_testing::strategies;
///
/// proptest!(|(text in strategies::hostile_text())| {
///     let line_end = text.find(['\r', '\n']);
///     prop_assert_eq!(EventType::new(text).is_err(), line_end.is_some());
/// });
/// ```
pub fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => select(HOSTILE_PIECES).prop_map(ToString::to_string),
        2 => vec(char::range(' ', '~'), 0..12).prop_map(String::from_iter),
        1 => any::<char>().prop_map(String::from),
        1 => (55..75_usize).prop_map(|length| "x".repeat(length)),
    ];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// [`hostile_text`] without CR and LF: what an event type may be.
///
/// ```
/// use proptest::prelude::*;
/// use sse_wire::EventType;
/// use sse_wire_testing::strategies;
///
/// proptest!(|(text in strategies::single_line_text())| {
///     prop_assert!(EventType::new(text).is_ok());
/// });
/// ```
pub fn single_line_text() -> impl Strategy<Value = String> {
    hostile_text().prop_map(|text| text.replace(['\r', '\n'], ""))
}

/// Whole streams of bytes that break decoders: CR, LF and CRLF in all mixtures, BOMs and pieces of
/// them, names that are nearly right, NUL, cut and overlong UTF-8, odd `retry` values; and enough
/// valid parts to get far.
///
/// They are [`Bytes`], which a failing test prints as text.
///
/// See the [module page](super#testing-your-own-parser) for a test with it.
pub fn stream() -> impl Strategy<Value = Bytes> {
    let byte_order_mark = prop_oneof![
        6 => Just(&b""[..]),
        2 => Just(&b"\xEF\xBB\xBF"[..]),
        1 => Just(&b"\xEF\xBB\xBF\xEF\xBB\xBF"[..]),
        1 => Just(&b"\xEF\xBB"[..]),
        1 => Just(&b"\xEF"[..]),
    ];
    let piece = prop_oneof![
        8 => select(LINE_ENDS).prop_map(<[u8]>::to_vec),
        6 => select(FIELDS).prop_map(<[u8]>::to_vec),
        3 => select(FRAGMENTS).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..4),
        1 => vec(b' '..=b'~', 0..12),
        1 => (55..75_usize).prop_map(|length| vec![b'x'; length]),
        1 => event().prop_map(|event| event.to_bytes().to_vec()),
    ];
    (byte_order_mark, vec(piece, 0..24))
        .prop_map(|(start, pieces)| [start, &pieces.concat()].concat().into())
}

/// Streams of some ten kilobytes, mostly long runs of one thing, so that the special parts come at
/// every distance from the boundaries of a parser's buffers and windows.
///
/// ```
/// use proptest::prelude::*;
/// use sse_wire_testing::strategies;
///
/// proptest!(ProptestConfig::with_cases(16), |(stream in strategies::long_stream())| {
///     prop_assert!(stream.len() < 100_000);
/// });
/// ```
pub fn long_stream() -> impl Strategy<Value = Bytes> {
    let run =
        (select(RUNS), 0..9_000_usize).prop_map(|(unit, length)| unit.repeat(length / unit.len()));
    vec((stream(), run), 1..8).prop_map(|parts| {
        let parts = parts
            .into_iter()
            .flat_map(|(stream, run)| [stream, run.into()]);
        parts.collect::<Vec<_>>().concat().into()
    })
}

/// Ways to cut a stream of any length into chunks, single bytes and empty chunks among them.
///
/// See the [module page](super#testing-your-own-parser) for a test with it.
pub fn chunking() -> impl Strategy<Value = Chunking> {
    let size = prop_oneof![
        1 => Just(0),
        2 => Just(1),
        3 => 2..10_usize,
        2 => 10..200_usize,
        1 => 200..20_000_usize,
    ];
    vec(size, 0..8).prop_map(Chunking::new)
}

/// A way to cut a stream of any length into chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunking {
    sizes: Vec<usize>,
}

impl Chunking {
    /// Chunks of these sizes in bytes, again and again; if all are 0, the rest of the stream is one
    /// chunk.
    ///
    /// ```
    /// use sse_wire_testing::strategies::Chunking;
    ///
    /// let chunks: Vec<&[u8]> = Chunking::new([2, 0, 3]).split(b"abcdefgh").collect();
    /// assert_eq!(chunks, [&b"ab"[..], b"", b"cde", b"fg", b"", b"h"]);
    /// ```
    #[must_use]
    pub fn new(sizes: impl Into<Vec<usize>>) -> Self {
        Self {
            sizes: sizes.into(),
        }
    }

    /// The chunks of a stream; together they are the stream. Does not allocate.
    ///
    /// ```
    /// use sse_wire_testing::strategies::Chunking;
    ///
    /// assert!(Chunking::new([0]).split(b"abc").eq([&b""[..], b"abc"]));
    /// ```
    pub fn split<'a>(&self, stream: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let all_zero = self.sizes.iter().all(|&size| size == 0);
        let rest_of_stream = all_zero.then_some(usize::MAX);
        let mut sizes = self.sizes.iter().copied().chain(rest_of_stream).cycle();
        let mut rest = stream;
        iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let (chunk, after) = rest.split_at(sizes.next()?.min(rest.len()));
            rest = after;
            Some(chunk)
        })
    }
}

const LINE_ENDS: &[&[u8]] = &[
    b"\n",
    b"\n\n",
    b"\r",
    b"\r\r",
    b"\r\n",
    b"\r\n\r\n",
    b"\n\r",
];

const FIELDS: &[&[u8]] = &[
    b"data: a\n",
    b"data:b\r",
    b"data:  c \r\n",
    b"data\n",
    b"data:\n",
    b"data: x\n\n",
    b"event: a\n",
    b"event:b\r\n",
    b"event\n",
    b"event: \n",
    b"id: 1\n",
    b"id:22\r\n",
    b"id\n",
    b"id: \0\n",
    b"id: \xC0\x80\n",
    b"retry: 1500\n",
    b"retry:000000000000000000000000042\r",
    b"retry: 18446744073709551616\n",
    b"retry: +5\n",
    b"retry:\n",
    b"retry: 5x\n",
    b"retry: 1_0\r\n",
    b": comment\n",
    b":\n",
    b"unknown: x\n",
    b"data: \xE2\x82\n",
    b"data: \xE2\x82\xAC\xEF\xBB\xBF\r\n",
];

const FRAGMENTS: &[&[u8]] = &[
    b":",
    b" ",
    b": ",
    b"::",
    b"\0",
    b"\t",
    b"d",
    b"da",
    b"dat",
    b"data",
    b"data:",
    b"data: ",
    b"Data:",
    b"datax",
    b"e",
    b"even",
    b"event",
    b"event:",
    b"event: ",
    b"i",
    b"id",
    b"id:",
    b"id: ",
    b"ID: ",
    b"r",
    b"retr",
    b"retry",
    b"retry:",
    b"retry: ",
    b"0",
    b"7",
    b"99999999999",
    b"+",
    b"-",
    b"\xEF",
    b"\xBB",
    b"\xBF",
    b"\xEF\xBB",
    b"\xBB\xBF",
    b"\xEF\xBB\xBF",
    b"\xC2",
    b"\xC3\xA9",
    b"\xE2",
    b"\xE2\x82",
    b"\xE2\x82\xAC",
    b"\xE0\x80",
    b"\xED\xA0\x80",
    b"\xF0\x9F",
    b"\xF0\x9F\x98",
    b"\xF0\x9F\x98\x80",
    b"\xF4\x90\x80\x80",
    b"\xFF",
    b"\x80",
    b"\xC0\x80",
    b"\xE2\x80\xA8",
    b"\xC2\x85",
    b"\x0B",
    b"\x0C",
];

const RUNS: &[&[u8]] = &[
    b"x",
    b"\xC3\xA9",
    b"\xED\x95\x9C",
    b"\xF0\x9F\x98\x80",
    b"\xFF",
    b"\xE2\x82",
    b"\xEF\xBB\xBF",
    b":",
    b"data: x\n",
    b"data\r\n",
    b": \xED\x95\x9C\r",
    b"data: \xF0\x9F\x98\x80\n\n",
    b"\n",
    b"\r",
];

const HOSTILE_PIECES: &[&str] = &[
    "\r",
    "\n",
    "\r\n",
    "\n\r",
    "\n\n",
    "\r\r",
    "\r\n\r\n",
    "\0",
    "\u{feff}",
    ":",
    ": ",
    " ",
    "  ",
    "\t",
    "data",
    "data:",
    "data: forged",
    "event: admin",
    "id: 666",
    "id",
    "retry: 0",
    ": comment",
    "\ndata: forged\n\n",
    "\rdata: forged\r\r",
    "\r\nevent: admin\r\n",
    "\nid: 666\n",
    "\rretry: 0",
    "\u{2028}",
    "\u{2029}",
    "\u{85}",
    "\u{b}",
    "\u{c}",
    "\u{fffd}",
    "\u{e9}",
    "\u{20ac}",
    "\u{1f600}",
    "%0A",
    "%0D",
    "\\n",
    "\u{560d}",
    "\u{560a}",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    /// If a strategy no longer produced what it is for, every test with it would pass.
    #[test]
    fn streams_have_what_breaks_parsers() {
        let mut runner = TestRunner::deterministic();
        let strategy = stream();
        let streams: Vec<Bytes> = (0..1000)
            .map(|_| strategy.new_tree(&mut runner).expect("a stream").current())
            .collect();
        let has = |part: &'static [u8]| {
            move |stream: &[u8]| stream.windows(part.len()).any(|window| window == part)
        };
        let share = |is: &dyn Fn(&[u8]) -> bool| streams.iter().filter(|stream| is(stream)).count();
        assert!(share(&has(b"\r\n")) > 100);
        assert!(share(&has(b"\r\r")) > 100);
        assert!(share(&has(b"\n\r")) > 100);
        assert!(share(&has(b"\0")) > 100);
        assert!(share(&|stream| stream.starts_with(b"\xEF\xBB\xBF")) > 100);
        assert!(share(&|stream| std::str::from_utf8(stream).is_err()) > 100);
        assert!(share(&|stream| reference::decode(stream).events().count() > 1) > 100);
        assert!(share(&|stream| reference::decode(stream).comments().count() > 0) > 100);
        assert!(share(&|stream| reference::decode(stream).retries().count() > 0) > 100);
        assert!(share(&|stream| !reference::decode(stream).last_event_id.is_empty()) > 100);
        assert!(share(&|stream| reference::decode(stream).cut_off.is_some()) > 100);
    }
}
