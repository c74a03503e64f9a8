//! What must hold for all streams.

use super::{check, decode};
use proptest::prelude::*;
use sse_wire::check::{Checker, Diagnostic, Kind};
use sse_wire::{Decoder, Encoder, Event, EventId, EventType};
use sse_wire_testing::{reference, strategies, vectors};
use std::collections::BTreeSet;
use std::time::Duration;

#[test]
fn the_summary_is_that_of_the_reference_for_every_vector() -> Result<(), TestCaseError> {
    vectors()
        .iter()
        .try_for_each(|vector| assert_summary(&vector.input))
}

proptest! {
    #[test]
    fn chunks_cannot_be_observed(
        stream in stream(),
        chunking in strategies::chunking(),
        limit in prop_oneof![Just(usize::MAX), 0..100_usize],
        style: bool,
    ) {
        let checker = || Checker::new().with_max_event_size(limit).with_style(style);
        let whole = check(checker(), [&stream[..]]);
        prop_assert_eq!(check(checker(), chunking.split(&stream)), whole.clone());
        prop_assert_eq!(check(checker(), stream.chunks(1)), whole);
    }

    #[test]
    fn the_summary_is_that_of_the_reference(stream in stream()) {
        assert_summary(&stream)?;
    }

    #[test]
    fn limits_are_those_of_the_decoder(stream in stream(), limit in 0..100_usize) {
        let mut decoder = Decoder::new().with_max_event_size(limit);
        let (events, mut too_large) = decode(&mut decoder, &stream);
        let last_event_id = decoder.last_event_id().to_owned();
        let (_, summary) = check(Checker::new().with_max_event_size(limit), [&stream[..]]);
        prop_assert_eq!(summary.events, events.len() as u64);
        prop_assert!(summary.last_id.as_ref().is_none_or(|id| *id == last_event_id));
        too_large += u64::from(matches!(decoder.finish(), Some(Err(_))));
        prop_assert_eq!(summary.count(Kind::EventTooLarge), too_large);
    }

    /// An error is a loss, and each loss is an error.
    #[test]
    fn an_error_is_a_loss(stream in stream()) {
        // A comment that the end of the stream cuts within a character is not a loss.
        let last_line = stream.rsplit(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        prop_assume!(!last_line.starts_with(b":") || std::str::from_utf8(last_line).is_ok());
        let (found, summary) = check(Checker::new(), [&stream[..]]);
        prop_assert_eq!(summary.errors() > 0, loses_something(&stream), "{:#?}", found);
    }

    #[test]
    fn places_are_within_the_stream_and_in_order(stream in stream()) {
        let (found, summary) = check(Checker::new().with_max_per_kind(u64::MAX), [&stream[..]]);
        // The same fault is reported once.
        prop_assert!(found.len() as u64 <= summary.errors() + summary.warnings());
        let kinds: BTreeSet<_> = found.iter().map(Diagnostic::kind).collect();
        prop_assert!(summary.counts().map(|(kind, _)| kind).eq(kinds));
        for found in found {
            let start = usize::try_from(found.offset()).expect("it is short");
            prop_assert!(start as u64 + found.length() <= stream.len() as u64);
            let text = String::from_utf8_lossy(&stream[..start]);
            let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
            let lines = text.replace("\r\n", "\n").replace('\r', "\n");
            let line = lines.rsplit('\n').next().unwrap_or_default();
            prop_assert_eq!(found.line(), 1 + lines.matches('\n').count() as u64, "{:?}", found);
            prop_assert_eq!(found.column(), 1 + line.chars().count() as u64, "{:?}", found);
        }
    }

    #[test]
    fn what_an_encoder_writes_is_at_most_odd_in_content(
        calls in calls(strategies::event(), strategies::hostile_text()),
    ) {
        let stream = encode(&calls);
        let (found, _) = check(Checker::new(), [&stream[..]]);
        for found in found {
            prop_assert!(ABOUT_CONTENT.contains(&found.kind()), "{}", found);
        }
    }

    #[test]
    fn what_an_encoder_writes_is_fine(calls in calls(tame_event(), tame_text())) {
        let stream = encode(&calls);
        let (found, _) = check(Checker::new(), [&stream[..]]);
        prop_assert_eq!(found, []);
    }
}

/// Streams that are hard to decode, mixed with text that no event stream should have.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let hard = || strategies::stream().prop_map(|stream| stream.to_vec());
    let odd = proptest::sample::select(ODD).prop_map(<[u8]>::to_vec);
    let mixed = proptest::collection::vec(prop_oneof![3 => hard(), 2 => odd], 0..12);
    prop_oneof![hard(), mixed.prop_map(|parts| parts.concat())]
}

