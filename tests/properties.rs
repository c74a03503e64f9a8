//! The laws of the codec, tested on values from proptest. `PROPTEST_CASES` sets how many cases each
//! property gets.

mod laws;

use bytes::Bytes;
use laws::decoder::Operation;
use laws::encoder::Call;
use laws::{decoder, encoder, gateway, limits};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::FileFailurePersistence;
use sse_wire::{EventId, Field, Frame};
use sse_wire_testing::strategies::{
    Chunking, chunking, event, hostile_text, long_stream, single_line_text, stream,
};
use std::time::Duration;

/// By the time of a case, so that no property takes more than some seconds.
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

proptest! {
    #![proptest_config(config(FAST))]

    #[test]
    fn the_decoder_says_what_the_reference_says(stream in any_stream(), chunking in chunking()) {
        decoder::the_decoder_says_what_the_reference_says(&stream, &chunking);
    }

    #[test]
    fn a_decoder_knows_what_the_end_would_cut_off(stream in any_stream()) {
        decoder::a_decoder_knows_what_the_end_would_cut_off(&stream);
    }

    #[test]
    fn a_header_is_an_id_that_an_event_may_have(value in vec(any::<u8>(), 0..4)) {
        encoder::a_header_is_an_id_that_an_event_may_have(&value);
    }

    #[test]
    fn a_value_that_would_inject_is_refused_at_its_first_offence(value in hostile_text()) {
        encoder::a_value_that_would_inject_is_refused_at_its_first_offence(&value);
    }

    #[test]
    fn an_event_is_the_same_in_every_form(event in event()) {
        encoder::an_event_is_the_same_in_every_form(&event);
    }
}

proptest! {
    #![proptest_config(config(SLOW))]

    #[test]
    fn chunk_boundaries_make_no_difference(stream in any_stream(), limit in limit(), chunking in chunking()) {
        decoder::chunk_boundaries_make_no_difference(&stream, limit, &chunking);
    }

    #[test]
    fn the_end_is_a_blank_line_that_commits_nothing(stream in any_stream(), limit in limit()) {
        decoder::the_end_is_a_blank_line_that_commits_nothing(&stream, limit);
    }

    #[test]
    fn any_operations_are_the_same_byte_by_byte(limit in limit(), operations in vec(operation(), 1..10)) {
        decoder::any_operations_are_the_same_byte_by_byte(limit, &operations);
    }

    #[test]
    fn an_owned_feed_is_a_feed(
        stream in any_stream(),
        limit in limit(),
        chunking in chunking(),
        asks: u8,
    ) {
        decoder::an_owned_feed_is_a_feed(&stream, limit, &chunking, asks);
    }

    #[test]
    fn a_chunk_that_changes_never_panics(stream in any_stream(), chunking in chunking(), asks: u8) {
        decoder::a_chunk_that_changes_never_panics(&stream, &chunking, asks);
    }

    #[test]
    fn a_limit_drops_what_is_too_large_and_nothing_else(
        stream in any_stream(),
        limit in limit(),
        chunking in chunking(),
    ) {
        limits::a_limit_drops_what_is_too_large_and_nothing_else(&stream, limit, &chunking);
    }

    #[test]
    fn encoded_events_are_the_stream_of_those_events(events in vec(event(), 0..6), chunking in chunking()) {
        encoder::encoded_events_are_the_stream_of_those_events(&events, &chunking);
    }

    #[test]
    fn data_in_pieces_is_data_at_once(data in hostile_text()) {
        encoder::data_in_pieces_is_data_at_once(&data);
    }

    #[test]
    fn calls_write_what_they_ask_for_and_nothing_else(calls in vec(call(), 0..24)) {
        encoder::calls_write_what_they_ask_for_and_nothing_else(&calls);
    }

    #[test]
    fn frames_written_back_are_the_same(
        stream in any_stream(),
        data in option::of(hostile_text()),
        chunking in chunking(),
        chunking_after in chunking(),
    ) {
        gateway::frames_written_back_are_the_same(&stream, data.as_deref(), &chunking, &chunking_after);
    }

    #[test]
    fn remaining_marks_the_end_of_each_line_and_block(stream in any_stream(), chunking in chunking()) {
        gateway::remaining_marks_the_end_of_each_line_and_block(&stream, &chunking);
    }
}