const ODD: &[&[u8]] = &[
    b"data: {\"a\": \"b\n",
    b"data: {\"a\": 1}\n",
    b"c\"}\r\n",
    b"{\"error\": {\n",
    b"[1, 2]\r",
    b"<!DOCTYPE html>\n",
    b"HTTP/1.1 200 OK\r\n",
    b"1f\r\n",
    b"a\r",
    b"0\n",
    b"data: one\\n\\ndata: two\\n",
    b"data: data: a\n",
    b"event: error\n",
    b"event:  spaced \n",
    b"event: a\r",
    b"id: a\n",
    b" \n",
    b" Data : a\n",
];

/// Diagnostics about an application's text, not about how it is sent: the format can carry all of
/// it, so an encoder has no reason to alter or refuse it.
const ABOUT_CONTENT: &[Kind] = &[
    // Text that was copied from a file with its byte order mark.
    Kind::BomInValue,
    // Characters that the format carries, but not every client does.
    Kind::UnicodeLineEnd,
    Kind::NulInData,
    Kind::IdNotPortable,
    // Text that is an event stream itself.
    Kind::DoubledField,
    Kind::EventTypeSpace,
    Kind::ReservedEventType,
    Kind::HugeRetry,
    // An event type was asked for, and no data.
    Kind::BlockWithoutData,
    Kind::EventTypeWithoutData,
    Kind::LineEndInJsonString,
    Kind::JsonTextsInOneEvent,
    Kind::InvalidJson,
    Kind::LiteralLineEnd,
];

/// A call of an encoder.
#[derive(Clone, Debug)]
enum Call {
    Event(Event<'static>),
    Begin(Event<'static>),
    Data(String),
    Comment(String),
    Retry(Duration),
    KeepAlive,
    End,
}

fn calls(
    event: impl Strategy<Value = Event<'static>> + 'static,
    text: impl Strategy<Value = String> + 'static,
) -> impl Strategy<Value = Vec<Call>> {
    let (event, text) = (event.boxed(), text.boxed());
    let call = prop_oneof![
        4 => event.clone().prop_map(Call::Event),
        2 => event.prop_map(Call::Begin),
        4 => text.clone().prop_map(Call::Data),
        2 => text.prop_map(Call::Comment),
        1 => (0..1u64 << 31).prop_map(|retry| Call::Retry(Duration::from_millis(retry))),
        1 => Just(Call::KeepAlive),
        2 => Just(Call::End),
    ];
    proptest::collection::vec(call, 0..12)
}

fn encode(calls: &[Call]) -> Vec<u8> {
    let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
    for call in calls {
        match call {
            Call::Event(event) => encoder.event(event, &mut buf),
            Call::Begin(event) => encoder.begin(event, &mut buf),
            Call::Data(piece) => encoder.data(piece, &mut buf),
            Call::Comment(text) => encoder.comment(text, &mut buf),
            Call::Retry(retry) => encoder.retry(*retry, &mut buf),
            Call::KeepAlive => encoder.keep_alive(&mut buf),
            Call::End => encoder.end(&mut buf),
        }
    }
    encoder.end(&mut buf);
    buf
}

/// Text of any script in any number of lines, without anything that looks like a mistake.
fn tame_text() -> impl Strategy<Value = String> {
    "([a-z0-9 .,:é€한😀-]{0,12}(\n|\r|\r\n)?){0,4}".prop_filter("looks encoded twice", |text| {
        !text.split(['\r', '\n']).any(|line| {
            ["data:", "id:", ": "]
                .iter()
                .any(|start| line.starts_with(start))
        })
    })
}

fn tame_event() -> impl Strategy<Value = Event<'static>> {
    let event_type = proptest::option::of("[a-z0-9é한😀_.-]{1,8}");
    let id = proptest::option::of("[a-zA-Z0-9_./-]{1,8}");
    let retry = proptest::option::of((0..1u64 << 31).prop_map(Duration::from_millis));
    (proptest::option::of(tame_text()), event_type, id, retry).prop_filter_map(
        "nothing of its type is dispatched without data, and `error` and `open` are reserved",
        |(data, event_type, id, retry)| {
            let mut event = match data {
                Some(data) => Event::new(data),
                None if event_type.is_some() => return None,
                None => Event::without_data(),
            };
            if let Some(event_type) = event_type.filter(|name| name != "error" && name != "open") {
                event = event.with_event_type(EventType::new(event_type).ok()?);
            }
            if let Some(id) = id {
                event = event.with_id(EventId::new(id).ok()?);
            }
            Some(retry.into_iter().fold(event, Event::with_retry))
        },
    )
}

/// Whether a client loses anything of a stream, by a second version of the specification's rules.
fn loses_something(stream: &[u8]) -> bool {
    let text = String::from_utf8_lossy(stream)
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let (complete, cut_off) = text.rsplit_once('\n').unwrap_or(("", text));
    let (mut has_data, mut has_retry, mut event_type, mut id) = (false, false, None, None);
    let mut lost = std::str::from_utf8(stream).is_err();
    lost |= !cut_off.is_empty() && !cut_off.starts_with(':');
    for line in complete.split('\n') {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            _ if line.is_empty() => {
                // A type alone is a kind of keep-alive.
                lost |= event_type.is_some() && !has_data && (id.is_some() || has_retry);
                (has_data, has_retry, event_type, id) = (false, false, None, None);
            }
            "" => {}
            "data" => has_data = true,
            "event" => {
                lost |= event_type.is_some_and(|earlier| earlier != value);
                event_type = Some(value).filter(|value| !value.is_empty());
            }
            "id" if value.contains('\0') => lost = true,
            "id" => lost |= id.replace(value).is_some_and(|earlier| earlier != value),
            "retry" if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) => {
                lost = true;
            }
            "retry" => has_retry = true,
            _ => lost = true,
        }
    }
    lost || has_data || event_type.is_some() || id.is_some()
}

/// The summary agrees with the decoder and the reference decoder.
fn assert_summary(stream: &[u8]) -> Result<(), TestCaseError> {
    let (_, summary) = check(Checker::new(), [stream]);
    let expected = reference::decode(stream);
    prop_assert_eq!(summary.bytes, stream.len() as u64);
    prop_assert_eq!(summary.events, expected.events().count() as u64);
    let with_id = expected.events().filter(|event| event.id.is_some()).count();
    prop_assert_eq!(summary.events_with_id, with_id as u64);
    prop_assert_eq!(summary.comments, expected.comments().count() as u64);
    prop_assert_eq!(summary.retries, expected.retries().count() as u64);
    prop_assert_eq!(summary.retry_values.is_empty(), summary.retries == 0);
    let values: BTreeSet<_> = expected.retries().collect();
    prop_assert_eq!(
        summary
            .retry_values
            .iter()
            .copied()
            .collect::<BTreeSet<_>>(),
        values
    );
    let last_id = summary.last_id.as_deref().unwrap_or_default();
    prop_assert_eq!(last_id, &expected.last_event_id);
    let ids: BTreeSet<_> = expected
        .events()
        .filter_map(|event| event.id.as_deref())
        .collect();
    prop_assert!(summary.distinct_ids >= ids.len());
    let sizes = expected.events().map(|event| {
        let event_type = if event.event_type == "message" {
            ""
        } else {
            &event.event_type
        };
        event.data.len() + event_type.len() + event.id.as_ref().map_or(0, String::len)
    });
    let explicit = if expected.events().any(|event| event.event_type == "message") {
        7
    } else {
        0
    };
    let largest = sizes.max().unwrap_or_default() as u64;
    prop_assert!((largest..=largest + explicit).contains(&summary.largest_event));
    let text = String::from_utf8_lossy(stream);
    let crlf = text.matches("\r\n").count() as u64;
    prop_assert_eq!(summary.line_ends.crlf, crlf);
    prop_assert_eq!(
        summary.line_ends.lf,
        text.matches('\n').count() as u64 - crlf
    );
    prop_assert_eq!(
        summary.line_ends.cr,
        text.matches('\r').count() as u64 - crlf
    );
    let text = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let longest = text
        .split(|&byte| byte == b'\r' || byte == b'\n')
        .map(<[u8]>::len)
        .max();
    prop_assert_eq!(
        Some(summary.longest_line),
        longest.map(|length| length as u64)
    );
    Ok(())
}