proptest! {
    #![proptest_config(config(SLOWEST))]

    #[test]
    fn long_streams_obey_the_same_laws(
        stream in long_stream(),
        limit in 0..20_000_usize,
        chunking in chunking(),
        asks: u8,
    ) {
        let whole = Chunking::new([]);
        decoder::the_decoder_says_what_the_reference_says(&stream, &chunking);
        decoder::the_decoder_says_what_the_reference_says(&stream, &whole);
        decoder::chunk_boundaries_make_no_difference(&stream, limit, &chunking);
        decoder::an_owned_feed_is_a_feed(&stream, limit, &chunking, asks);
        limits::a_limit_drops_what_is_too_large_and_nothing_else(&stream, limit, &chunking);
        gateway::frames_written_back_are_the_same(&stream, None, &chunking, &whole);
    }
}

/// Hostile streams, and arbitrary bytes.
fn any_stream() -> impl Strategy<Value = Bytes> {
    prop_oneof![3 => stream(), 1 => vec(any::<u8>(), 0..80).prop_map(Bytes::from)]
}

/// Mostly small enough to matter in most streams.
fn limit() -> impl Strategy<Value = usize> {
    prop_oneof![3 => 0..8_usize, 3 => 8..40_usize, 1 => 40..200_usize, 1 => Just(usize::MAX)]
}

fn event_id() -> impl Strategy<Value = EventId<'static>> {
    single_line_text().prop_map(|id| EventId::new(id.replace('\0', "")).expect("one line"))
}

fn time() -> impl Strategy<Value = Duration> {
    any::<u64>().prop_map(Duration::from_millis)
}

fn operation() -> impl Strategy<Value = Operation> {
    let chunk = || stream().prop_map(Vec::from);
    prop_oneof![
        4 => (chunk(), any::<u8>()).prop_map(|(chunk, asks)| Operation::Feed { chunk, asks }),
        2 => (chunk(), any::<u8>()).prop_map(|(chunk, asks)| Operation::FeedOften { chunk, asks }),
        2 => (chunk(), any::<u8>(), 0..8_u8)
            .prop_map(|(chunk, asks, most)| Operation::FeedLast { chunk, asks, most }),
        1 => Just(Operation::Clone),
        1 => chunk().prop_map(Operation::FeedClone),
        1 => Just(Operation::Finish),
        1 => Just(Operation::Reconnect),
        1 => Just(Operation::Reset),
        1 => event_id().prop_map(Operation::New),
        1 => event_id().prop_map(Operation::Resume),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    let text = || prop_oneof![hostile_text(), "[a\r\n]{0,4}"];
    prop_oneof![
        2 => event().prop_map(Call::Event),
        2 => event().prop_map(Call::Begin),
        5 => text().prop_map(Call::Data),
        1 => text().prop_map(Call::Format),
        1 => text().prop_map(|text| Call::Write(text.into_bytes())),
        1 => vec(any::<u8>(), 0..4).prop_map(Call::Write),
        2 => text().prop_map(Call::Comment),
        1 => Just(Call::KeepAlive),
        1 => time().prop_map(Call::Retry),
        1 => field().prop_map(Call::Field),
        3 => frame().prop_map(Call::Frame),
        2 => Just(Call::End),
    ]
}

fn field() -> impl Strategy<Value = Field<'static>> {
    // A byte order mark matters only at the start of a stream.
    let name = (select(&["", "\u{feff}"][..]), single_line_text());
    (name, single_line_text()).prop_filter_map("a field", |((start, name), value)| {
        Field::new([start, &name.replace(':', "")].concat(), value).ok()
    })
}

fn frame() -> impl Strategy<Value = Frame<'static>> {
    prop_oneof![
        event().prop_map(|event| if event.has_data() {
            Frame::Event(event)
        } else {
            Frame::Undispatched(event)
        }),
        hostile_text().prop_map(|text| Frame::Comment(text.into())),
        time().prop_map(Frame::Retry),
        field().prop_map(Frame::Field),
    ]
}
